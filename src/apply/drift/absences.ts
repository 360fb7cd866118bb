import { orRefusal } from '../../errors.ts'
import { mentionedBy } from '../../inventory/arrivals.ts'
import { partsOf } from '../../inventory/parts.ts'
import type { Clock } from '../../model/clock.ts'
import type { Decision, Plan, Reason } from '../../model/decision.ts'
import { type Digest, digestOfKey, digestsNamedIn, shortDigest } from '../../model/digest.ts'
import type { Inventory, PackageVersion } from '../../model/package.ts'
import type { Registry } from '../../registry/client.ts'
import type { TagHead } from '../../registry/read.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { DriftDetector } from './drift.ts'

/** For so long a look may be acted on (law 5), in milliseconds. */
const FRESH = 10_000
/** A look that takes longer leaves too little of that for the DELETE, in milliseconds. */
const SLOW = FRESH / 2
/** After so many slow looks a version is left alone. */
const LOOKS = 3
/** How many digests are asked for of one version right before its DELETE: who mends an image mends all of it. */
const MOST = 4
/** How many of one are asked for where there is time for it. */
const MOST_ONCE = 100
/** How many at once. */
const AT_ONCE = 16

/** What a deletion says is gone. */
export interface Absence {
  readonly digest: Digest
  /** Repositories that are asked for it as well as that of the package. */
  readonly beside?: readonly string[] | undefined
}

/** By version id. */
export type Absences = ReadonlyMap<number, readonly Absence[]>

/** Deleted only because it is broken. */
export const isForLack = ({ verdict, reasons }: Decision): boolean =>
  verdict === 'delete' && reasons.every(one => brokenAs(one) !== undefined)

/** The same because what it describes is gone. */
export const isOrphan = (one: Decision): boolean =>
  isForLack(one) && one.reasons.some(reason => brokenAs(reason) === 'orphaned')

const brokenAs = (one: Reason): string | undefined => {
  if (one.code === 'broken') return one.state
  return one.code === 'approved-deletion' ? one.brokenAs : undefined
}

/** Finds what must be absent for deletions to be right: parts of images, at any depth, and what signatures describe. */
export function absencesOf({ decisions }: Plan, inventory: Inventory): Absences {
  const resting = decisions.filter(isForLack)
  if (resting.length === 0) return new Map()
  const absentFrom = absentIn(inventory)
  const absences = resting.map(one => {
    // Parts are in the package itself, whatever is elsewhere.
    const subjects = new Set(isOrphan(one) ? subjectsOf(one.version, inventory.contents) : [])
    const absent = absentFrom(one.version).map(digest =>
      subjects.has(digest) ? { digest, beside: inventory.beside } : { digest }
    )
    return [one.version.id, absent] as const
  })
  return new Map(absences.filter(([, absent]) => absent.length > 0))
}

/** Gives the function that finds what a version names and is absent. */
export function absentIn({
  versions,
  contents,
  unlisted
}: Pick<Inventory, 'versions' | 'contents' | 'unlisted'>): (version: PackageVersion) => Digest[] {
  const listed = new Set([...versions.map(({ digest }) => digest), ...(unlisted?.keys() ?? [])])
  const isAbsent = (digest: Digest): boolean =>
    !listed.has(digest) && (contents.get(digest)?.state ?? 'missing') === 'missing'
  return version => [...namedBy(version, contents)].filter(isAbsent)
}

/** All that a version names: its parts at any depth, and what it or they describe. */
function namedBy(version: PackageVersion, contents: Inventory['contents']): ReadonlySet<Digest> {
  const content = contents.get(version.digest)
  const mentioned = content?.state === 'read' ? mentionedBy(content.manifest) : []
  return new Set([...partsOf(version.digest, contents), ...subjectsOf(version, contents), ...mentioned])
}

/** What a version itself describes, as its manifest or one of its tags says. */
export function subjectsOf({ digest, tags }: PackageVersion, contents: Inventory['contents']): Digest[] {
  const content = contents.get(digest)
  const named = tags.flatMap(digestsNamedIn).flatMap(key => digestOfKey(key) ?? [])
  const subject = content?.state === 'read' ? content.manifest.subject : undefined
  return subject === undefined ? named : [...named, subject]
}

/** What the registry says of one version's absences. */
export interface AbsenceLook {
  /** What is there again: a phrase. */
  readonly back: string | undefined
  /** What nobody can tell of: a phrase. */
  readonly unread: string | undefined
}

/**
 * Asks the registry, which costs nothing of GitHub's quota, whether what should be absent is back; GitHub's new rows count
 * as well. It was denied at several looks before, so one more denial is believed.
 *
 * @param absent of which a hundred are asked for
 * @param arrived what came to GitHub's list since
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function askForAbsent(
  absent: readonly Absence[],
  arrived: ReadonlySet<Digest>,
  registry: Pick<Registry, 'headTag'>,
  repository: string
): Promise<AbsenceLook> {
  const listed = absent.find(({ digest }) => arrived.has(digest))
  if (listed !== undefined) return { back: backAgain(listed.digest), unread: undefined }
  const looks = await eachOf(absent.slice(0, MOST_ONCE), AT_ONCE, async ({ digest, beside = [] }) => {
    const here = lookOf(digest, await registry.headTag(repository, digest))
    if (here.back !== undefined) return [here]
    const others = await eachOf(beside, AT_ONCE, async other => {
      const head = await orRefusal(() => registry.headTag(other, digest))
      return lookOf(digest, 'problem' in head ? REFUSED : head, ` in ${other}`)
    })
    return [here, ...others]
  })
  const first = (what: keyof AbsenceLook): string | undefined =>
    looks.flat().find(look => look[what] !== undefined)?.[what]
  return { back: first('back'), unread: first('unread') }
}

const REFUSED = { state: 'unread', cause: 'the registry refuses this token there' } as const

function lookOf(digest: Digest, head: TagHead, where = ''): AbsenceLook {
  const isUnread = head.state === 'unread'
  return {
    back: head.state === 'found' ? backAgain(digest, where) : undefined,
    unread: isUnread ? `whether ${shortDigest(digest)} is gone${where} is unknown: ${head.cause}` : undefined
  }
}

/** Why what a version lacked speaks for it by now. */
const backAgain = (digest: Digest, where = ''): string =>
  `${shortDigest(digest)}, which was gone, is there again${where}`

/** Those at either end, where a push or a restore that is under way has begun. */
const endsOf = (absent: readonly Absence[]): readonly Absence[] =>
  absent.length > MOST ? [...absent.slice(0, MOST / 2), ...absent.slice(-MOST / 2)] : absent

/**
 * The same drift detector, which also looks whether what broken versions lack is still absent: it may be pushed again,
 * or restored, and shows in no row of theirs.
 */
export function mindingAbsences<D extends Pick<DriftDetector, 'check' | 'fresh' | 'arrived'>>(
  drift: D,
  absences: Absences,
  registry: Pick<Registry, 'headTag'>,
  repository: string,
  clock: Clock
): D {
  const askedAt = new Map<number, number>()
  const slow = new Map<number, number>()
  const ask = (some: readonly Absence[]) => askForAbsent(some, drift.arrived, registry, repository)
  return {
    ...drift,
    async check(version) {
      const change = await drift.check(version)
      const absent = absences.get(version.id)
      if (change !== undefined || absent === undefined) return change
      const ends = endsOf(absent)
      // What is back counts whenever that is seen, so the others need no second look.
      const others = askedAt.has(version.id) ? [] : absent.filter(one => !ends.includes(one))
      const once = await ask(others)
      const at = clock.now()
      askedAt.set(version.id, at)
      const again = await ask(ends)
      if (clock.now() - at > SLOW) slow.set(version.id, (slow.get(version.id) ?? 0) + 1)
      const back = once.back ?? again.back
      if (back !== undefined) return back
      return (slow.get(version.id) ?? 0) < LOOKS ? (once.unread ?? again.unread) : TOO_SLOW
    },
    fresh(version) {
      const at = askedAt.get(version.id)
      return drift.fresh(version) && (at === undefined || clock.now() - at <= FRESH)
    }
  }
}

const TOO_SLOW = `the registry takes longer than ${SLOW / 1000} seconds to say whether what it lacks is gone still`
