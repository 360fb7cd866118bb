import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { expect, test } from '@jest/globals'

/** Imports point down only: who may know whom, and why. */

const src = resolve(import.meta.dirname, '../src')

/** Files that know nothing of packages and images, for every room to use. */
const TOOLS = ['errors.ts', 'list.ts', 'nearest.ts', 'pool.ts', 'readme.ts', 'version.ts']

interface Room {
  /** Rooms that its files may import from, besides their own. */
  readonly knows: readonly string[]
  /** Packages and built-in modules that its files may import. */
  readonly uses: RegExp
  readonly because: string
}

const ROOMS: Readonly<Record<string, Room>> = {
  tools: { knows: [], uses: /^$/, because: 'tools serve every room, so they know none' },
  model: { knows: [], uses: /^$/, because: 'the model is data that everybody shares; it depends on nobody' },
  policy: {
    knows: ['model', 'tools'],
    uses: /^(?:minimatch|re2js|semver|yaml|zod|node:(?:path|crypto|vm))$/,
    because: 'what is decided must not depend on the network, the clock, the runner or the wording of reports'
  },
  report: {
    knows: ['model', 'tools'],
    uses: /^(?:zod|node:(?:fs|path|crypto|buffer))$/,
    because: 'a report is made of plans and outcomes as data; it must not decide nor ask anybody'
  },
  github: {
    knows: ['model', 'tools'],
    uses: /^(?:@actions\/github|@octokit\/[\w-]+|bottleneck(?:\/light\.js)?|zod|node:[\w/]+)$/,
    because: 'the API client reads and writes; what for is decided above it'
  },
  registry: {
    knows: ['model', 'tools'],
    uses: /^(?:@actions\/http-client|zod|node:[\w/]+)$/,
    because: 'the registry client reads and writes; what for is decided above it'
  },
  works: {
    knows: ['model', 'tools', 'policy', 'report', 'github', 'registry'],
    uses: /^(?:zod|node:[\w/]+)$/,
    because: 'the works are called by the modes and main, and know neither'
  },
  modes: {
    knows: ['model', 'tools', 'policy', 'report', 'github', 'registry', 'works'],
    uses: /^(?:node:[\w/]+)$/,
    because: 'a mode is one road; it is main that chooses among them'
  },
  main: {
    knows: ['model', 'tools', 'policy', 'report', 'github', 'registry', 'works', 'modes'],
    uses: /^(?:node:[\w/]+)$/,
    because: 'main knows everybody'
  }
}

/** The only files that know a package which no room may use, and why it is they. */
const LONERS: Readonly<Record<string, readonly string[]>> = {
  // The runner's commands, files and inputs.
  '@actions/core': ['main.ts', 'log.ts'],
  // A process of its own does the transfer.
  '@actions/cache': ['memory/cache-worker.ts']
}

function roomOf(file: string): string {
  const [first = ''] = file.split('/')
  if (first in ROOMS && file.includes('/')) return first
  // Everything else works: the files beside the rooms, and those that check, undo, remember and read inputs.
  if (TOOLS.includes(file)) return 'tools'
  return file === 'main.ts' || file === 'index.ts' ? 'main' : 'works'
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
    if (LONERS[target]?.includes(file) || rules.uses.test(target)) return []
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
  ['execute.ts', "export { main } from './main.ts'", /works may not know main/],
  ['registry/client.ts', "const x = await import('../github/client.ts')", /registry may not know github/],
  ['pool.ts', "import './services.ts'", /tools may not know works/]
])('a trespass in %s is told with the reason', (file, source, told) => {
  expect(trespasses(file, source)).toEqual([expect.stringMatching(told)])
})
