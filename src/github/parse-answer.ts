import type * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { firstIssue, parseForeign } from '../util/parse-foreign.ts'

/**
 * Holds an answer to what the API promises.
 *
 * @param what names it in the message
 * @throws ExpectedError that says where it is something else
 */
export function parseAnswer<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  return promised(schema, data, `GitHub's answer about ${what} is`)
}

/** @throws ExpectedError when the answer is not of the form that GitHub describes */
export function understood<T>(schema: z.ZodType<T>, data: unknown, what: string): T {
  return promised(schema, data, `${what} failed: GitHub's answer is`)
}

function promised<T>(schema: z.ZodType<T>, data: unknown, subject: string): T {
  const parsed = parseForeign(schema, data)
  if ('data' in parsed) return parsed.data
  throw new ExpectedError(`${subject} not what its API promises${firstIssue(parsed.issues)}.`)
}
