import { AsyncLocalStorage } from 'node:async_hooks'
import { ExpectedError } from '../errors.ts'
import { formatDuration } from './format.ts'
import { inTime } from './in-time.ts'

/** Named groups of a regular expression, those that took part in the match. */
export type Groups = Readonly<Record<string, string>>

export const NO_GROUPS: Groups = Object.freeze({})

/** Long enough for any sane expression over 100,000 tags, short enough for somebody who waits. */
const TIMEOUT = 2_000

/**
 * Applies a regular expression to many values, in one go that ends after two seconds, or with what a run may spend
 * on matching, whatever it is: an expression such as `(a+)+$` can take longer than the universe has time.
 *
 * @param source the pattern as the user wrote it, for the message
 * @throws ExpectedError when the time is over
 */
export function matchRegex(
  source: string,
  expression: string,
  flags: string,
  values: readonly string[]
): ReadonlyMap<string, Groups> {
  const compiled = new RegExp(expression, flags)
  const timeout = Math.min(TIMEOUT, matchTimeLeft())
  const started = performance.now()
  const hits = inTime(
    timeout,
    () =>
      values.flatMap(value => {
        const match = compiled.exec(value)
        return match === null ? [] : [[value, takingPart(match.groups)] as const]
      }),
    () => {
      if (timeout < TIMEOUT) takeMatchTime(source, timeout)
      return new ExpectedError(
        `The pattern \`${source}\` takes longer than two seconds on ${values.length} values. ` +
          'Write it without repetitions inside repetitions, or as a glob.'
      )
    }
  )
  takeMatchTime(source, performance.now() - started)
  return new Map(hits)
}

function takingPart(groups: RegExpExecArray['groups']): Groups {
  if (groups === undefined) return NO_GROUPS
  return Object.fromEntries(Object.entries(groups).filter(([, text]) => text !== undefined))
}

/** What matching may take in one run, and what each pattern has taken of it, in milliseconds. */
interface MatchTime {
  readonly allowed: number
  /** What sets it, for the message. */
  readonly by: string
  readonly taken: Map<string, number>
  /** All of that, kept beside it: adding up thousands of patterns after each of them takes longer than matching. */
  sum: number
}

// It goes with the run and not from hand to hand: patterns are made where nothing is known of a run.
const ofRun = new AsyncLocalStorage<MatchTime>()

/**
 * Does the work of a run, in which all patterns together may take this many milliseconds, however often they are used.
 *
 * @param by what sets that, for the message
 */
export function limitMatching<T>(ms: number, work: () => T, by = 'all that `time-limit` leaves for it'): T {
  return ofRun.run({ allowed: ms, by, taken: new Map(), sum: 0 }, work)
}

/** How many milliseconds are left for matching in this run, at least 1; without end outside of one. */
export function matchTimeLeft(): number {
  const time = ofRun.getStore()
  return time === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.ceil(time.allowed - time.sum))
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
  time.sum += ms
  if (time.sum < time.allowed) return
  const [[slowest = source] = []] = [...time.taken].sort(([, a], [, b]) => b - a)
  throw new ExpectedError(
    `Matching patterns took more than ${formatDuration(time.allowed)} in this run, ${time.by}, ` +
      `most of it the pattern \`${slowest}\`. Write it without repetitions inside repetitions, or as a simpler glob.`
  )
}
