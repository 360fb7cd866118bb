import type { RunResult } from '../model/run.ts'
import { packageTable } from './markdown.ts'
import { type Tally, total } from './tally.ts'

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
