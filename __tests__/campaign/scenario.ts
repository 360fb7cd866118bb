import fc from 'fast-check'
import type { Builder, Pushed } from '../emulator/builder.ts'
import type { Target, Trouble } from '../emulator/faults.ts'
import type { Lie } from '../emulator/lies.ts'
import { secondaryRefusal } from '../emulator/limits.ts'
import { registryError } from '../emulator/registry-auth.ts'
import { artifact, dockerList, image, index, manifest, type Shape } from '../emulator/shapes.ts'
import type { World } from '../emulator/world.ts'

/** Random packages, policies and disturbances, each drawn from one number. */

/** One push, as it can be repeated in another world. */
export interface Push {
  readonly what: 'single' | 'index' | 'attested' | 'nested' | 'docker' | 'sharing' | 'artifact' | 'wide'
  readonly tags: readonly string[]
  /** How many days ago. */
  readonly days: number
  readonly described: 'not' | 'attested' | 'signed' | 'by subject'
  /** Which of the pushes before it a `sharing` one shares a platform with. */
  readonly with: number
  /** Whether its first platform is gone; of a `wide` one all are. */
  readonly broken: boolean
}

export type Inputs = Readonly<Record<string, string>>

/**
 * Something that goes wrong. `hide` keeps a tagged version out of GitHub's list and count for the whole run, `lie` bends
 * the list for as long; `kill` ends the process at this request, before or after it is carried out.
 */
export interface Disturbance {
  readonly target: Target
  readonly trouble:
    | Exclude<Trouble, { kind: 'first' | 'then' }>
    | { readonly kind: 'kill'; readonly when: 'first' | 'then' }
    | { readonly kind: 'hide'; readonly nth: number }
    | { readonly kind: 'lie'; readonly lie: (ids: readonly number[]) => Lie }
}

export interface Scenario {
  readonly pushes: readonly Push[]
  readonly inputs: Inputs
  readonly disturbances: readonly Disturbance[]
}

const TAGS = [
  'latest',
  'v1.0.0',
  'v1.1.0',
  'sha-1',
  'sha-2',
  'sha-3',
  'sha-4',
  'pr-1',
  'pr-2',
  'x-1'
] as const
/** Well away from every age that a policy asks for. */
const DAYS = [0.2, 5, 20, 25, 40, 60, 80, 100] as const

export const push: fc.Arbitrary<Push> = fc.record({
  what: fc.constantFrom('single', 'index', 'attested', 'nested', 'docker', 'sharing', 'artifact'),
  tags: fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 2 }),
  days: fc.constantFrom(...DAYS),
  described: fc.constantFrom('not', 'not', 'attested', 'signed', 'by subject'),
  with: fc.nat(10),
  broken: fc.nat(14).map(draw => draw === 0)
})

/** With the leftovers of an interrupted run among what may go: else they would stay, as any policy may want. */
const inputs: fc.Arbitrary<Inputs> = fc
  .record({
    'delete-tags': fc.constantFrom('sha-*', 'sha-* pr-*', 'semver:<1.1.0, sha-*', '*', '/^(sha|x)-/'),
    // Each matches something, whatever is seen: an idle one holds the whole run, or does not, as other tags go.
    'keep-tags': fc.constantFrom('', '{latest,stays}', '{v*,stays}', '{latest,sha-1,stays}'),
    'keep-at-least': fc.constantFrom('0', '0', '1', '2'),
    'older-than': fc.constantFrom('', '10d', '30d'),
    'deletions-per-run': fc.constantFrom('', '', '7')
  })
  .map(given => ({ ...given, 'delete-untagged': 'true', 'delete-broken': 'ghost, orphaned' }))

const answer = (status: number): Trouble => ({ kind: 'answer', answer: { status, body: 'out of order' } })
const passing: fc.Arbitrary<Trouble> = fc.constantFrom<Trouble>(
  answer(500),
  answer(502),
  answer(503),
  { kind: 'reset' },
  { kind: 'lost-502' },
  { kind: 'lost-reset' },
  { kind: 'cut' },
  { kind: 'empty' },
  { kind: 'garbage' }
)

/** Each limit in a row doubles the pause, as GitHub asks for: more of them only take minutes. */
const limit: fc.Arbitrary<Disturbance> = fc.record({
  target: fc.record({
    host: fc.constant('api' as const),
    after: fc.nat(14),
    times: fc.constantFrom(1, 2, 3)
  }),
  trouble: fc.constantFrom<Disturbance['trouble']>(
    { kind: 'answer', answer: secondaryRefusal(403, 1) },
    { kind: 'answer', answer: secondaryRefusal(429, 1) }
  )
})

const target: fc.Arbitrary<Target> = fc.record(
  {
    host: fc.constantFrom('api' as const, 'api' as const, 'registry' as const),
    method: fc.constantFrom('GET', 'DELETE', 'DELETE'),
    after: fc.nat(14),
    times: fc.constantFrom(1, 1, 2, 3, 8)
  },
  { requiredKeys: ['after', 'times'] }
)

/** Versions that cannot be deleted in this run, however often it is tried. */
const stubborn: fc.Arbitrary<Target> = fc.nat(9).map(digit => ({
  host: 'api',
  method: 'DELETE',
  path: new RegExp(`/versions/\\d+${digit}$`)
}))

const fault = fc.record({
  target: fc.oneof({ weight: 4, arbitrary: target }, { weight: 1, arbitrary: stubborn }),
  trouble: passing
}) as fc.Arbitrary<Disturbance>

const faults: fc.Arbitrary<readonly Disturbance[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: fault }, { weight: 1, arbitrary: limit }),
  { minLength: 1, maxLength: 3 }
)

const stall: fc.Arbitrary<readonly Disturbance[]> = target.map(where => [
  { target: { ...where, times: 1 }, trouble: { kind: 'stall' } }
])

/** Most kills fall among the deletions, some before and some after. */
const kill: fc.Arbitrary<readonly Disturbance[]> = fc
  .record({
    when: fc.constantFrom('first' as const, 'then' as const),
    where: fc.oneof(
      fc.record({ host: fc.constant('api' as const), method: fc.constant('DELETE'), after: fc.nat(10) }),
      fc.record({ host: fc.constant('api' as const), after: fc.nat(30) })
    )
  })
  .map(({ when, where }) => [{ target: { ...where, times: 1 }, trouble: { kind: 'kill', when } }])

const DENIAL = registryError(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
const says = (status: number, body: unknown): Trouble => ({ kind: 'answer', answer: { status, body } })
const often = fc.record({ after: fc.nat(12), times: fc.constantFrom(1, 1, 2, 3) })

/** What a proxy shows in place of a manifest. */
const PAGE = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>try later</html>' }

/** A manifest that the registry says is elsewhere, and is not there. */
const AWAY = { status: 307, headers: { location: '/nowhere' } }

/** A list that lags, lingers, stands in no order or is odd about a row; a count that is off; a registry that lags. */
const lie: fc.Arbitrary<(ids: readonly number[]) => Lie> = fc
  .record({
    kind: fc.constantFrom(
      ...([
        'lag',
        'lag',
        'linger',
        'served',
        'unlisted',
        'shuffle',
        'undated',
        'repeat',
        'drop',
        'count'
      ] as const)
    ),
    nth: fc.nat(20)
  })
  .map(({ kind, nth }) => ids => {
    const id = ids[nth % ids.length] ?? 0
    switch (kind) {
      case 'lag':
        return { kind, changes: 1 + (nth % 4) }
      case 'undated':
      case 'drop':
        return { kind, id }
      case 'repeat':
        return { kind, id, gap: 1 + (nth % 3) }
      case 'count':
        return { kind, value: ids.length - 2 + (nth % 5) }
      case 'linger':
      case 'served':
      case 'unlisted':
      case 'shuffle':
        return { kind }
    }
  })

/** Each witness by itself denies, lags or hides something: the list, the deleted list, a single version, the registry. */
const witness: fc.Arbitrary<Disturbance> = fc.oneof(
  often.map(when => ({
    target: { host: 'registry' as const, path: /\/manifests\//, ...when },
    trouble: { kind: 'answer' as const, answer: DENIAL }
  })),
  fc.constantFrom(...'0123456789abcdef').map(digit => ({
    target: { host: 'registry' as const, path: new RegExp(`/manifests/sha256:[0-9a-f]{63}${digit}$`) },
    trouble: { kind: 'answer' as const, answer: DENIAL }
  })),
  fc.nat(20).map(nth => ({ target: {}, trouble: { kind: 'hide' as const, nth } })),
  lie.map(one => ({ target: {}, trouble: { kind: 'lie' as const, lie: one } })),
  often.map(when => ({
    target: { host: 'registry' as const, method: 'GET', path: /\/manifests\//, ...when },
    trouble: { kind: 'answer' as const, answer: PAGE }
  })),
  often.map(when => ({
    target: { host: 'registry' as const, path: /\/manifests\//, ...when },
    trouble: { kind: 'answer' as const, answer: AWAY }
  })),
  often.map(when => ({
    target: { host: 'api' as const, method: 'DELETE', ...when },
    trouble: { kind: 'answer' as const, answer: { status: 204 } }
  })),
  often.map(when => ({
    target: { host: 'registry' as const, path: /tags\/list/, ...when, after: 0 },
    trouble: says(200, { name: 'acme/app', tags: [] })
  })),
  often.map(when => ({
    target: { host: 'api' as const, method: 'GET', query: /state=deleted/, ...when, after: 0 },
    trouble: says(200, [])
  })),
  often.map(when => ({
    target: { host: 'api' as const, method: 'GET', path: /\/versions\/\d+$/, ...when, after: when.after % 3 },
    trouble: says(404, { message: 'Package not found.' })
  }))
) as fc.Arbitrary<Disturbance>

/**
 * Each lies for itself: that GitHub confirms a deletion in vain and then denies the version again and again, nobody
 * could tell. That it denies it once, the registry tells.
 */
const witnesses: fc.Arbitrary<readonly Disturbance[]> = fc
  .array(witness, { minLength: 1, maxLength: 3 })
  .filter(some => {
    const isInVain = some.some(({ target }) => target.method === 'DELETE')
    const denials = some.filter(({ target }) => target.path?.source.includes('versions') === true)
    return !isInVain || denials.reduce((sum, { target: { times = 1 } }) => sum + times, 0) < 2
  })

const DISTURBANCES = { faults, stall, kill, witnesses }
export type Kind = keyof typeof DISTURBANCES
export const KINDS = Object.keys(DISTURBANCES) as readonly Kind[]

/** The scenario that belongs to this number. */
export function scenarioOf(seed: number, kind: Kind): Scenario {
  const drawn = fc.sample(
    fc.record({
      pushes: fc.array(push, { minLength: 2, maxLength: 12 }),
      inputs,
      disturbances: DISTURBANCES[kind]
    }),
    { seed, numRuns: 1 }
  )
  const scenario = drawn[0] as Scenario
  if (kind !== 'witnesses') return scenario
  // Which version is held as the last with a tag depends on which are seen: here another tag always stays.
  const keeps = `${scenario.inputs['keep-tags']} stays`
  return { ...scenario, inputs: { ...scenario.inputs, 'keep-tags': keeps } }
}

/** Fills a package as the scenario says; the same pushes give the same ids in every world. */
export function layDown(world: World, pushes: readonly Push[]): Builder {
  const app = world.package('acme/app', { repository: 'acme/app' })
  const now = world.now
  // Something tagged always stays, so that GitHub's rule on the last tagged version is a case of its own.
  app.push(manifest(), { tags: ['stays'], at: now - 200 * DAY })
  const done: Pushed[] = []
  const dates: number[] = []
  for (const [place, each] of pushes.entries()) {
    // Never two at the same moment: ties go by digest, and digests differ from world to world.
    const drawn = now - each.days * DAY + place * MINUTE
    // A registry takes an index only behind what it names (seed 9500975).
    const shared = each.what === 'sharing' ? (dates[sharedBy(each, done)] ?? 0) : 0
    const at = Math.max(drawn, shared + place * SECOND)
    dates.push(at)
    const pushed = app.push(shapeOf(each, done), { tags: each.tags, at })
    if (each.described === 'attested') app.attest(pushed, { at: at + HOUR })
    if (each.described === 'signed') app.sign(pushed.children[0] ?? pushed, 'sig', { at: at + HOUR })
    if (each.described === 'by subject')
      app.push(artifact('application/spdx+json', pushed), { at: at + HOUR })
    done.push(pushed)
  }
  for (const [place, { what, broken }] of pushes.entries()) {
    const children = done[place]?.children ?? []
    for (const child of what === 'wide' ? children : children.slice(0, 1))
      if (broken && app.version(child.digest) !== undefined) app.delete(child)
  }
  return app
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The place of the push whose first part a `sharing` one has as well. */
const sharedBy = ({ with: other }: Push, done: readonly Pushed[]): number => other % Math.max(1, done.length)

function shapeOf(push: Push, done: readonly Pushed[]): Shape {
  const platform = 'linux/amd64'
  switch (push.what) {
    case 'single':
      return manifest()
    case 'index':
      return image()
    case 'attested':
      return image([platform], { attest: 'new' })
    case 'nested':
      return index([{ shape: image() }, { shape: manifest(), platform }])
    case 'docker':
      return dockerList()
    case 'wide':
      return index(Array.from({ length: 8 }, (_, nth) => ({ shape: manifest(), platform: `linux/p${nth}` })))
    case 'artifact':
      return artifact()
    case 'sharing': {
      const shared = done[sharedBy(push, done)]?.children[0]?.shape
      return index([
        { shape: shared ?? manifest(), platform },
        { shape: manifest(), platform: 'linux/arm64' }
      ])
    }
  }
}
