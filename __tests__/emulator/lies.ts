import type { VersionRow } from './store.ts'

/**
 * Ways in which GitHub's version list has been seen, or must be feared, not to be the truth.
 * They bend the list alone: a single version, a deletion and, but for `served`, the registry go on telling it.
 */
export type Lie =
  /** A row stands twice, `gap` rows apart: what a shift between two pages looks like. */
  | { readonly kind: 'repeat'; readonly id: number; readonly gap: number }
  /** A row is not shown. */
  | { readonly kind: 'drop'; readonly id: number }
  /** The list is as it was before the last `changes` changes. */
  | { readonly kind: 'lag'; readonly changes: number }
  /** Deleted rows still stand in the list, and in `version_count`. */
  | { readonly kind: 'linger' }
  /** What was deleted does not show in the list of deleted versions. */
  | { readonly kind: 'unlisted' }
  /** The registry still gives what was deleted. */
  | { readonly kind: 'served' }
  /** A row has no dates. */
  | { readonly kind: 'undated'; readonly id: number }
  /** The rows are in no order. */
  | { readonly kind: 'shuffle' }
  /** `version_count` says something else. */
  | { readonly kind: 'count'; readonly value: number }
  /** A row shows a tag that is on another version already, or not any more: a tag on its way. */
  | { readonly kind: 'tag'; readonly id: number; readonly tag: string }

/** The list that is shown in place of `rows`. */
export function bend(rows: readonly VersionRow[], lies: readonly Lie[]): readonly VersionRow[] {
  return lies.reduce(bendOnce, rows)
}

function bendOnce(rows: readonly VersionRow[], lie: Lie): readonly VersionRow[] {
  switch (lie.kind) {
    case 'repeat': {
      const at = rows.findIndex(row => row.id === lie.id)
      const row = rows[at]
      return row === undefined ? rows : rows.toSpliced(at + lie.gap, 0, row)
    }
    case 'drop':
      return rows.filter(row => row.id !== lie.id)
    case 'undated':
      return rows.map(row => (row.id === lie.id ? { ...row, created: undefined, updated: undefined } : row))
    case 'shuffle':
      return [...rows].sort((a, b) => (a.digest < b.digest ? -1 : 1))
    case 'tag':
      return rows.map(row => (row.id === lie.id ? { ...row, tags: [...row.tags, lie.tag] } : row))
    case 'lag':
    case 'linger':
    case 'unlisted':
    case 'served':
    case 'count':
      return rows
  }
}
