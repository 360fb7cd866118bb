import type { PackageVersion } from '../model/package.ts'
import type { PackageRecord, RunRecord } from './record.ts'
import { UNDONE } from './tally.ts'

/** What a run took away from one package, in the order in which it did. */
export type TakenAway = ReturnType<typeof takenAway>

/**
 * Reads out of a report what its run deleted, or may have: of a run that was killed, the requests without an
 * outcome count too.
 */
export function takenAway({ journal }: RunRecord, record: PackageRecord) {
  const sent = new Set<string>()
  const undone = new Set<string>()
  let [wholePackage, isSure] = [false, true]
  for (const entry of journal) {
    if (!('package' in entry) || entry.package !== record.name) continue
    if (entry.event === 'package-sent') [wholePackage, isSure] = [true, false]
    if (entry.event === 'package-outcome') {
      if (isUndone(entry)) wholePackage = false
      isSure = entry.status === 'done'
    }
    if (!('id' in entry)) continue
    const key = `${entry.action} ${entry.id} ${entry.tag ?? ''}`
    if (entry.event === 'sent') sent.add(key)
    else if (isUndone(entry)) undone.add(key)
    else undone.delete(key)
  }
  const was = (key: string): boolean => sent.has(key) && !undone.has(key)
  const versions = new Map(record.versions.map(row => [row.id, row]))
  return {
    deletions: record.steps.flatMap(step => {
      const row = versions.get(step.id)
      if (step.action !== 'delete' || row === undefined) return []
      if (!wholePackage && !was(`delete ${step.id} `)) return []
      // What went because it described something that went.
      const referrer = row.reasons.some(({ role }) => role === 'referrer')
      return [{ version: versionOf(row), after: step.after, root: step.root, referrer }]
    }),
    /** Tags that were taken off versions that stayed. */
    stripped: record.steps.flatMap(step => {
      const row = versions.get(step.id)
      return step.action === 'untag' && row !== undefined && was(`untag ${step.id} ${step.tag}`)
        ? [{ version: versionOf(row), tag: step.tag }]
        : []
    }),
    /** True when the package as a whole was deleted, or may have been; `isSure` where that was confirmed. */
    wholePackage,
    isSure,
    /** Versions that were broken before, by digest. */
    // A package that goes as a whole comes back as it was: what lacks something then lacked it before.
    broken: new Set((wholePackage ? record.versions : record.broken).map(({ digest }) => digest))
  }
}

/** What failed may be done all the same, behind an answer that was lost. */
const isUndone = (entry: { readonly status: string }): boolean =>
  UNDONE.some(status => status === entry.status)

/** A version as the report has it. */
export function versionOf(row: PackageRecord['versions'][number]): PackageVersion {
  const { id, digest, tags, created, updated } = row
  return { id, digest, tags, created: moment(created), updated: moment(updated) }
}

function moment(time: string | null): number | undefined {
  return time === null ? undefined : Date.parse(time)
}
