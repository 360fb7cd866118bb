import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { withContents } from '../scripts/generate/contents.ts'
import { blocksOf, isWorkflow } from '../scripts/lint/blocks.ts'
import { headingsOf } from '../scripts/lint/headings.ts'
import { drawnFrom } from '../scripts/render/drawn-from.ts'
import { INPUT_DEFAULTS } from '../src/config/input-table.ts'
import { readInputs } from '../src/config/inputs.ts'
import { parsePolicyFile } from '../src/config/policy-file.ts'
import { InputError } from '../src/errors.ts'
import { ANCHORS } from '../src/util/links.ts'

/** What the documents and the workflows say must be true. */

const root = resolve(import.meta.dirname, '..')
const read = (name: string) => readFileSync(resolve(root, name), 'utf8')
const documents = globSync(['*.md', 'docs/*.md'], { cwd: root }).map(name => ({ name, text: read(name) }))
const readme = read('README.md')

interface Use {
  readonly place: string
  readonly uses: string
  readonly with: Readonly<Record<string, unknown>>
}

/** Every step anywhere in a value that was YAML. */
function usesIn(value: unknown, place: string): Use[] {
  if (Array.isArray(value)) return value.flatMap(item => usesIn(item, place))
  if (typeof value !== 'object' || value === null) return []
  const { uses, with: inputs = {} } = value as { uses?: unknown; with?: Use['with'] }
  const here = typeof uses === 'string' ? [{ place, uses, with: inputs }] : []
  return [...here, ...Object.values(value).flatMap(item => usesIn(item, place))]
}

const yamlBlocks = documents.flatMap(({ name, text }) =>
  blocksOf(text)
    .filter(({ language }) => /^ya?ml$/.test(language))
    .map(({ text: yaml, line }) => ({ place: `${name}:${line}`, yaml }))
)
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map(place => ({
  place,
  yaml: read(place)
}))
const uses = () => [...yamlBlocks, ...workflows].flatMap(({ place, yaml }) => usesIn(parse(yaml), place))
const ours = () => uses().filter(use => use.uses === './' || use.uses.startsWith('ghcr-steward/'))

test.each(yamlBlocks)('the YAML at $place can be parsed', ({ yaml }) => {
  expect(() => parse(yaml, { strict: true, uniqueKeys: true })).not.toThrow()
})

const policies = yamlBlocks.filter(({ yaml }) => parse(yaml)?.version === 1)

test.each(policies)('the policy at $place is one', ({ place, yaml }) => {
  expect(() => parsePolicyFile(yaml, place)).not.toThrow()
})

describe('every use of this action that is shown', () => {
  test('there are some', () => {
    expect(ours().length).toBeGreaterThan(6)
  })

  test('names the action and its major version', () => {
    const major = `ghcr-steward/ghcr-steward@v${JSON.parse(read('package.json')).version.split('.')[0]}`
    expect(ours().filter(use => use.uses !== './' && use.uses !== major)).toEqual([])
  })

  test('gives inputs that exist, with values that the action takes, together', () => {
    expect(ours().map(use => [use.place, problemsOf(use.with)])).toEqual(ours().map(use => [use.place, []]))
  })
})

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Pick<Workflow, 'permissions'> & { readonly steps: readonly Step[] }>>
}
interface Step {
  readonly uses?: string
  readonly run?: string
}
const shown = documents.flatMap(({ name, text }) =>
  blocksOf(text)
    .filter(isWorkflow)
    .map(block => ({ place: `${name}:${block.line}`, workflow: parse(block.text) as Workflow }))
)

describe.each(shown)('what SECURITY.md advises is done by the workflow at $place', ({ workflow }) => {
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap(job => job.steps)

  test('its token may read, and write packages and start workflows at most', () => {
    const granted = [workflow, ...jobs].flatMap(({ permissions = {} }) => Object.entries(permissions))
    const more = granted.filter(
      ([name, right]) => !/^(?:packages|actions)$/.test(name) && !(name === 'contents' && right === 'read')
    )
    expect(more).toEqual([])
    expect(granted).not.toEqual([])
  })

  test('nothing of a pull request is checked out beside a token that may write', () => {
    const checkouts = steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@'))
    expect('pull_request_target' in workflow.on ? checkouts : []).toEqual([])
  })

  test('no script has an expression in it', () => {
    expect(steps.filter(({ run = '' }) => run.includes('${{'))).toEqual([])
  })
})

/** What the action would say of these inputs; where an expression stands, anything may. */
function problemsOf(inputs: Use['with']): string[] {
  const given = Object.entries(inputs).map(([name, value]) => [name, String(value)] as const)
  const unknown = given.filter(([name]) => !INPUT_DEFAULTS.has(name)).map(([name]) => `no input ${name}`)
  const plain = given.filter(([, value]) => !value.includes('${{'))
  const stand = given.filter(([, value]) => value.includes('${{')).flatMap(standIn)
  const env = Object.fromEntries(
    [...plain, ...stand].map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
  )
  try {
    readInputs({
      GITHUB_REPOSITORY: 'acme/my-app',
      GITHUB_REPOSITORY_OWNER: 'acme',
      INPUT_TOKEN: 'ghs_x',
      ...env
    })
    return unknown
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return [...unknown, ...error.problems]
  }
}

/** A value that an expression could have, where the input cannot do without one. */
function standIn([name]: readonly [string, string]): [string, string][] {
  const values: Readonly<Record<string, string>> = {
    purge: 'v1.2.3',
    confirm: 'my-app',
    restore: 'report.json'
  }
  const value = values[name]
  return value === undefined ? [] : [[name, value]]
}

describe.each(documents)('$name', ({ name, text }) => {
  const links = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
    ([, to = '']) => to
  )

  test('links to headings and files that exist', () => {
    const dead = links.filter(link => {
      if (/^(?:https?|mailto):/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? name : resolve(dirname(resolve(root, name)), path)
      if (!existsSync(resolve(root, target))) return true
      return anchor !== undefined && !headingsOf(read(target)).some(heading => heading.anchor === anchor)
    })
    expect(dead).toEqual([])
  })

  test('links to the web by https only', () => {
    expect(links.filter(link => link.startsWith('http:'))).toEqual([])
  })

  test('names no command that npm does not know', () => {
    const scripts: object = JSON.parse(read('package.json')).scripts
    const named = [...text.matchAll(/\bnpm\s+(?:run\s+)?([a-z][\w:-]*)/g)].map(([, script = '']) => script)
    const known = ['ci', 'install', 'i', 'version', 'audit', 'outdated', ...Object.keys(scripts)]
    expect(named.filter(script => !known.includes(script))).toEqual([])
  })
})

test.each(Object.entries(ANCHORS))(
  'every heading of %s that a message points to is there',
  (name, anchors) => {
    const there = headingsOf(read(name)).map(({ anchor }) => anchor)
    expect(anchors.filter(anchor => !there.includes(anchor))).toEqual([])
  }
)

test('the table of contents is that of the headings', () => {
  expect(readme).toBe(withContents(readme))
})

test.each(['src="docs/summary.png"', 'srcset="docs/summary-dark.png"'])(
  'the picture %s is there, as large as the other one, and small enough to load at once',
  picture => {
    expect(readme).toContain(picture)
    const png = readFileSync(resolve(root, picture.split('"')[1] ?? ''))
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1_012, 1_150])
    expect(png.length).toBeLessThan(300_000)
  }
)

test('the pictures are of the summary as it is rendered now; otherwise run `npm run picture`, and look at them', () => {
  expect(read('docs/summary.sha256').trim()).toBe(drawnFrom())
})

test('the changelog tells of this version', () => {
  const { version } = JSON.parse(read('package.json'))
  expect(headingsOf(read('CHANGELOG.md')).filter(({ level }) => level === 2)[0]?.text).toMatch(
    new RegExp(`^${version.replaceAll('.', '\\.')}\\b`)
  )
})

test('.env.example has inputs that the action takes', () => {
  const lines = read('.env.example').match(/^[A-Z_-]+=.*$/gm) ?? []
  const env = Object.fromEntries(lines.map(line => line.split(/=(.*)/s).slice(0, 2)))
  expect(() => readInputs({ ...env, INPUT_TOKEN: 'ghp_x' })).not.toThrow()
})
