import { orFailure } from '../errors.ts'
import { arrivalsReader } from '../inventory/arrivals.ts'
import { gitHubDenies } from '../inventory/gone.ts'
import { repositoryOf } from '../inventory/load.ts'
import { type Digest, digestsNamedIn, isUserTag, parseDigest, referrerTag } from '../model/digest.ts'
import type { Manifest } from '../model/manifest.ts'
import type { PackageVersion } from '../model/package.ts'
import { type DeleteStep, undoing } from '../policy/order.ts'
import { nameOf } from '../report/phrases.ts'
import { eachOf } from '../util/concurrency.ts'
import { some } from '../util/format.ts'
import type { ApplyContext } from './apply.ts'
import type { Done } from './done.ts'
import { type Earlier, pastDeletions } from './earlier.ts'
import type { Findings } from './findings.ts'
import { type Restored, restoreAtOnce, stepsBack } from './restore-at-once.ts'

/**
 * Restores at once, and makes whole what came back, be it by this run or by somebody: it may need what went with another
 * image, which the graph of this run did not know, and what describes it belongs to it.
 */
export async function restoreWhole(
  done: Done,
  found: Findings,
  earlier: readonly Earlier[],
  scope: ApplyContext
): Promise<Restored> {
  const steps = stepsBack(done, found.seen, earlier, new Set(found.needed.keys()))
  const first = await restoreAtOnce(done, found, steps, scope)
  const sent = new Set(
    first.restored.flatMap(({ step, status }) => (status === 'done' ? [step.version.id] : []))
  )
  const away = deletionsAway(done, found).filter(({ version }) => !sent.has(version.id))
  const lacked = await orFailure(async () => {
    const came = earlier.map(({ version }) => version).filter(({ id }) => sent.has(id))
    const byOthers = await broughtBack(done, found, away, scope)
    return lackedBy([...came, ...byOthers], away, done, scope)
  })
  if ('problem' in lacked) return { ...first, alarms: [...first.alarms, unknown(lacked.sentence)] }
  const { needed, describing, unread } = lacked
  // What somebody purged by name since this run began stays away.
  const purged = needed.size === 0 ? NONE : await done.loaded.recollection.forgottenSince()
  const more = undoing(
    away.filter(({ version }) => needed.has(version.digest) && !purged.has(version.id)),
    ({ digest }) => describing.has(digest)
  )
  const second = await restoreAtOnce(done, { seen: found.seen, needed }, more, scope)
  return {
    restored: [...first.restored, ...second.restored],
    back: first.back.union(second.back),
    warnings: [...first.warnings, ...second.warnings],
    alarms: [...first.alarms, ...second.alarms, ...(unread === undefined ? [] : [unknown(unread)])]
  }
}

const NONE: ReadonlySet<number> = new Set()

/** What this run and earlier ones deleted, and is gone. */
function deletionsAway({ outcomes, loaded }: Done, { seen }: Findings): DeleteStep[] {
  const gone = new Set([...seen.gone, ...seen.goneBefore].map(({ id }) => id))
  const own = outcomes.flatMap(({ step }) =>
    step.action === 'delete' && gone.has(step.version.id) ? [step] : []
  )
  const ids = new Set(own.map(({ version }) => version.id))
  const past = pastDeletions(loaded).away.filter(({ version }) => !ids.has(version.id))
  return [...own, ...past].filter(({ version }) => !seen.again.has(version.digest))
}

/** What is there although runs deleted it, where something went with it: somebody may have brought it back. */
async function broughtBack(
  { loaded, outcomes }: Done,
  { seen }: Findings,
  away: readonly DeleteStep[],
  { pkg, context }: ApplyContext
): Promise<readonly PackageVersion[]> {
  const behind = new Set<Digest>(away.flatMap(({ root, after }) => [root, ...after]))
  const own = new Set(outcomes.map(({ step }) => step.version.id))
  const listed = pastDeletions(loaded)
    .there.map(({ version }) => version)
    .filter(({ id, digest }) => behind.has(digest) && !own.has(id))
  // A list may go on showing what is gone.
  const isGone = await eachOf(listed, AT_ONCE, ({ id }) => gitHubDenies(pkg, id, context))
  return [...seen.there, ...listed.filter((_, at) => isGone[at] === false)]
}

/** How many versions are asked for at once. */
const AT_ONCE = 16

/** What versions that came back lack. */
interface Lacked {
  /** Why it must come back, a phrase each. */
  readonly needed: ReadonlyMap<Digest, string>
  /** What of it they do not need: it describes them. */
  readonly describing: ReadonlySet<Digest>
  /** Why there may be more: a sentence. */
  readonly unread: string | undefined
}

/** Finds what is gone of what versions need at any depth, and of what describes them. */
async function lackedBy(
  came: readonly PackageVersion[],
  away: readonly DeleteStep[],
  { loaded: { inventory } }: Done,
  { pkg, context: { registry, clock } }: ApplyContext
): Promise<Lacked> {
  if (came.length === 0 || away.length === 0)
    return { needed: new Map(), describing: new Set(), unread: undefined }
  const { contents } = inventory
  const manifestOf = (digest: Digest): Manifest | undefined => {
    const content = contents.get(digest)
    return content?.state === 'read' ? content.manifest : undefined
  }
  const needs = arrivalsReader(contents, digest => registry.readManifest(repositoryOf(pkg), digest), clock)
  // What describes something does not need that.
  const images = came.filter(({ digest, tags }) => !manifestOf(digest)?.subject && tags.every(isUserTag))
  const { needed, unread } = await needs(images)
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
  const describing = new Set(
    away.flatMap(step => (!needed.has(step.version.digest) && describes(step) ? [step.version.digest] : []))
  )
  const parts = new Set(
    [...describing].flatMap(one => manifestOf(one)?.children.map(({ digest }) => digest) ?? [])
  )
  const lacked = away
    .map(({ version }) => version.digest)
    .filter(one => needed.has(one) || describing.has(one) || parts.has(one))
  // A person knows an image by its tags.
  const tagged = images.filter(({ tags }) => tags.length > 0)
  const why = `it belongs to ${some((tagged.length > 0 ? tagged : images).map(nameOf), 3)}, which came back`
  return {
    needed: new Map(lacked.map(digest => [digest, why])),
    describing,
    unread: unread === undefined ? undefined : `${unread} could not be read.`
  }
}

/** The next run that deletes brings back what is lacking then. */
const unknown = (sentence: string): string =>
  `Whether what came back is whole is unknown: ${sentence} Run again.`
