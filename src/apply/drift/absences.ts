import { mentionedBy } from '../../inventory/arrivals.ts'
import { partsOf } from '../../inventory/parts.ts'
import type { Clock } from '../../model/clock.ts'
import type { Decision, Plan, Reason } from '../../model/decision.ts'
import { type Digest, digestOfKey, digestsNamedIn, shortDigest } from '../../model/digest.ts'
import type { Inventory, PackageVersion } from '../../model/package.ts'
import type { Registry } from '../../registry/client.ts'
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

/** By version id, the digests of which a deletion says that they are gone. */
export type Absences = ReadonlyMap<number, readonly Digest[]>

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
  const absences = resting.map(({ version }) => [version.id, absentFrom(version)] as const)
  return new Map(absences.filter(([, digests]) => digests.length > 0))
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
  /** What is there again. */
  readonly back: Digest | undefined
  /** What nobody can tell of: a phrase. */
  readonly unread: string | undefined
}

/**
 * Asks the registry, which costs nothing of GitHub's quota, whether what should be absent is back; GitHub's new rows count
 * as well. It was denied at several looks before, so one more denial is believed.
 *
 * @param digests of which a hundred are asked for
 * @param arrived what came to GitHub's list since
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function askForAbsent(
  digests: readonly Digest[],
  arrived: ReadonlySet<Digest>,
  registry: Pick<Registry, 'headTag'>,
  repository: string
): Promise<AbsenceLook> {
  const listed = digests.find(digest => arrived.has(digest))
  if (listed !== undefined) return { back: listed, unread: undefined }
  const heads = await eachOf(digests.slice(0, MOST_ONCE), AT_ONCE, async digest => ({
    digest,
    head: await registry.headTag(repository, digest)
  }))
  const [unread] = heads.flatMap(({ digest, head }) =>
    head.state === 'unread' ? [`whether ${shortDigest(digest)} is gone is unknown: ${head.cause}`] : []
  )
  return { back: heads.find(({ head }) => head.state === 'found')?.digest, unread }
}

/** Why what a version lacked speaks for it by now: a phrase. */
export const backAgain = (digest: Digest): string => `${shortDigest(digest)}, which was gone, is there again`

/** Those at either end, where a push or a restore that is under way has begun. */
const endsOf = (digests: readonly Digest[]): readonly Digest[] =>
  digests.length > MOST ? [...digests.slice(0, MOST / 2), ...digests.slice(-MOST / 2)] : digests

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
  const ask = (digests: readonly Digest[]) => askForAbsent(digests, drift.arrived, registry, repository)
  return {
    ...drift,
    async check(version) {
      const change = await drift.check(version)
      const digests = absences.get(version.id)
      if (change !== undefined || digests === undefined) return change
      const ends = endsOf(digests)
      // What is back counts whenever that is seen, so the others need no second look.
      const others = askedAt.has(version.id) ? [] : digests.filter(digest => !ends.includes(digest))
      const once = await ask(others)
      const at = clock.now()
      askedAt.set(version.id, at)
      const again = await ask(ends)
      if (clock.now() - at > SLOW) slow.set(version.id, (slow.get(version.id) ?? 0) + 1)
      const back = once.back ?? again.back
      if (back !== undefined) return backAgain(back)
      return (slow.get(version.id) ?? 0) < LOOKS ? (once.unread ?? again.unread) : TOO_SLOW
    },
    fresh(version) {
      const at = askedAt.get(version.id)
      return drift.fresh(version) && (at === undefined || clock.now() - at <= FRESH)
    }
  }
}

const TOO_SLOW = `the registry takes longer than ${SLOW / 1000} seconds to say whether what it lacks is gone still`
