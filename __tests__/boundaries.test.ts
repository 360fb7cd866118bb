import { globSync, readFileSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import { expect, test } from '@jest/globals'

/** Imports point down only: who may know whom, and why. */

const src = resolve(import.meta.dirname, '../src')

interface Room {
  /** Rooms that its files may import from, besides their own: only such as stand above it. */
  readonly knows: readonly string[]
  /** Packages and built-in modules that its files may import. */
  readonly uses: RegExp
  readonly because: string
}

/** Rooms without knowledge of packages and images, for every room to use. */
const TOOLS = ['errors', 'util']
/** Rooms that say what the program works with. */
const DATA = ['model', ...TOOLS]
const CLIENTS = ['github', 'registry', 'cache']

/** A room is a folder of src or a file at its root; each knows only rooms above it in this list. */
const ROOMS: Readonly<Record<string, Room>> = {
  errors: { knows: [], uses: /^$/, because: 'every room throws and catches them' },
  util: {
    knows: ['errors'],
    uses: /^(?:zod|@actions\/http-client\/lib\/proxy|node:(?:async_hooks|fs|path|vm))$/,
    because: 'tools serve every room, so they know none'
  },
  model: {
    knows: [],
    uses: /^node:crypto$/,
    because: 'the model is data that everybody shares; it depends on nobody'
  },
  log: {
    knows: DATA,
    uses: /^(?:@actions\/core|node:[\w/]+)$/,
    because: 'the log says sentences that others made'
  },
  policy: {
    knows: DATA,
    uses: /^(?:minimatch|semver|node:path)$/,
    because: 'what is decided must not depend on the network, the clock, the runner or the wording of reports'
  },
  report: {
    knows: DATA,
    uses: /^(?:zod|node:(?:fs|path|crypto|buffer))$/,
    because: 'a report is made of plans and outcomes as data; it must not decide nor ask anybody'
  },
  github: {
    knows: DATA,
    uses: /^(?:@actions\/github(?:\/lib\/utils)?|@actions\/http-client\/lib\/proxy|@octokit\/[\w-]+|bottleneck(?:\/light\.js)?|zod|node:[\w/]+)$/,
    because: 'the API client reads and writes; what for is decided above it'
  },
  registry: {
    knows: DATA,
    uses: /^(?:@actions\/http-client|zod|node:[\w/]+)$/,
    because: 'the registry client reads and writes; what for is decided above it'
  },
  cache: {
    knows: ['registry', ...DATA],
    uses: /^(?:zod|node:[\w/]+)$/,
    because: 'what is remembered is manifests; what they mean is decided elsewhere'
  },
  usage: {
    knows: ['policy', 'github', ...DATA],
    uses: /^(?:yaml|node:[\w/]+)$/,
    because: 'what is in use elsewhere is asked before anything is decided'
  },
  config: {
    knows: ['policy', 'report', 'usage', ...DATA],
    uses: /^(?:yaml|zod|node:[\w/]+)$/,
    because: 'what the user said is read before anybody is asked'
  },
  context: {
    knows: ['log', 'report', 'config', ...CLIENTS, ...DATA],
    uses: /^(?:node:[\w/]+)$/,
    because: 'the clients of one run are opened in one place, and know no mode'
  },
  inventory: {
    knows: ['log', 'policy', 'report', 'config', 'context', ...CLIENTS, ...DATA],
    uses: /^(?:zod|node:[\w/]+)$/,
    because: 'everything is read before anything is decided'
  },
  apply: {
    knows: ['log', 'policy', 'report', 'github', 'registry', 'context', 'inventory', ...DATA],
    uses: /^(?:node:[\w/]+)$/,
    because: 'a plan is carried out as it was decided'
  },
  modes: {
    knows: [
      'log',
      'policy',
      'report',
      'usage',
      'config',
      'context',
      'inventory',
      'apply',
      ...CLIENTS,
      ...DATA
    ],
    uses: /^(?:semver|zod|node:[\w/]+)$/,
    because: 'a mode strings the steps together; it is main that chooses among the modes'
  },
  main: {
    knows: ['log', 'report', 'config', 'context', 'modes', ...DATA],
    uses: /^(?:@actions\/core|node:[\w/]+)$/,
    because: 'main tells the story of a run'
  },
  index: { knows: ['main', 'util'], uses: /^node:v8$/, because: 'index starts main, with a small heap' }
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

/** Files that lead back to themselves by their imports: each circle once, as the way around. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    const start = way.indexOf(file)
    if (start >= 0) found.push([...way.slice(start), file].join(' -> '))
    if (start >= 0 || done.has(file)) return
    for (const target of imports.get(file) ?? []) visit(target, [...way, file])
    done.add(file)
  }
  for (const file of imports.keys()) visit(file, [])
  return found
}

const files = globSync('**/*.ts', { cwd: src }).filter(file => !file.endsWith('.d.ts'))
const sources = new Map(files.map(file => [file, readFileSync(resolve(src, file), 'utf8')]))

test('imports point down only', () => {
  expect(files.length).toBeGreaterThan(50)
  expect([...sources].flatMap(([file, source]) => trespasses(file, source))).toEqual([])
})

test('a room knows only rooms above it, and every room of the list is there', () => {
  const names = Object.keys(ROOMS)
  const upwards = Object.entries(ROOMS).flatMap(([name, { knows }], floor) =>
    knows.filter(other => !names.slice(0, floor).includes(other)).map(other => `${name} knows ${other}`)
  )
  expect(upwards).toEqual([])
  expect([...new Set(files.map(roomOf))].sort()).toEqual(names.sort())
})

test('nothing but the two clients speaks to a network, starts a process or runs code of its own', () => {
  const waysOut =
    /globalThis\.fetch\b|await fetch\(|\bnew HttpClient\b|\bgetOctokit\(|'node:(?:https?|http2|net|tls|dns|dgram|child_process|worker_threads|cluster)'|\bWebSocket\b|\beval\(|new Function\(/
  const users = [...sources].filter(([, source]) => waysOut.test(source.replaceAll(/^import type .*$/gm, '')))
  expect(users.map(([file]) => file).toSorted()).toEqual([
    'github/bounded-fetch.ts',
    'github/client.ts',
    'registry/transport.ts'
  ])
})

test('no circle of files', () => {
  const imports = new Map(
    [...sources].map(([file, source]) => [
      file,
      importsOf(source)
        .filter(target => target.startsWith('.'))
        .map(target => posix.join(posix.dirname(file), target))
    ])
  )
  expect(circles(imports)).toEqual([])
  expect(
    circles(
      new Map([
        ['a', ['b']],
        ['b', ['c', 'd']],
        ['c', ['a']]
      ])
    )
  ).toEqual(['a -> b -> c -> a'])
})

test('at most five loose files at the root of src', () => {
  expect(files.filter(file => !file.includes('/')).length).toBeLessThanOrEqual(5)
})

test.each([
  ['policy/plan.ts', "import { count } from '../report/phrases.ts'", /policy may not know report/],
  ['report/summary.ts', "import type {\n  Plan\n} from '../policy/plan.ts'", /report may not know policy/],
  ['model/digest.ts', "import * as z from 'zod'", /not for model/],
  ['policy/time.ts', "import * as core from '@actions/core'", /not for policy/],
  ['apply/execute.ts', "export { main } from '../main.ts'", /apply may not know main/],
  ['registry/client.ts', "const x = await import('../github/client.ts')", /registry may not know github/],
  ['util/concurrency.ts', "import '../context.ts'", /util may not know context/]
])('a trespass in %s is told with the reason', (file, source, told) => {
  expect(trespasses(file, source)).toEqual([expect.stringMatching(told)])
})
