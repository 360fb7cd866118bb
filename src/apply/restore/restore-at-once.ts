import type { Outcome } from '../../model/decision.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { closure } from '../../policy/closure.ts'
import { buildGraph } from '../../policy/graph.ts'
import { type DeleteStep, isReferrer, type Restoral, undoing } from '../../policy/order.ts'
import { nameOf } from '../../report/phrases.ts'
import type { ApplyContext } from '../apply.ts'
import { type Done, versionsOf } from '../done.ts'
import { type Earlier, lastOfEach } from '../look/earlier.ts'
import { attestationsOf, type Findings } from '../look/findings.ts'
import type { SecondLook } from '../look/second-look.ts'
import { claimsOn } from '../tags/tag-claims.ts'
import { guardTags, type Told } from '../tags/tag-guard.ts'
import type { Row } from '../tags/tag-holders.ts'
import { notBack, type Restore } from './confirm-restored.ts'
import { reportingNews, restoreVersions, sentIn } from './restore.ts'

/** What came back, and what must be told of it. */
export interface Restored extends Told {
  readonly restored: readonly Outcome[]
  /** Ids of what GitHub shows by now. */
  readonly back: ReadonlySet<number>
}

/**
 * Restores what turns out to be needed, gives tags back that the restore took from others, and looks whether it is back.
 * Once a restore was sent, what was done is told, whatever fails behind it.
 */
export async function restoreAtOnce(
  done: Done,
  { seen, needed }: Pick<Findings, 'seen' | 'needed'>,
  steps: readonly Restoral[],
  scope: ApplyContext
): Promise<Restored> {
  if (steps.length === 0) return { restored: [], back: new Set(), warnings: [], alarms: [] }
  const withLate = (version: PackageVersion): PackageVersion => ({
    ...version,
    tags: [...version.tags, ...(seen.lateTags.get(version.digest) ?? [])]
  })
  const coming = steps.map(({ version }) => withLate(version))
  // What vanished may have been missed by one list: the registry tells who has its tags.
  const vanished = done.loaded.listing.versions.filter(({ digest }) => seen.vanished.has(digest))
  const asked = [...coming, ...vanished].flatMap(({ tags }) => tags)
  const guard = await guardTags(holdersBehind(done, seen), asked, seen.rowsDeleted, scope)
  const restore = async (due: readonly Restoral[], told: ApplyContext): Promise<Outcome[]> => {
    const sent = await restoreVersions(due, told, guard.around(coming))
    await guard.note(sentIn(sent).map(withLate))
    return sent
  }
  const restored = await restore(steps, scope)
  const again: Restore = due => restore(due, reportingNews(restored, scope))
  // Before what costs quota; and behind it, as what shows late takes tags late.
  await guard.giveBack()
  const dead = new Set(coming.map(({ digest }) => digest))
  const isHeld = (tag: string): boolean => claimsOn([tag], guard.before, dead).size > 0
  const { alarms, rows } = await notBack(restored, seen, isHeld, again, scope)
  await guard.giveBack()
  const told = await guard.told(rows)
  return {
    restored,
    back: new Set(rows.map(({ id }) => id)),
    warnings: [...restoredSentences(restored, needed), ...told.warnings],
    alarms: [...alarms, ...told.alarms]
  }
}

/** What may have tags: where a late tag was before the deletions is no claim to it, unless GitHub shows it there since. */
function holdersBehind({ loaded }: Done, seen: SecondLook): Row[] {
  const gone = new Set([...seen.gone, ...seen.goneBefore].map(({ id }) => id))
  const late = new Set([...seen.lateTags.values()].flat())
  // What was pushed again stands there under another id.
  const isGone = ({ id, digest }: PackageVersion): boolean =>
    gone.has(id) || seen.again.has(digest) || seen.vanished.has(digest)
  const stays = loaded.listing.versions.flatMap(version =>
    isGone(version) ? [] : [{ ...version, tags: version.tags.filter(tag => !late.has(tag)) }]
  )
  return [...stays, ...seen.arrivals].map(row => seen.rowsBehind.get(row.id ?? -1) ?? row)
}

/** What must come back, and all that this run took away with it, except what is to `stay` away, by id. */
export function stepsBack(
  { plan, loaded, outcomes }: Done,
  seen: SecondLook,
  { earlier, stay }: { readonly earlier: readonly Earlier[]; readonly stay: ReadonlySet<number> },
  needed: ReadonlySet<Digest>
): Restoral[] {
  if (needed.size === 0) return []
  // For what an earlier run deleted, only the image that it was a part of is known.
  const isGone = new Set([...seen.gone, ...seen.goneBefore].map(({ id }) => id))
  const images = new Set(earlier.filter(({ version }) => needed.has(version.digest)).map(({ root }) => root))
  const own = new Set(versionsOf(outcomes, ['done', 'failed', 'already']).map(({ digest }) => digest))
  const wanted = new Set(earlier.filter(({ root }) => images.has(root)).map(({ version }) => version.digest))
  // Of the same bytes, deleted more than once, the last come back.
  const before = lastOfEach(earlier).filter(
    ({ version }) => wanted.has(version.digest) && isGone.has(version.id) && !own.has(version.digest)
  )
  const graph = buildGraph(loaded.inventory)
  const past = new Set(before.map(({ version }) => version.id)).union(stay)
  const deletions: DeleteStep[] = outcomes.flatMap(({ step }) =>
    step.action === 'delete' && isGone.has(step.version.id) && !past.has(step.version.id) ? [step] : []
  )
  const gone = new Set(deletions.map(({ version }) => graph.find(version.digest)))
  const reached = (digests: Iterable<Digest>): ReturnType<typeof closure> => {
    const starts = [...digests].map(graph.find).filter(place => place !== undefined)
    return closure(
      graph,
      starts.filter(place => gone.has(place)),
      place => gone.has(place)
    )
  }
  const parts = reached(needed)
  const isBack = (digest: Digest): boolean => parts.has(graph.find(digest) ?? -1)
  const back = reached([...needed, ...attestationsOf(isBack, loaded.inventory.contents)])
  const referrers = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.digest))
  for (const { version, describes } of before) if (describes) referrers.add(version.digest)
  return undoing(
    [...before, ...deletions.filter(({ version }) => back.has(graph.find(version.digest) ?? -1))],
    ({ digest }) => referrers.has(digest)
  )
}

/** What came back and why, by digest: a sentence each. */
function restoredSentences(outcomes: readonly Outcome[], needed: ReadonlyMap<Digest, string>): string[] {
  return outcomes.flatMap(({ step, status }) => {
    const why = needed.get(step.version.digest)
    return status !== 'done' || why === undefined
      ? []
      : [`${withDigest(step.version)} was restored at once: ${why}.`]
  })
}

function withDigest(version: PackageVersion): string {
  const [name, digest] = [nameOf(version), shortDigest(version.digest)]
  return name === digest ? name : `${name} (${digest})`
}
