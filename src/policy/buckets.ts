import type { Period } from './rule.ts'

/** What a calendar period is called, UTC: `2026-06-28T14`, `2026-06-28`, `2026-W26` (ISO 8601), `2026-06`, `2026`. */
export function periodOf(ms: number, period: Period): string {
  const iso = new Date(ms).toISOString()
  switch (period) {
    case 'hourly':
      return iso.slice(0, -11)
    case 'daily':
      return iso.slice(0, -14)
    case 'weekly':
      return weekOf(ms)
    case 'monthly':
      return iso.slice(0, -17)
    case 'yearly':
      return iso.slice(0, -20)
  }
}

const DAY = 86_400_000

/** A week belongs to the year that its Thursday is in. */
function weekOf(ms: number): string {
  const day = Math.floor(ms / DAY)
  // 1970 began on a Thursday.
  const thursday = day - ((((day + 3) % 7) + 7) % 7) + 3
  const year = new Date(thursday * DAY).getUTCFullYear()
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / DAY) / 7) + 1
  return `${year}-W${String(week).padStart(2, '0')}`
}

/**
 * The newest of each of the last `count` periods that have any.
 *
 * @param newestFirst sorted by `dateOf`, newest first
 */
export function newestOfEach<T>(
  newestFirst: Iterable<T>,
  dateOf: (item: T) => number,
  period: Period,
  count: number
): { item: T; value: string }[] {
  const newest: { item: T; value: string }[] = []
  for (const item of newestFirst) {
    const value = periodOf(dateOf(item), period)
    if (value === newest.at(-1)?.value) continue
    if (newest.length === count) break
    newest.push({ item, value })
  }
  return newest
}
