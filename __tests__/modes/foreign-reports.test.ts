import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { manifest } from '../emulator/shapes.ts'
import { runsOf } from '../helpers/runs-of.ts'
import { ago, openScene, type Run, type Scene } from './retain/runs.ts'

/** Reports that `plan` and `restore` name, changed as nobody should: they are refused before the first request. */

let scene: Scene
/** A dry run's and a real one's. */
let reports: Readonly<Record<Input, Run>>
beforeAll(async () => {
  scene = await openScene()
  const { app, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  for (const tag of ['sha-1', 'sha-2']) app.push(manifest(), { tags: [tag], at: ago(80) })
  const rules = { packages: 'app', 'delete-tags': 'sha-*' }
  const plan = await run({ ...rules, 'dry-run': 'true' })
  reports = { plan, restore: await run(rules) }
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

type Input = 'plan' | 'restore'
type Json = Record<string, unknown>
interface Report extends Json {
  run: Json
  packages: { name: string; owner: Json; versions: Json[]; steps: Json[] }[]
  journal: Json[]
}

/** Runs with a report's text, and gives the run and how many requests it sent. */
async function runWith(input: Input, text: string) {
  const path = join(reports[input].temp, 'edited.json')
  writeFileSync(path, text)
  const before = scene.github.requests.length
  const mode = input === 'restore' ? { mode: 'restore' } : {}
  const result = await scene.run({ packages: 'app', 'dry-run': 'true', [input]: path, ...mode })
  return { result, requests: scene.github.requests.length - before }
}

/** What stands in the file in place of the report. */
class Instead {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

function edited(input: Input, edit: (report: Report) => unknown): string {
  const report = structuredClone(reports[input].report) as Report
  const instead = edit(report)
  return JSON.stringify(instead instanceof Instead ? instead.value : report)
}

const first = ({ packages }: Report) => packages[0]!
const set =
  (key: string, value: unknown) =>
  (report: Report): void => {
    first(report).versions[0]![key] = value
  }
const step =
  (key: string, value: unknown) =>
  (report: Report): void => {
    first(report).steps[0]![key] = value
  }

const EDITS: [string, (report: Report) => unknown, RegExp][] = [
  [
    'a version twice',
    one => void first(one).versions.push(first(one).versions[0]!),
    /version \d+ of app comes twice/
  ],
  ['a package twice', one => void one.packages.push(first(one)), /package app comes twice/],
  [
    'a step twice',
    one => void first(one).steps.push(first(one).steps[0]!),
    /the step to delete \d+ of app comes twice/
  ],
  ['a step on what it does not list', step('id', 4_711), /which it does not list/],
  ['a step on another digest', step('digest', `sha256:${'0'.repeat(64)}`), /which it does not list/],
  [
    'a step that its verdict denies',
    step('action', 'restore'),
    /is to restore version \d+, whose verdict is delete/
  ],
  ['a step of no kind', step('action', 'burn'), /damaged/],
  ['a negative id', set('id', -1), /damaged/],
  ['an id beyond all numbers', set('id', 1e300), /damaged/],
  ['an id that is text', set('id', '1'), /damaged/],
  ['a digest that is none', set('digest', 'sha256:abc'), /damaged/],
  ['tags that are no list', set('tags', { length: 1 }), /damaged/],
  ['a date that is none', set('created', 'yesterday'), /damaged/],
  [
    'a package whose name leads elsewhere',
    one => Object.assign(first(one), { name: 'app/../../..' }),
    /not the name of a package/
  ],
  ['a package without a name', one => Object.assign(first(one), { name: '' }), /not the name of a package/],
  ['another owner', one => Object.assign(one.run, { owner: 'else' }), /about packages of else/],
  [
    'another API',
    one => Object.assign(one.run, { api: 'https://api.example' }),
    /about https:\/\/api\.example/
  ],
  [
    'another registry',
    one => Object.assign(one.run, { registry: 'https://r.example' }),
    /the registry https:\/\/r\.example/
  ],
  ['a time that is none', one => Object.assign(one.run, { started: 'x' }), /damaged/],
  ['another mode', one => Object.assign(one.run, { mode: 'check' }), /mode `check`/],
  ['no package', one => Object.assign(one, { packages: [] }), /no package|not for app/],
  ['a later schema', one => Object.assign(one, { schema: 9 }), /has schema 9/],
  ['a list', () => new Instead([]), /not a report/],
  ['a number', () => new Instead(1), /not a report/],
  ['nothing', () => new Instead(null), /not a report/]
]

describe.each<Input>(['plan', 'restore'])('%s', input => {
  it.each(EDITS)('E-37 %s is refused before the first request', async (_, edit, sentence) => {
    const { result, requests } = await runWith(input, edited(input, edit))
    expect(result.errors.join()).toMatch(sentence)
    expect(result.code).toBe(1)
    expect(requests).toBe(0)
  })

  it.each([
    ['25 MB of letters', () => 'x'.repeat(25_000_000)],
    ['25 MB of numbers', () => `[${'1,'.repeat(12_500_000)}1]`],
    ['a million brackets', () => '['.repeat(1_000_000)],
    ['half of a report', () => JSON.stringify(reports[input].report).slice(0, 200)],
    ['no text', () => '']
  ])('E-42 %s is refused before the first request', async (_, text) => {
    const { result, requests } = await runWith(input, text())
    expect(result.errors).toEqual([expect.stringContaining(`\`${input}\``)])
    expect(requests).toBe(0)
  })

  it('E-44 keys of the prototype change nothing', async () => {
    const text = JSON.stringify(reports[input].report).replaceAll(
      /\{(?=")/g,
      '{"__proto__":{"dryRun":false,"polluted":1},"constructor":{"prototype":{"polluted":1}},'
    )
    const { result } = await runWith(input, text)
    expect(result.errors).toEqual([])
    expect(({} as Json)['polluted']).toBeUndefined()
    expect(scene.github.writes.filter(({ method }) => method === 'POST')).toEqual([])
  })

  it('E-37 whatever is put in place of any value, there is a sentence and no crash, and what is refused asked nobody', async () => {
    const junk = fc.constantFrom<unknown>(
      null,
      -1,
      1e21,
      0.5,
      '',
      '\u0000',
      '../x',
      '::error::x',
      '__proto__',
      [],
      {},
      true,
      [null],
      'x'.repeat(10_000)
    )
    await fc.assert(
      fc.asyncProperty(fc.nat(), junk, async (at, value) => {
        const places = placesIn(reports[input].report)
        const path = places[at % places.length]!
        const { result, requests } = await runWith(
          input,
          edited(input, report => put(report, path, value))
        )
        if (/::error::Input /.test(result.stdout)) expect(requests).toBe(0)
        expect(result.stdout).not.toMatch(/^::error::x/m)
      }),
      runsOf(60)
    )
  })
})

type Path = readonly string[]

function placesIn(value: unknown, above: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [above]
  const below = Object.entries(value).flatMap(([key, one]) => placesIn(one, [...above, key]))
  return above.length === 0 ? below : [above, ...below]
}

function put(report: Json, path: Path, value: unknown): void {
  const holder = path.slice(0, -1).reduce<Json>((one, key) => one[key] as Json, report)
  holder[path.at(-1) ?? ''] = value
}
