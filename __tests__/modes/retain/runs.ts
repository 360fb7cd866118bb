import { expect } from '@jest/globals'
import type { Clock } from '../../../src/model/clock.ts'
import { type Digest, isUserTag, referrerTag } from '../../../src/model/digest.ts'
import { parseRecord } from '../../../src/report/read-record.ts'
import type { RunRecord } from '../../../src/report/record.ts'
import type { Builder, Pushed } from '../../emulator/builder.ts'
import type { StoredPackage } from '../../emulator/contents.ts'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/server.ts'
import { createWorld, type World } from '../../emulator/world.ts'
import { fastClock, runInside } from '../../helpers/inside.ts'
import { type ActionRun, type Circumstances, runAction, withDefaults } from '../../helpers/run-action.ts'
import { sentencesTwice } from '../../helpers/sentences.ts'

/**
 * Whole runs of the action against the emulated GitHub: inside this process and on a fast clock, or of the bundle
 * where the scene asks for it, because the test is about the process itself. A scene is laid down one fact a line, and every
 * run on it is held to the laws that no run may break, whatever its test is about.
 */

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A moment so many days back. */
export const ago = (days: number): number => Date.now() - days * DAY
export const hoursAgo = (hours: number): number => Date.now() - hours * HOUR

type Inputs = Readonly<Record<string, string>>

export interface Run extends ActionRun {
  /** The report, known to be one that a later run can read; undefined when the run wrote none. */
  readonly record: RunRecord | undefined
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
  /** The verdict on a version with its reason, as the report has it. */
  why(version: { readonly digest: Digest }, name?: string): string
}

export interface Scene extends AsyncDisposable {
  readonly github: Emulator
  readonly world: World
  /** The package acme/app, whose repository is acme/app. */
  readonly app: Builder
  /** That repository's GITHUB_TOKEN. */
  readonly token: string
  /** The clock of the run and of GitHub. */
  readonly clock: Clock
  /** Runs the action with action.yml's defaults for all that is not given, and holds it to the laws. */
  run(inputs: Inputs, circumstances?: Circumstances): Promise<Run>
}

export interface SceneOptions extends EmulatorOptions {
  /** `bundle` for what only `dist` in a process of its own shows, such as its being killed; `inside` otherwise. */
  readonly where?: 'inside' | 'bundle'
  /** As in `fastClock`. */
  readonly busy?: number
}

/** How much faster than life pauses pass inside. */
const TIMES = 100

/** GitHub with the organization acme: olivia is its admin, max a member. */
export async function openScene({ where = 'inside', busy, ...options }: SceneOptions = {}): Promise<Scene> {
  const clock = fastClock(where === 'inside' ? TIMES : 1, busy)
  const world = options.world ?? createWorld(clock.now)
  if (world.owner('acme') === undefined) world.org('acme', { olivia: 'admin', max: 'member' })
  for (const login of ['olivia', 'max']) if (world.owner(login) === undefined) world.user(login)
  const app = world.package('acme/app', { repository: 'acme/app' })
  const token = world.githubToken('acme/app')
  const github = await startEmulator({ now: clock.now, ...options, world })
  const stack = new AsyncDisposableStack()
  stack.use(github)
  return {
    github,
    world,
    app,
    token,
    clock,
    run: async (inputs, circumstances = {}) => {
      const before = takeStock(world)
      const used = inputs['token'] ?? token
      const given = await withDefaults({ 'registry-url': github.registryUrl, ...inputs }, used)
      const run =
        where === 'bundle'
          ? await runAction(github, given, circumstances)
          : await runInside(github, given, clock, circumstances)
      stack.use(run)
      expectLimitsKept(github)
      expectNothingHarmed(world, before)
      expectSecretsKept(run, used)
      expect(sentencesTwice(run)).toEqual([])
      return look(run)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync()
  }
}

function look(run: ActionRun): Run {
  expect(run.stdout).not.toContain('has a bug')
  expect(run.stderr).toBe('')
  const errors = annotations(run, 'error')
  if (run.code !== null)
    expect({ code: run.code, errors }).toEqual({ code: errors.length > 0 ? 1 : 0, errors })
  const record =
    run.report === undefined ? undefined : parseRecord(JSON.stringify(run.report), 'the report of a test')
  return {
    ...run,
    record,
    errors,
    warnings: annotations(run, 'warning'),
    why: ({ digest }, name = 'app') => {
      const pkg = record?.packages.find(one => one.name === name)
      return pkg?.versions.find(version => version.digest === digest)?.phrase ?? `no verdict in ${run.stdout}`
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose]()
  }
}

function annotations({ stdout }: ActionRun, kind: string): string[] {
  return stdout
    .split('\n')
    .filter(line => new RegExp(`^::${kind}(?: [^:]*)?::`).test(line))
    .map(line =>
      line
        .replace(/^::[^:]*::/, '')
        .replaceAll('%0A', '\n')
        .replaceAll('%25', '%')
    )
}

/** Laws 8 and the emulator's own honesty. */
function expectLimitsKept({ violations, contractViolations }: Emulator): void {
  expect(violations).toEqual([])
  expect(contractViolations).toEqual([])
}

interface Stock {
  readonly broken: readonly string[]
  /** What described what. */
  readonly referrers: readonly { readonly pkg: StoredPackage; readonly of: Digest; readonly by: Digest }[]
}

function takeStock(world: World): Stock {
  const referrers = packagesOf(world).flatMap(pkg => {
    const byKey = new Map(pkg.order.map(({ digest }) => [referrerTag(digest), digest]))
    return pkg.order.flatMap(({ bytes, tags, digest: by }) => {
      const { subject } = JSON.parse(bytes.toString()) as { subject?: { digest: Digest } }
      const keys = tags.filter(tag => !isUserTag(tag)).map(tag => tag.replace(/\.\w+$/, ''))
      const described = new Set([subject?.digest, ...keys.map(key => byKey.get(key))])
      return [...described].flatMap(of => (of !== undefined && pkg.byDigest.has(of) ? [{ pkg, of, by }] : []))
    })
  })
  return { broken: world.broken(), referrers }
}

/** Law 2: every tag that is left can be pulled, and what described what is left is still there. */
function expectNothingHarmed(world: World, { broken, referrers }: Stock): void {
  expect(world.broken().filter(sentence => !broken.includes(sentence))).toEqual([])
  const lost = referrers.filter(({ pkg, of, by }) => pkg.byDigest.has(of) && !pkg.byDigest.has(by))
  expect(lost.map(({ of, by }) => `${of} has lost ${by}, which describes it`)).toEqual([])
}

function packagesOf(world: World): StoredPackage[] {
  return ['acme', 'olivia', 'max'].flatMap(login => {
    const owner = world.owner(login)
    return owner === undefined ? [] : world.packages(owner, 'active')
  })
}

/** Law 10: neither the token nor anything that was made of it, which is all that was masked, is anywhere. */
function expectSecretsKept(run: ActionRun, token: string): void {
  const { stdout, stderr, outputs, summary, report } = run
  const lines = stdout.split('\n')
  const masks = lines.flatMap(line => /^::add-mask::(.+)$/.exec(line)?.[1] ?? [])
  const told = lines.filter(line => !line.startsWith('::add-mask::'))
  const text = [...told, stderr, JSON.stringify(outputs), summary, JSON.stringify(report ?? '')].join('\n')
  const secrets = [token, ...masks].filter(secret => secret !== '')
  expect(secrets.filter(secret => text.includes(secret))).toEqual([])
}

/** All that was decided, package by package, without what differs between two moments. */
export function planOf({ record }: Run): unknown {
  return record?.packages.map(({ name, versions, steps, left, brakes, hits, broken, unread }) => {
    const verdicts = versions.map(({ id, tags, phrase, untag }) => ({ id, tags, phrase, untag }))
    return { name, verdicts, steps, left, brakes, hits, broken, unread }
  })
}

/** The digests of what was pushed, everything below it included. */
export function digestsOf(...pushed: readonly Pushed[]): Set<Digest> {
  return new Set(pushed.flatMap(one => [one.digest, ...digestsOf(...one.children)]))
}
