import type { Outcome } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { Restoral } from '../policy/order.ts'
import { nameOf } from '../report/phrases.ts'
import type { ApplyContext } from './apply.ts'
import { notBack } from './confirm-restored.ts'
import type { Done } from './earlier.ts'
import { goneOf } from './findings.ts'
import type { Told } from './give-back.ts'
import { restoreVersions } from './restore.ts'
import type { SecondLook } from './second-look.ts'
import { guardTags } from './tag-guard.ts'

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
  const gone = new Set(goneOf(outcomes, seen).map(({ id }) => id))
  const stays = loaded.listing.versions.filter(({ id }) => !gone.has(id))
  const versions = steps.map(({ version }) => version)
  const tags = versions.flatMap(version => version.tags)
  const late = new Set([...seen.lostTags.values()].flat())
  const guard = await guardTags([...stays, ...seen.arrivals], tags, seen.rowsDeleted, scope, late)
  const restored = await restoreVersions(steps, scope)
  await guard.note(
    versions.map(version => ({
      ...version,
      tags: [...version.tags, ...(seen.lostTags.get(version.digest) ?? [])]
    }))
  )
  const lost = await notBack(restored, seen, scope)
  const told = await guard.giveBack()
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
