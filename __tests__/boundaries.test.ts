import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { expect, test } from '@jest/globals'

/** Imports point down only: who may know whom, and why. */

const src = resolve(import.meta.dirname, '../src')

/** Files at the root that know nothing of packages and images, for every room to use. */
const TOOLS = ['errors', 'util']

interface Room {
  /** Rooms that its files may import from, besides their own. */
  readonly knows: readonly string[]
  /** Packages and built-in modules that its files may import. */
  readonly uses: RegExp
  readonly because: string
}

/** A room is a folder of src or a file at its root; each knows only rooms above it in this list. */
const ROOMS: Readonly<Record<string, Room>> = {
  errors: { knows: [], uses: /^$/, because: 'every room throws and catches them' },
  util: { knows: [], uses: /^$/, because: 'tools serve every room, so they know none' },
  model: { knows: [], uses: /^$/, because: 'the model is data that everybody shares; it depends on nobody' },
  log: {
    knows: ['model'],
    uses: /^(?:@actions\/core|node:[\w/]+)$/,
    because: 'the log says sentences that others made'
  },
  policy: {
    knows: ['model', ...TOOLS],
    uses: /^(?:minimatch|semver|node:(?:path|crypto|vm))$/,
    because: 'what is decided must not depend on the network, the clock, the runner or the wording of reports'
  },
  report: {
    knows: ['model', ...TOOLS],
    uses: /^(?:zod|node:(?:fs|path|crypto|buffer))$/,
    because: 'a report is made of plans and outcomes as data; it must not decide nor ask anybody'
  },
  github: {
    knows: ['model', ...TOOLS],
    uses: /^(?:@actions\/github|@octokit\/[\w-]+|bottleneck(?:\/light\.js)?|zod|node:[\w/]+)$/,
    because: 'the API client reads and writes; what for is decided above it'
  },
  registry: {
    knows: ['model', ...TOOLS],
    uses: /^(?:@actions\/http-client|zod|node:[\w/]+)$/,
    because: 'the registry client reads and writes; what for is decided above it'
  },
  cache: {
    knows: ['model', 'registry', ...TOOLS],
    uses: /^(?:@actions\/cache|zod|node:[\w/]+)$/,
    because: 'what is remembered is manifests; what they mean is decided elsewhere'
  },
  config: {
    knows: ['model', 'policy', 'report', 'usage', ...TOOLS],
    uses: /^(?:yaml|zod|node:[\w/]+)$/,
    because: 'what the user said is read before anybody is asked'
  },
  usage: {
    knows: ['model', 'policy', 'github', 'config', ...TOOLS],
    uses: /^(?:node:[\w/]+)$/,
    because: 'what is in use elsewhere is asked before anything is decided'
  },
  context: {
    knows: ['model', 'log', 'report', 'github', 'registry', 'cache', 'config', ...TOOLS],
    uses: /^(?:node:[\w/]+)$/,
    because: 'the clients of one run are opened in one place, and know no mode'
  },
  inventory: {
    knows: [
      'model',
      'log',
      'policy',
      'report',
      'github',
      'registry',
      'cache',
      'config',
      'context',
      'apply',
      ...TOOLS
    ],
    uses: /^(?:zod|node:[\w/]+)$/,
    because: 'everything is read before anything is decided'
  },
  apply: {
    knows: [
      'model',
      'log',
      'policy',
      'report',
      'github',
      'registry',
      'inventory',
      'context',
      'modes',
      ...TOOLS
    ],
    uses: /^(?:node:[\w/]+)$/,
    because: 'a plan is carried out as it was decided'
  },
  modes: {
    knows: [
      'model',
      'log',
      'policy',
      'report',
      'github',
      'registry',
      'cache',
      'config',
      'usage',
      'context',
      'inventory',
      'apply',
      ...TOOLS
    ],
    uses: /^(?:semver|zod|node:[\w/]+)$/,
    because: 'a mode strings the steps together; it is main that chooses among the modes'
  },
  main: {
    knows: ['model', 'log', 'report', 'config', 'context', 'modes', ...TOOLS],
    uses: /^(?:@actions\/core|node:[\w/]+)$/,
    because: 'main tells the story of a run'
  },
  index: { knows: ['main'], uses: /^$/, because: 'index starts main' }
}

function roomOf(file: string): string {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? ''
}

/** What a file imports or re-exports, types included. */
function importsOf(source: string): string[] {
  return [
    ...source.matchAll(
      /^(?:import|export)\b[^'"`;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm
    )
  ].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '')
}

/** Sentences about imports of a file that its room forbids. */
function trespasses(file: string, source: string): string[] {
  const room = roomOf(file)
  const rules = ROOMS[room]
  if (rules === undefined) throw new Error(`${file} is in no room`)
  return importsOf(source).flatMap(target => {
    if (target.startsWith('.')) {
      const there = posix.join(posix.dirname(file), target)
      const other = roomOf(there)
      return other === room || rules.knows.includes(other)
        ? []
        : [`${file} imports ${there}, and ${room} may not know ${other}: ${rules.because}`]
    }
    if (rules.uses.test(target)) return []
    return [`${file} imports ${target}, which is not for ${room}: ${rules.because}`]
  })
}

test('imports point down only', () => {
  const files = globSync('**/*.ts', { cwd: src }).filter(file => !file.endsWith('.d.ts'))
  expect(files.length).toBeGreaterThan(50)
  expect(files.flatMap(file => trespasses(file, readFileSync(resolve(src, file), 'utf8')))).toEqual([])
})

test.each([
  ['policy/plan.ts', "import { count } from '../report/phrases.ts'", /policy may not know report/],
  ['report/summary.ts', "import type {\n  Plan\n} from '../policy/plan.ts'", /report may not know policy/],
  ['model/digest.ts', "import * as z from 'zod'", /not for model/],
  ['policy/age.ts', "import * as core from '@actions/core'", /not for policy/],
  ['apply/execute.ts', "export { main } from '../main.ts'", /apply may not know main/],
  ['registry/client.ts', "const x = await import('../github/client.ts')", /registry may not know github/],
  ['util/concurrency.ts', "import '../context.ts'", /util may not know context/]
])('a trespass in %s is told with the reason', (file, source, told) => {
  expect(trespasses(file, source)).toEqual([expect.stringMatching(told)])
})
