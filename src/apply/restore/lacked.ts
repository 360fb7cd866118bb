import { arrivalsReader, type Read } from '../../inventory/arrivals.ts'
import { findTags } from '../../inventory/evidence.ts'
import { gitHubDenies } from '../../inventory/gone.ts'
import { type LoadedPackage, repositoryOf } from '../../inventory/load.ts'
import {
  type Digest,
  digestsNamedIn,
  isUserTag,
  parseDigest,
  referrerTag,
  shortDigest
} from '../../model/digest.ts'
import type { Manifest } from '../../model/manifest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { DeleteStep } from '../../policy/order.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { DAY, some } from '../../util/format.ts'
import type { ApplyContext } from '../apply.ts'
import type { Done } from '../done.ts'
import { pastDeletions } from '../look/earlier.ts'
import type { SecondLook } from '../look/second-look.ts'
import type { Arrival } from '../look/tags-nowhere.ts'

/** What is gone of a package, and what is not. */
export interface Gone {
  /** What this run and earlier ones deleted, and is gone. */
  readonly away: readonly DeleteStep[]
  /** What else GitHub lists as deleted, as far as the look reached. */
  readonly byOthers: readonly DeleteStep[]
  /** What GitHub lists, or listed when this run began, by digest. */
  readonly there: ReadonlyMap<Digest, Arrival>
}

/** For so long GitHub restores what was deleted, in milliseconds. */
const RESTORABLE = 30 * DAY

/**
 * @param sent what was restored and is not away any more, by id
 * @param now in milliseconds since 1970
 */
export function goneFrom(
  { outcomes, loaded }: Done,
  seen: SecondLook,
  sent: ReadonlyMap<number, PackageVersion>,
  now: number
): Gone {
  const isGone = new Set([...seen.gone, ...seen.goneBefore].map(({ id }) => id))
  const own = outcomes.flatMap(({ step }) =>
    step.action === 'delete' && isGone.has(step.version.id) ? [step] : []
  )
  const again = new Set(digestsOf(own))
  const past = pastDeletions(loaded).away.filter(({ version }) => !again.has(version.digest))
  const all = [...own, ...past].filter(({ version }) => !seen.again.has(version.digest))
  const away = all.filter(({ version }) => !sent.has(version.id))
  const went = new Set([...digestsOf(away), ...seen.vanished])
  // The list of this run is older than the list of what is deleted.
  const deleted = new Set(seen.rowsDeleted.map(({ id }) => id))
  const listed = [...loaded.listing.versions, ...seen.arrivals].filter(
    ({ id, digest }) => !went.has(digest) && !(id !== undefined && deleted.has(id))
  )
  const there = new Map([...listed, ...sent.values()].map(version => [version.digest, version]))
  const restorable = seen.rowsDeleted.filter(({ deleted = now }) => now - deleted < RESTORABLE)
  const rows = restorable.toSorted((a, b) => (a.deleted ?? 0) - (b.deleted ?? 0))
  const lastRows = [...new Map(rows.map(row => [row.digest, row])).values()]
  const known = new Set([...digestsOf(away), ...there.keys()])
  return { away, byOthers: lastRows.filter(({ digest }) => !known.has(digest)).map(stepOf), there }
}

const stepOf = (version: PackageVersion): DeleteStep => ({ version, root: version.digest, after: [] })

const digestsOf = (steps: readonly DeleteStep[]): Digest[] => steps.map(({ version }) => version.digest)

/** What versions that came back lack. */
export interface Lacked {
  /** Why it must come back, a phrase each. */
  readonly needed: ReadonlyMap<Digest, string>
  /** What of it they do not need: it describes them. */
  readonly describing: ReadonlySet<Digest>
  /** Parts that turned out to be gone only now. */
  readonly further: readonly DeleteStep[]
  /** Why there may be more: a sentence. */
  readonly unread: string | undefined
  /** Sentences on what is gone and cannot be brought back from here. */
  readonly alarms: readonly string[]
}

/**
 * Finds what is gone of what versions need at any depth, and of what describes them; of what others deleted only what
 * they need.
 *
 * @param restored what this run restored
 * @param brought what somebody brought back, or what never went: for parts of it that no run deleted there is no alarm
 */
export async function lackedBy(
  restored: readonly PackageVersion[],
  brought: readonly PackageVersion[],
  gone: Gone,
  { loaded: { inventory } }: Done,
  { pkg, context }: ApplyContext
): Promise<Lacked> {
  const { registry, clock } = context
  const manifestOf = manifestsIn(inventory.contents)
  // What describes something does not need that.
  const isImage = ({ digest, tags }: PackageVersion): boolean =>
    !manifestOf(digest)?.subject && tags.every(isUserTag)
  const [own, others] = [restored.filter(isImage), brought.filter(isImage)]
  const images = [...own, ...others]
  const read: Read = digest => registry.readManifest(repositoryOf(pkg), digest)
  const needsOf = arrivalsReader(inventory.contents, read, clock)
  const [ofOwn, ofOthers] = [await needsOf(own), await needsOf(others)]
  const needed = ofOwn.needed.union(ofOthers.needed)
  const describing = describersOf([...restored, ...brought], needed, gone.away, manifestOf)
  const parts = [...describing].flatMap(one => manifestOf(one)?.children.map(({ digest }) => digest) ?? [])
  const wanted = new Set([...needed, ...describing, ...parts])
  const known = [
    ...digestsOf(gone.away).filter(one => wanted.has(one)),
    ...digestsOf(gone.byOthers).filter(one => needed.has(one))
  ]
  const rest = [...ofOwn.needed.difference(new Set<string>(known))].flatMap(one => parseDigest(one) ?? [])
  const back = new Set(restored.map(({ digest }) => digest))
  const { lost, further, unclear } = await absentOf(rest, gone.there, back, { pkg, context })
  const lacked = [...known, ...digestsOf(further)]
  // What it lacked before it went is nobody's news.
  const news = lost.filter(digest => inventory.contents.get(digest)?.state !== 'missing')
  const unread = ofOwn.unread ?? ofOthers.unread
  return {
    needed: new Map(lacked.map(digest => [digest, `it belongs to ${namesOf(images)}, which came back`])),
    describing,
    further,
    unread: unread === undefined ? unclear : `${unread} could not be read.`,
    alarms: news.length === 0 ? [] : [notWhole(news, own)]
  }
}

/** How many versions are asked for at once. */
const AT_ONCE = 16

/**
 * What of these digests the registry denies, although nothing showed before that it is gone: somebody deletes it, or a list
 * lagged.
 *
 * @param back what this run restored, which the registry may show late
 * @returns `lost` has no id by which it could be restored; `unclear` is a sentence on one of which nobody can tell
 */
async function absentOf(
  digests: readonly Digest[],
  there: Gone['there'],
  back: ReadonlySet<Digest>,
  { pkg, context }: Pick<ApplyContext, 'pkg' | 'context'>
) {
  const heads = await findTags(context.registry, repositoryOf(pkg), digests, context.clock)
  const lost: Digest[] = []
  const further: DeleteStep[] = []
  let unclear: string | undefined
  await eachOf(digests, AT_ONCE, async digest => {
    const state = heads.get(digest)?.state
    if (state === 'found' || back.has(digest)) return
    const row = there.get(digest)
    const id = row?.id
    if (row === undefined) {
      if (state === 'missing') lost.push(digest)
      // That nobody answers does not mean that it is there.
      else unclear ??= `${shortDigest(digest)} could not be read.`
    } else if (id !== undefined && (await gitHubDenies(pkg, id, context)))
      further.push(stepOf({ created: undefined, updated: undefined, ...row, id }))
    else if (state === 'missing')
      unclear ??= `GitHub shows ${shortDigest(digest)}, and the registry denies it.`
  })
  return { lost, further, unclear }
}

/** A person knows an image by its tags. */
function namesOf(images: readonly PackageVersion[]): string {
  const tagged = images.filter(({ tags }) => tags.length > 0)
  return some((tagged.length > 0 ? tagged : images).map(nameOf), 3)
}

type ManifestOf = (digest: Digest) => Manifest | undefined

const manifestsIn =
  (contents: LoadedPackage['inventory']['contents']): ManifestOf =>
  digest => {
    const content = contents.get(digest)
    return content?.state === 'read' ? content.manifest : undefined
  }

/** What is away of what describes versions or what they need. */
function describersOf(
  came: readonly PackageVersion[],
  needed: ReadonlySet<string>,
  away: readonly DeleteStep[],
  manifestOf: ManifestOf
): ReadonlySet<Digest> {
  const digests = [...needed, ...came.map(({ digest }) => digest)].flatMap(one => parseDigest(one) ?? [])
  const whole = new Set<string>([...digests, ...digests.map(referrerTag)])
  const own = new Set(came.map(({ digest }) => digest))
  const describes = (step: DeleteStep): boolean => {
    const { digest, tags } = step.version
    // An index names what its attestations describe, and describes nothing itself.
    const named = [manifestOf(digest)?.subject].filter(one => one !== undefined)
    const isKnown = 'describes' in step && step.describes === true && own.has(step.root)
    return isKnown || [...named, ...tags.flatMap(digestsNamedIn)].some(one => whole.has(one))
  }
  return new Set(digestsOf(away.filter(step => !needed.has(step.version.digest) && describes(step))))
}

function notWhole(lost: readonly Digest[], images: readonly PackageVersion[]): string {
  const digests = images.slice(0, 5).map(({ digest }) => digest)
  return (
    `${namesOf(images)} came back, but not whole: ${some(lost.map(shortDigest), 3)} is gone, and no run is known to have deleted it. ` +
    `\`mode: restore\` with \`restore: ${digests.join(' ')}\` restores it, if GitHub still has it.`
  )
}
