import { expect, test } from '@jest/globals'
import { parse, stringify } from 'yaml'
import { FOREIGN_TOOLS, foreignTool } from '../../src/config/foreign/foreign-words.ts'
import { ODD_STEPS, pushOdd, pushPlain, STEPS, theirInputs, translated } from '../helpers/their-steps.ts'
import { openScene, type Scene } from './retain/runs.ts'

/**
 * A step of another tool in our words, as `npm run translate` prints it, and as the answers to its inputs advise: a
 * whole run of it deletes what the other tool's rules would delete.
 */

type Inputs = Record<string, string>

/** Lists, which several answers may add to. */
const LISTS = ['delete-broken', 'keep-tags']

/** Writes what the answers advise, and nothing else, as somebody would who trusts them. */
function followed(step: Readonly<Inputs>, errors: readonly string[]): Inputs {
  const ours: Inputs = { ...step }
  const written = new Map<string, string>()
  const without: string[] = []
  const rules: Record<string, unknown>[] = []
  const answers = errors.map(error => /^Input `([^`]+)` belongs to another tool, \S+ (.*)$/s.exec(error))
  for (const answer of answers) delete ours[answer?.[1] ?? '']
  const unsaid = errors.flatMap(
    error => /For the same here, (?<advice>.*)/.exec(error)?.groups?.['advice'] ?? []
  )
  for (const advice of [...answers.map(answer => answer?.[2] ?? ''), ...unsaid]) {
    if (advice.startsWith('Leave it out:')) continue
    for (const [, rule = ''] of advice.matchAll(/`(\{ action: .*? \})`/g)) rules.push(parse(rule))
    const plain = advice.replaceAll(/`\{.*?\}`/g, '')
    for (const [, name = '', value = ''] of plain.matchAll(/`([a-z-]+): (.*?)`/g)) {
      const text = String(parse(value))
      if (/in the rule/.test(plain)) Object.assign(rules.at(-1) ?? {}, { [name]: Number(text) })
      else if (LISTS.includes(name) && name in ours) ours[name] += `\n${text}`
      else {
        // Two answers that contradict each other leave it to chance what is deleted.
        expect([name, written.get(name) ?? text]).toEqual([name, text])
        written.set(name, text)
        ours[name] = text
      }
    }
    for (const [, name = ''] of plain.matchAll(/without `([a-z-]+)`/g)) without.push(name)
    if (/`packages` and `confirm`/.test(plain)) ours['confirm'] = step['package-name'] ?? ''
  }
  for (const name of without) expect(written.get(name)).toBeUndefined()
  if (rules.length > 0) ours['policy'] = stringify({ version: 1, packages: [{ match: 'app', rules }] })
  return ours
}

const CASES = [[STEPS, pushPlain] as const, [ODD_STEPS, pushOdd] as const].flatMap(([steps, push]) =>
  steps.map(([what, uses, inputs, deletes]) => ({ what, uses, inputs, deletes, push }))
)

type Case = (typeof CASES)[number]

/** What is gone from the package after the run of a step of ours, which is made of theirs. */
async function goneAfter(
  { inputs, push, deletes }: Case,
  make: (theirs: Readonly<Inputs>, scene: Scene) => Promise<Readonly<Inputs>> | Readonly<Inputs>
) {
  await using scene = await openScene()
  const pushed = push(scene.app)
  const token = scene.world.classic('olivia')
  const ours = await make({ ...theirInputs(inputs, pushed), token }, scene)
  const { errors } = await scene.run({ ...('mode' in ours ? {} : { grace: '0h' }), ...ours, token })
  // A pattern that matches no package is an error.
  expect(errors).toEqual(deletes.length > 0 ? [] : expect.anything())
  const left = scene.app.digests()
  return { ours, gone: [...pushed].flatMap(([name, { digest }]) => (left.has(digest) ? [] : [name])) }
}

test.concurrent.each(CASES)('$uses $inputs, translated ($what)', async one => {
  const { ours, gone } = await goneAfter(one, theirs => {
    const ours = Object.entries(translated(one.uses, theirs).with)
    // The registry is another one here.
    return Object.fromEntries(ours.map(([name, value]) => [name, value.replace('ghcr.io/acme/', '')]))
  })
  expect({ ours, gone }).toEqual({ ours, gone: one.deletes })
})

const SPEAKING = CASES.filter(({ inputs }) => {
  const given = theirInputs(inputs)
  return foreignTool(Object.keys(given), given) !== undefined
})

test.concurrent.each(SPEAKING)('$uses $inputs, as the answers advise ($what)', async one => {
  const { ours, gone } = await goneAfter(one, async (theirs, scene) => {
    const { errors } = await scene.run(theirs)
    expect(scene.github.requests).toEqual([])
    return followed(theirs, errors)
  })
  expect({ ours, gone }).toEqual({ ours, gone: one.deletes })
})

test.each(FOREIGN_TOOLS)(
  '$name: the steps here have every input that may change what is deleted',
  ({ name, words }) => {
    const steps = CASES.filter(({ uses }) => (uses.endsWith('@v2') ? uses : uses.split('@')[0]) === name)
    const used = new Set(steps.flatMap(({ inputs }) => Object.keys(theirInputs(inputs))))
    // An address changes the server alone.
    expect(Object.keys(words).filter(word => !used.has(word) && word !== 'github-api-url')).toEqual([])
  }
)
