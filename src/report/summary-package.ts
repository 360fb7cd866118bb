import type { OutcomeStatus } from '../model/decision.ts'
import { AWAITED } from '../model/package.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { count, formatNumber } from '../util/format.ts'
import { explanationPart } from './explanation.ts'
import { code, details, packageTable, safe } from './markdown.ts'
import { deletedPart, restoredPart } from './summary-changes.ts'
import {
  brokenPart,
  duePart,
  FEW_ROWS,
  keptPart,
  reasonsPart,
  troublePart,
  unreadPart,
  untaggedPart,
  type Verdicts
} from './summary-lists.ts'
import { imagesPhrase, imageTally, stayPhrase, type Tally, tally, total } from './tally.ts'
import { wayBackPart } from './way-back.ts'

const MOST_KEPT = 50

/** True for a package of which there is nothing to tell but that all of it stays. */
export function isUnchanged({ plan, outcomes, explanations, error, warnings }: PackageRun): boolean {
  return (
    plan !== undefined &&
    [outcomes, explanations ?? [], warnings, plan.broken, plan.unread].every(list => list.length === 0) &&
    error === undefined &&
    plan.decisions.every(({ verdict }) => verdict === 'keep')
  )
}

/**
 * One package's part of the summary: a fold whose title has its counts; nothing where nothing was decided.
 *
 * @param most rows of each of its lists; 0 leaves the title alone
 */
export function packageFold(run: PackageRun, most: number): string {
  const { package: pkg, plan, outcomes } = run
  if (plan === undefined) return ''
  const happened = whatHappened(run)
  if (most === 0) return `- ${code(pkg.name)}: ${happened}`
  const verdicts: Verdicts = new Map(plan.decisions.map(decision => [decision.version.digest, decision]))
  const few = Math.min(FEW_ROWS, most)
  const parts = [
    ...(run.explanations ?? []).map(explanationPart),
    deletedPart(verdicts, outcomes, most, pkg),
    wayBackPart(outcomes, most),
    ...TROUBLES.map(status => troublePart(verdicts, outcomes, status, few, pkg)),
    restoredPart(verdicts, outcomes, most),
    untaggedPart(outcomes, few),
    // What is about to be whole again is no finding.
    brokenPart(
      plan.broken.filter(({ version }) => version.disputed !== AWAITED),
      few,
      pkg
    ),
    unreadPart(plan.unread, few),
    duePart(plan.decisions, outcomes, most, pkg),
    keptPart(plan.decisions, imageTally([run]).remaining, Math.min(MOST_KEPT, most), pkg),
    reasonsPart('Reasons to keep', plan.decisions, 'keep', few),
    reasonsPart('Reasons to delete', plan.decisions, 'delete', few)
  ].filter(part => part !== '')
  return parts.length === 0 ? '' : details(`<code>${safe(pkg.name)}</code>: ${happened}`, parts.join('\n\n'))
}

function whatHappened(run: PackageRun): string {
  const sums = tally(run)
  const { gone, planned, restored } = imageTally([run])
  const due = sums.held + sums.left
  const undoes = run.plan?.decisions.some(({ verdict }) => verdict === 'restore') ?? false
  const clauses = [
    sums.deleted + sums.already > 0 ? imagesPhrase(gone, 'deleted', sums.deleted + sums.already) : '',
    sums.planned > 0
      ? imagesPhrase(planned + restored, undoes ? 'would be restored' : 'would be deleted', sums.planned)
      : '',
    sums.restored > 0 ? imagesPhrase(restored, 'restored', sums.restored) : '',
    due > 0 ? `${count(due, 'version')} due, but not deleted` : '',
    ...(['refused', 'skipped', 'failed'] as const).map(status =>
      sums[status] > 0 ? `${formatNumber(sums[status])} ${status}` : ''
    ),
    undoes ? '' : stayPhrase([run])
  ].filter(clause => clause !== '')
  return clauses.join(', ') || count(sums.versions, 'version')
}

const TROUBLES: readonly OutcomeStatus[] = ['failed', 'refused', 'skipped']

/** The numbers of each package. Columns that are zero in every package say nothing and are left out. */
export function tallyTable({ mode, dryRun, packages }: RunResult, sums: Tally): string {
  const columns = (mode === 'restore' ? RESTORE_COLUMNS : COLUMNS).filter(
    ({ key, always }) => always === (dryRun ? 'dry' : 'real') || always === 'both' || sums[key] > 0
  )
  const titles = columns.map(({ title }) => title)
  return packageTable(packages, titles, runs => {
    const numbers = total(runs)
    return columns.map(({ key }) => numbers[key])
  })
}

interface Column {
  readonly key: keyof Tally
  readonly title: string
  readonly always?: 'both' | 'dry' | 'real'
}

const COLUMNS: readonly Column[] = [
  { key: 'versions', title: 'Versions', always: 'both' },
  { key: 'kept', title: 'Kept', always: 'both' },
  { key: 'planned', title: 'To delete', always: 'dry' },
  { key: 'deleted', title: 'Deleted', always: 'real' },
  { key: 'restored', title: 'Restored at once' },
  { key: 'already', title: 'Already gone' },
  { key: 'refused', title: 'Refused' },
  { key: 'skipped', title: 'Skipped' },
  { key: 'failed', title: 'Failed' },
  { key: 'held', title: 'Held by a brake' },
  { key: 'left', title: 'Left' },
  { key: 'untagPlanned', title: 'Tags to strip' },
  { key: 'untagged', title: 'Tags stripped' }
]

const RESTORE_COLUMNS: readonly Column[] = [
  { key: 'versions', title: 'Asked for', always: 'both' },
  { key: 'planned', title: 'To restore', always: 'dry' },
  { key: 'restored', title: 'Restored', always: 'real' },
  { key: 'already', title: 'There already' },
  { key: 'skipped', title: 'Skipped' },
  { key: 'failed', title: 'Failed' },
  { key: 'left', title: 'Left' }
]
