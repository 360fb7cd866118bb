import { AsyncLocalStorage } from 'node:async_hooks'
import { ExpectedError } from '../errors.ts'
import { formatDuration } from './format.ts'

/** What matching may take in one run, and what each pattern has taken of it, in milliseconds. */
interface MatchTime {
  readonly allowed: number
  readonly taken: Map<string, number>
}

// It goes with the run and not from hand to hand: patterns are made where nothing is known of a run.
const ofRun = new AsyncLocalStorage<MatchTime>()

/** Does the work of a run, in which all patterns together may take this many milliseconds, however often they are used. */
export function limitMatching<T>(ms: number, work: () => T): T {
  return ofRun.run({ allowed: ms, taken: new Map() }, work)
}

/** How many milliseconds are left for matching in this run, at least 1; without end outside of one. */
export function matchTimeLeft(): number {
  const time = ofRun.getStore()
  return time === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(time.allowed - sumOf(time)))
}

/**
 * Takes what a pattern needed from what all may take.
 *
 * @param source the pattern as the user wrote it
 * @throws ExpectedError that names the pattern that took most, when nothing is left
 */
export function takeMatchTime(source: string, ms: number): void {
  const time = ofRun.getStore()
  if (time === undefined) return
  time.taken.set(source, (time.taken.get(source) ?? 0) + ms)
  if (sumOf(time) < time.allowed) return
  const [[slowest = source] = []] = [...time.taken].sort(([, a], [, b]) => b - a)
  throw new ExpectedError(
    `Matching patterns took more than ${formatDuration(time.allowed)} in this run, all that \`time-limit\` leaves for it, ` +
      `most of it the pattern \`${slowest}\`. Write it without repetitions inside repetitions, or as a simpler glob.`
  )
}

function sumOf({ taken }: MatchTime): number {
  return [...taken.values()].reduce((sum, ms) => sum + ms, 0)
}
