import { InputError } from '../../src/errors.ts'

/** What is wrong with what is given, a sentence each; none where the work is done. */
export function problemsOf(work: () => unknown): readonly string[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof InputError) return error.problems
    throw error
  }
}
