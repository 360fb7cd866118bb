import { createContext, Script } from 'node:vm'
import { ExpectedError } from '../errors.ts'
import { matchTimeLeft, takeMatchTime } from '../util/match-time.ts'

/** Named groups of a regular expression, those that took part in the match. */
export type Groups = Readonly<Record<string, string>>

export const NO_GROUPS: Groups = Object.freeze({})

/** Long enough for any sane expression over 100,000 tags, short enough for somebody who waits. */
const TIMEOUT = 2_000

// Runs where it can be interrupted; values go in and results come out as text.
const EXAMINE = new Script(`
  const expression = new RegExp(source, flags)
  JSON.stringify(JSON.parse(values).flatMap((value, index) => {
    const match = expression.exec(value)
    return match === null ? [] : [[index, match.groups]]
  }))
`)

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
  const context = createContext({ source: expression, flags, values: JSON.stringify(values) })
  const timeout = Math.min(TIMEOUT, matchTimeLeft())
  const started = performance.now()
  let answer: unknown
  try {
    answer = EXAMINE.runInContext(context, { timeout })
    takeMatchTime(source, performance.now() - started)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    if (timeout < TIMEOUT) takeMatchTime(source, timeout)
    throw new ExpectedError(
      `The pattern \`${source}\` takes longer than two seconds on ${values.length} values. ` +
        'Write it without repetitions inside repetitions, or as a glob.'
    )
  }
  const hits = JSON.parse(String(answer)) as [index: number, groups: Groups | null][]
  return new Map(hits.map(([index, groups]) => [values[index] as string, groups ?? NO_GROUPS]))
}
