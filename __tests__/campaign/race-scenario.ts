import fc from 'fast-check'
import { type Inputs, type Push, push } from './scenario.ts'

/** Random schedules: what others do in the middle of a run, and the one witness that is late, slow or lost meanwhile. */

/** The requests at which something happens. */
export const MOMENTS = {
  delete: { host: 'api', method: 'DELETE' },
  put: { host: 'registry', method: 'PUT' },
  restore: { host: 'api', method: 'POST', path: /\/restore$/ },
  list: { host: 'api', method: 'GET', path: /\/versions$/ },
  gone: { host: 'api', method: 'GET', query: /state=deleted/ },
  single: { host: 'api', method: 'GET', path: /\/versions\/\d+$/ },
  count: { host: 'api', method: 'GET', path: /\/packages\/container\/[^/]+$/ },
  head: { host: 'registry', method: 'HEAD', path: /\/manifests\/(?!sha256:)/ },
  digest: { host: 'registry', path: /\/manifests\/sha256:/ },
  tags: { host: 'registry', method: 'GET', path: /\/tags\/list/ }
} as const
export type Moment = keyof typeof MOMENTS

/** What somebody else does. */
export const ACTS = [
  /** A tag that stays comes to a version that goes. */
  'promote',
  /** The same, from one version that stays to another. */
  'move',
  /** A tag that stays comes to a placeholder. */
  'copy',
  /** A tag that nobody knew comes to a version that goes, or to a part of one. */
  'name',
  /** A tagged index over a part of what goes. */
  'index',
  /** The same without a tag. */
  'untagged',
  /** An image with a new tag. */
  'push',
  /** An image with a tag that is to be stripped. */
  'nightly',
  /** An image with a tag of what goes, or comes back. */
  'again',
  /** A part that a broken image lacks: pushed once more, or restored. */
  'mend',
  /** An image that went by hand before, and whose parts go now, is restored. */
  'return',
  /** An image goes by hand, with all of its parts, which another one that goes has as well. */
  'clear'
] as const
export type ActKind = (typeof ACTS)[number]

export interface Act {
  readonly what: ActKind
  readonly on: Moment
  /** How many such requests pass before. */
  readonly after: number
  readonly when: 'first' | 'then'
  /** How long the request waits behind it, in milliseconds. */
  readonly hold: number
  /** Which of those that fit. */
  readonly pick: number
}

/** The one that is wrong; `runs` is how many runs of the chain it lasts. */
export type Slip =
  | { readonly kind: 'none' }
  /** Answers what was true so many milliseconds before. */
  | { readonly kind: 'late'; readonly of: Moment; readonly ms: number; readonly runs: 1 | 2 }
  /** Answers rightly, and the answer takes its time. */
  | { readonly kind: 'slow'; readonly of: Moment; readonly ms: number }
  /** A write is carried out, and its answer is lost. */
  | {
      readonly kind: 'lost'
      readonly of: 'delete' | 'put' | 'restore'
      readonly how: 'lost-502' | 'lost-reset'
      readonly after: number
    }
  /** A restore, or a deletion, is confirmed, and carried out later: never where `ms` is undefined. */
  | {
      readonly kind: 'early'
      readonly of: 'restore'
      readonly ms: number | undefined
      readonly times: number
    }
  /** The first run is killed behind such a request. */
  | { readonly kind: 'kill'; readonly of: 'delete' | 'put' | 'restore'; readonly after: number }
  /** The cache of a run of the chain (0 is the first) has nothing, or fails. */
  | { readonly kind: 'cache'; readonly how: 'none' | 'unreadable' | 'broken'; readonly run: number }

export type Mode = 'retain' | 'purge' | 'restore'

export interface Race {
  readonly pushes: readonly Push[]
  readonly mode: Mode
  readonly inputs: Inputs
  /** So many kept versions are newer than all others: tags are beyond the first page of the list. */
  readonly newer: number
  readonly deletedTags: 'hidden' | 'shown'
  readonly restoredTags: 'stay' | 'move back'
  readonly acts: readonly Act[]
  readonly slip: Slip
  /** Milliseconds between the runs of the chain. */
  readonly pause: number
}

/** The tag of what somebody deleted before and may restore, or of an index that names it. */
export const RETURNING = 'v5'

const act: fc.Arbitrary<Act> = fc.record({
  what: fc.constantFrom(...ACTS, 'promote', 'untagged', 'name', 'clear'),
  on: fc.constantFrom<Moment>(
    'delete',
    'delete',
    'delete',
    'delete',
    'put',
    'restore',
    'head',
    'tags',
    'list',
    'gone'
  ),
  after: fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 5),
  when: fc.constantFrom('first', 'then'),
  hold: fc.constantFrom(0, 0, 0, 2_000, 9_000),
  pick: fc.nat(50)
})

const LATE = [500, 3_000, 6_000, 12_000, 25_000, 60_000] as const

const slip: fc.Arbitrary<Slip> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Slip>({ kind: 'none' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('late' as const),
      of: fc.constantFrom<Moment>(
        'list',
        'list',
        'gone',
        'single',
        'count',
        'head',
        'digest',
        'tags',
        'tags'
      ),
      ms: fc.constantFrom(...LATE),
      runs: fc.constantFrom(1 as const, 1 as const, 2 as const)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('slow' as const),
      of: fc.constantFrom<Moment>('head', 'head', 'single', 'list', 'tags'),
      ms: fc.constantFrom(2_000, 5_000)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('lost' as const),
      of: fc.constantFrom('delete' as const, 'put' as const, 'restore' as const),
      how: fc.constantFrom('lost-502' as const, 'lost-reset' as const),
      after: fc.nat(3)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('early' as const),
      of: fc.constant('restore' as const),
      ms: fc.constantFrom(5_000, 12_000, 15_000, 19_000, undefined),
      times: fc.constantFrom(1, 1, 2)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      of: fc.constantFrom('delete' as const, 'restore' as const, 'restore' as const, 'put' as const),
      after: fc.nat(2)
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('cache' as const),
      how: fc.constantFrom('none' as const, 'unreadable' as const, 'broken' as const),
      run: fc.constantFrom(0, 1, 1, 1, 2)
    })
  }
)

/** Deletes what is broken, and nothing else. */
const BROKEN: Inputs = { 'delete-broken': 'ghost, partial' }
/** `prod`, `latest`, `v…` and what is newer stay; each policy deletes, and some strip tags. */
const KEEP = '{v*,latest,prod,stays,r-*}'
/** Not `v0.9.0`, from which `nightly` is stripped. */
const HELD = '{v1*,v2*,prod,stays,r-*}'
const policy: fc.Arbitrary<Inputs> = fc.constantFrom<Inputs>(
  { 'delete-tags': 'sha-* pr-* x-*', 'delete-untagged': 'true', 'keep-tags': KEEP },
  {
    'delete-tags': 'sha-* pr-* x-*',
    'keep-tags': KEEP,
    'delete-broken': 'ghost, partial',
    'delete-untagged': 'true'
  },
  { 'delete-tags': 'sha-* pr-* nightly', 'keep-tags': HELD, untag: 'true', 'delete-untagged': 'true' },
  { 'delete-tags': 'nightly latest', 'keep-tags': HELD, untag: 'true' },
  { 'delete-untagged': 'true' },
  BROKEN
)

const race: fc.Arbitrary<Race> = fc.record({
  pushes: fc.array(push, { minLength: 1, maxLength: 6 }),
  mode: fc.constantFrom<Mode>(
    'retain',
    'retain',
    'retain',
    'retain',
    'retain',
    'purge',
    'restore',
    'restore'
  ),
  inputs: policy,
  newer: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 120, 250),
  deletedTags: fc.constantFrom('hidden', 'shown'),
  restoredTags: fc.constantFrom('stay', 'move back'),
  acts: fc.array(act, { minLength: 1, maxLength: 2 }),
  slip,
  pause: fc.constantFrom(5_000, 60_000, 600_000)
})

/** The race that belongs to this number. */
export function raceOf(seed: number): Race {
  const [drawn] = fc.sample(race, { seed, numRuns: 1 })
  const { pushes, ...rest } = told(drawn as Race)
  const lasting = pushes.map(one => ({ ...one, broken: false }))
  if (!('delete-broken' in rest.inputs) || 'delete-tags' in rest.inputs)
    return { ...rest, pushes: [...ALWAYS, ...lasting] }
  const [first, ...others] = rest.acts
  const { pick } = first as Act
  const mend: Act = { ...(first as Act), what: 'mend', on: MENDS[pick % MENDS.length] as Moment }
  const mode = rest.mode === 'restore' ? 'retain' : rest.mode
  const isWide = pick % 3 === 0
  const inputs = isWide ? { ...rest.inputs, 'delete-broken': 'ghost' } : rest.inputs
  const broken: Push = isWide ? { ...PARTIAL, what: 'wide' } : PARTIAL
  return { ...rest, mode, inputs, acts: [mend, ...others], pushes: [...ALWAYS, ...lasting, broken] }
}

/**
 * Where a job is killed its log alone tells of a tag that a restore has just taken, of one on a placeholder, and of one on
 * what was deleted where GitHub hides that.
 */
function told(race: Race): Race {
  if (race.slip.kind !== 'kill') return race
  const [first, ...others] = race.acts.map(
    (act): Act => (act.what === 'copy' ? { ...act, what: 'push' } : act)
  )
  // What comes to a version right before its DELETE brings that back, behind which the job may be killed.
  const amid: Act = { ...(first as Act), on: 'delete', when: 'first', after: race.slip.after }
  return { ...race, acts: [amid, ...others], deletedTags: 'shown', restoredTags: 'stay' }
}

/** When a broken image is mended: while it is read, or deleted. */
const MENDS: readonly Moment[] = ['delete', 'digest', 'delete', 'tags', 'delete']

/** What goes because it is broken. */
const PARTIAL: Push = {
  what: 'index',
  tags: ['x-9'],
  days: 30,
  described: 'signed',
  with: 0,
  broken: true
}

/** What each package has: a release that is in use, one that is not, and a build that goes. */
const ALWAYS: readonly Push[] = [
  { what: 'index', tags: ['v0.9.0', 'nightly'], days: 100, described: 'not', with: 0, broken: false },
  { what: 'index', tags: ['v2.0.0', 'prod'], days: 80, described: 'not', with: 0, broken: false },
  { what: 'index', tags: ['sha-9'], days: 60, described: 'attested', with: 0, broken: false },
  { what: 'sharing', tags: [], days: 40, described: 'not', with: 2, broken: false }
]
