/**
 * A failure that the program foresaw: a sentence for the user, printed without a stack.
 * Everything else that is thrown is a bug and keeps its stack.
 */
export class ExpectedError extends Error {
  override readonly name: string = 'ExpectedError'
}

/** Bad inputs, all of them at once: one sentence each, naming the input, the value and the fix. */
export class InputError extends ExpectedError {
  override readonly name = 'InputError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** GitHub or the time leaves no room for more requests: the run stops cleanly and goes on next time. */
export class BudgetError extends ExpectedError {
  override readonly name = 'BudgetError'
}

export const timeIsOver = (): BudgetError => new BudgetError('The time that `time-limit` allows is over.')

/** GitHub does not find a package: it is gone, or the token may not see it. */
export class AbsentError extends ExpectedError {
  override readonly name = 'AbsentError'
}

/** The registry refuses the token for a repository; it also does so for one that does not exist. */
export class RefusedError extends ExpectedError {
  override readonly name = 'RefusedError'
}

/** A write of which nobody knows whether it was carried out, because its answer was lost. */
export class UnsureError extends ExpectedError {
  override readonly name = 'UnsureError'
}

/** A write was held back at the last moment: its precondition no longer held, and nothing was sent. */
export class StaleError extends Error {
  override readonly name = 'StaleError'
}

/** GitHub turned a write away by a rate limit: nothing was done, and the governor lets the next try out when it may. */
export class RateLimitError extends ExpectedError {
  override readonly name = 'RateLimitError'
}

/** A failure that was foreseen, as a value. */
export interface Failure {
  /**
   * `left`: there was no room for more requests, and the next run goes on; `absent`: GitHub does not find the
   * package; `failed`: anything else.
   */
  readonly problem: 'left' | 'absent' | 'failed'
  readonly sentence: string
}

/** Runs `work` and gives what it gives, or the failure that was foreseen. A bug is thrown on. */
export async function orFailure<T extends object>(work: () => Promise<T>): Promise<T | Failure> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BudgetError) return { problem: 'left', sentence: error.message }
    if (error instanceof AbsentError) return { problem: 'absent', sentence: error.message }
    if (error instanceof ExpectedError) return { problem: 'failed', sentence: error.message }
    throw error
  }
}

/** The same, but want of room is thrown on: what comes next would find none either. */
export async function orRefusal<T extends object>(work: () => Promise<T>): Promise<T | Failure> {
  const result = await orFailure(work)
  if ('problem' in result && result.problem === 'left') throw new BudgetError(result.sentence)
  return result
}

/** What any thrown value says, for a sentence; never empty. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return text === '' ? 'no message' : text
}
