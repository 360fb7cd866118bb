import { RequestError } from '@octokit/request-error'
import { RateLimitError } from '../errors.ts'
import { answerOf, apiMessage, remedyOf, statusOf } from './failure.ts'

/**
 * How a DELETE or restore ended that was not carried out, or not surely.
 * - `not-found`: gone already, or no right to it: GitHub says 404 to both.
 * - `refused`: a rule of GitHub's; asking again does not help.
 * - `forbidden`: the token may not.
 * - `limited`: a rate limit; nothing was done.
 * - `unsure`: a server error or a lost answer; it may have been done.
 */
export type NotDone =
  | { readonly kind: 'not-found' | 'refused' | 'limited' | 'unsure'; readonly message: string }
  /** `remedy` where GitHub says the reason, or the token is dead: then nothing is to be granted. */
  | { readonly kind: 'forbidden'; readonly message: string; readonly remedy?: string }

/** How a DELETE or restore ended. */
export type WriteAnswer = { readonly kind: 'done' } | NotDone

/** @throws what is no answer to a write: StaleError, BudgetError, bugs */
export function notDone(error: unknown): NotDone {
  if (error instanceof RateLimitError) return { kind: 'limited', message: error.message }
  if (!(error instanceof RequestError)) throw error
  const message = apiMessage(error)
  switch (statusOf(error)) {
    case 400:
      return { kind: 'refused', message }
    case 401:
    case 403: {
      const remedy = remedyOf(error)
      return { kind: 'forbidden', message, ...(remedy === undefined ? {} : { remedy }) }
    }
    case 404:
      return { kind: 'not-found', message }
    default:
      return { kind: 'unsure', message: answerOf(error) }
  }
}
