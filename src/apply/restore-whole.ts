import { orFailure } from '../errors.ts'
import { arrivalsReader, mentionedBy } from '../inventory/arrivals.ts'
import { repositoryOf } from '../inventory/load.ts'
import { type Digest, digestsNamedIn, parseDigest, referrerTag } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { nameOf } from '../report/phrases.ts'
import { some } from '../util/format.ts'
import type { ApplyContext } from './apply.ts'
import type { Done } from './done.ts'
import type { Earlier } from './earlier.ts'
import type { Findings } from './findings.ts'
import { type Restored, restoreAtOnce } from './restore-at-once.ts'

/**
 * Restores at once, and makes whole what an earlier run deleted: it may need what this run deleted, whose graph did not know
 * it, as a part that it shares with an image that went now.
 */
export async function restoreWhole(
  done: Done,
  found: Findings,
  earlier: readonly Earlier[],
  scope: ApplyContext
): Promise<Restored> {
  const first = await restoreAtOnce(done, found, earlier, scope)
  const sent = new Set(
    first.restored.flatMap(({ step, status }) => (status === 'done' ? [step.version.id] : []))
  )
  const came = earlier.map(({ version }) => version).filter(({ id }) => sent.has(id))
  if (came.length === 0) return first
  const isAway = ({ id }: PackageVersion): boolean => !sent.has(id)
  const { gone, goneBefore } = found.seen
  const seen = { ...found.seen, gone: gone.filter(isAway), goneBefore: goneBefore.filter(isAway) }
  const lacked = await orFailure(() => lackedBy(came, [...seen.gone, ...seen.goneBefore], done, scope))
  const { needed, unread } = 'problem' in lacked ? { needed: new Map(), unread: lacked.sentence } : lacked
  const more = await restoreAtOnce(done, { ...found, seen, needed }, earlier, scope)
  return {
    restored: [...first.restored, ...more.restored],
    back: first.back.union(more.back),
    warnings: [...first.warnings, ...more.warnings],
    alarms: [...first.alarms, ...more.alarms, ...(unread === undefined ? [] : [unknown(came, unread)])]
  }
}

/** What versions that came back lack. */
interface Lacked {
  /** Why it must come back, a phrase each. */
  readonly needed: ReadonlyMap<Digest, string>
  /** Why there may be more: a sentence. */
  readonly unread: string | undefined
}

/** Finds what is gone of what versions need at any depth, and of what describes them. */
async function lackedBy(
  came: readonly PackageVersion[],
  gone: readonly PackageVersion[],
  { loaded: { inventory } }: Done,
  { pkg, context: { registry, clock } }: ApplyContext
): Promise<Lacked> {
  const { contents } = inventory
  const needs = arrivalsReader(contents, digest => registry.readManifest(repositoryOf(pkg), digest), clock)
  const { needed, unread } = await needs(came)
  const digests = [...needed, ...came.map(({ digest }) => digest)].flatMap(one => parseDigest(one) ?? [])
  const whole = new Set<string>([...digests, ...digests.map(referrerTag)])
  const describes = ({ digest, tags }: PackageVersion): boolean => {
    const content = contents.get(digest)
    const named = content?.state === 'read' ? mentionedBy(content.manifest) : []
    return [...named, ...tags.flatMap(digestsNamedIn)].some(one => whole.has(one))
  }
  const lacked = gone.filter(one => needed.has(one.digest) || describes(one))
  const names = some(came.map(nameOf), 3)
  return {
    needed: new Map(lacked.map(({ digest }) => [digest, `it belongs to ${names}, which came back`])),
    unread: unread === undefined ? undefined : `${unread} could not be read.`
  }
}

/** The next run that deletes brings back what is lacking then. */
const unknown = (came: readonly PackageVersion[], sentence: string): string =>
  `Whether ${some(came.map(nameOf), 3)}, which came back, is whole is unknown: ${sentence} Run again.`
