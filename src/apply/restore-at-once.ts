import type { Outcome } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { Restoral } from '../policy/order.ts'
import { nameOf } from '../report/phrases.ts'
import type { ApplyContext } from './apply.ts'
import { notBack } from './confirm-restored.ts'
import type { Done } from './earlier.ts'
import { goneOf } from './findings.ts'
import { giveBackTags, type IsMeant, type Told } from './give-back.ts'
import { movedAtOnce } from './moved-at-once.ts'
import { restoreVersions } from './restore.ts'
import type { SecondLook } from './second-look.ts'
import { tagHolders } from './tag-holders.ts'

/**
 * Restores what a run deleted and turns out to be needed, looks whether it is back, and gives tags back that the restore
 * took from others.
 *
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function restoreAtOnce(
  steps: readonly Restoral[],
  { loaded, outcomes }: Done,
  seen: SecondLook,
  scope: ApplyContext
): Promise<{ readonly restored: readonly Outcome[]; readonly told: Told }> {
  if (steps.length === 0) return { restored: [], told: { warnings: [], alarms: [] } }
  const { pkg, context } = scope
  const gone = new Set(goneOf(outcomes, seen).map(({ id }) => id))
  const stays = loaded.listing.versions.filter(({ id }) => !gone.has(id))
  const versions = steps.map(({ version }) => version)
  const tags = versions.flatMap(version => version.tags)
  const before = await tagHolders(pkg, [...stays, ...seen.arrivals], tags, context)
  const restored = await restoreVersions(steps, scope)
  const had = versions.map(version => ({
    ...version,
    tags: [...version.tags, ...(seen.lostTags.get(version.digest) ?? [])]
  }))
  const moved = await movedAtOnce(before, had, seen.rowsDeleted, scope)
  const lost = await notBack(restored, seen, scope)
  // A late tag belongs where it was put right before the deletion, though the registry may see it where it was before.
  const isMeant: IsMeant = (tag, digest, holder) =>
    seen.lostTags.get(digest)?.includes(tag) === true &&
    (holder === undefined || holder === before.rows.get(tag))
  const told = await giveBackTags({ before, moved }, had, isMeant, scope)
  return { restored, told: { ...told, alarms: [...lost, ...told.alarms] } }
}

/** What came back and why, by digest: a sentence each. */
export function restoredSentences(
  outcomes: readonly Outcome[],
  needed: ReadonlyMap<Digest, string>
): string[] {
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
