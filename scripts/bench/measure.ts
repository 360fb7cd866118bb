import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type CacheService, startCacheService } from '../../__tests__/emulator/cache-service.ts'
import type { Limits } from '../../__tests__/emulator/limits.ts'
import { type Emulator, startEmulator } from '../../__tests__/emulator/server.ts'
import { createWorld, type World } from '../../__tests__/emulator/world.ts'
import { runAction } from '../../__tests__/helpers/run-action.ts'

/** Runs of the bundle, and what they cost. */

/** One part of the benchmark: says what it found, in Markdown. */
export type Part = () => Promise<string[]>

export const dist = resolve(import.meta.dirname, '../../dist/index.js')

/** What one run took. */
export interface Cost {
  /** API requests, and of these the ones that list versions. */
  readonly requests: number
  readonly lists: number
  readonly points: number
  /** Manifests that the registry handed out: what GitHub counts as downloads. */
  readonly reads: number
  readonly deletions: number
  readonly seconds: number
  /** Of the process, in MiB. */
  readonly memory: number
  readonly limitsCrossed: number
}

export interface Occasion {
  readonly github: Emulator
  /** Gives one of another owner each time, whose limits start afresh, as they do from one day to the next. */
  readonly token: () => string
  /** Absent: the runner offers none. */
  readonly cache?: CacheService
}

/** The heap that a run may use, in MiB: with more it fails. */
export const HEAP = 256

const OWNERS = ['olivia', 'oscar', 'otto'] as const

/** Lays down a world of one organization and its owners. */
export async function occasionOf(
  latencyMs: number,
  fill: (world: World) => void,
  cache?: CacheService,
  limits: Partial<Limits> = {}
): Promise<Occasion> {
  const world = createWorld()
  world.org('acme', Object.fromEntries(OWNERS.map(name => [name, 'admin'] as const)))
  fill(world)
  const github = await startEmulator({ world, latencyMs, limits, contract: 'off' })
  let runs = 0
  const token = (): string => world.classic(OWNERS[runs++ % OWNERS.length] as string)
  return { github, token, ...(cache === undefined ? {} : { cache }) }
}

/** One run with a heap of `HEAP`. */
export function measure(occasion: Occasion, inputs: Readonly<Record<string, string>>): Promise<Cost> {
  return measureWithHeap(occasion, inputs, HEAP)
}

/**
 * One run.
 * @param heap in MiB; undefined for Node's own
 */
export async function measureWithHeap(
  { github, token, cache }: Occasion,
  inputs: Readonly<Record<string, string>>,
  heap: number | undefined
): Promise<Cost> {
  const before = { requests: github.requests.length, violations: github.violations.length }
  const { entry, usage, remove } = watched()
  const started = performance.now()
  const result = await runAction(
    github,
    { token: token(), 'reserve-requests': '0', ...inputs },
    {
      entry,
      env: { ...(heap === undefined ? {} : { NODE_OPTIONS: `--max-old-space-size=${heap}` }), ...cache?.env }
    }
  )
  const seconds = (performance.now() - started) / 1000
  if (result.code !== 0) throw new Error(`${result.stdout.slice(-3_000)}\n${result.stderr}`)
  const memory = usage()
  remove()
  await result[Symbol.asyncDispose]()
  const requests = github.requests.slice(before.requests)
  const limitsCrossed = github.violations.length - before.violations
  return { ...costOf(requests), limitsCrossed, seconds, memory }
}

type Requests = Pick<Cost, 'requests' | 'lists' | 'points' | 'reads' | 'deletions'>

function costOf(requests: Emulator['requests']): Requests {
  const api = requests.filter(({ host }) => host === 'api')
  return {
    requests: api.length,
    lists: api.filter(({ method, path }) => method === 'GET' && path.endsWith('/versions')).length,
    points: api.reduce((sum, { points }) => sum + points, 0),
    reads: requests.filter(isDownload).length,
    deletions: api.filter(({ method, status }) => method === 'DELETE' && status === 204).length
  }
}

function isDownload({ host, method, path, status }: Emulator['requests'][number]): boolean {
  return host === 'registry' && method === 'GET' && status === 200 && path.includes('/manifests/')
}

/** How many hours' quotas of a classic token, 5,000 requests each, that takes. */
export const hoursOfQuota = (requests: number): number => Math.ceil(requests / 5_000)

/** A script that starts the bundle, and writes down in the end how much memory it took at most. */
function watched() {
  const folder = mkdtempSync(join(tmpdir(), 'ghcr-steward-bench-'))
  const entry = join(folder, 'entry.mjs')
  const note = join(folder, 'usage')
  const write = `import { writeFileSync } from 'node:fs'
process.on('exit', () => writeFileSync(${JSON.stringify(note)}, String(process.resourceUsage().maxRSS)))
await import(${JSON.stringify(pathToFileURL(dist).href)})\n`
  writeFileSync(entry, write)
  return {
    entry,
    usage: () => Number(readFileSync(note, 'utf8')) / 1024,
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}

/** Does something with a cache service that is there for as long as it takes. */
export async function withCache<T>(work: (cache: CacheService) => Promise<T>): Promise<T> {
  await using cache = await startCacheService()
  return await work(cache)
}

export function table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map(cell => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)).join(' | ')} |`
  const sides = heads.map((_, index) => (index === 0 ? ':--' : '--:'))
  return [line(heads), line(sides), ...rows.map(line)]
}
