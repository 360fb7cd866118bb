import * as z from 'zod'
import { jsonOf, listOf } from '../util/parse-foreign.ts'
import { TransientError } from './retry.ts'
import { type Answer, headerOf } from './transport.ts'

/** An answer has one or two errors; megabytes of them are none. */
const MOST_ERRORS = 100

const error = z.object({ code: z.string().catch(''), message: z.string().catch('') })
const body = z.object({ errors: z.array(z.unknown()).min(1).max(MOST_ERRORS).pipe(listOf(error)) })

/** The `errors` of an answer (distribution-spec, Error Codes); empty where the body is anything else. */
export function errorsOf(answer: Answer): readonly { readonly code: string; readonly message: string }[] {
  return jsonOf(body, answer.body)?.errors ?? []
}

/**
 * True only for an answer that says that there is no such manifest. GHCR gives the same status and code when
 * the Accept header is too short, and a proxy's own 404 says nothing of the registry.
 */
export function saysMissing(answer: Answer): boolean {
  const errors = errorsOf(answer)
  return (
    answer.status === 404 &&
    errors.length > 0 &&
    errors.every(({ code, message }) => MISSING.has(code) && !/\baccept/i.test(message))
  )
}

/** True for an answer that says that the type of what is there was not among those that were asked for. */
export function saysNotAccepted(answer: Answer): boolean {
  return answer.status === 404 && errorsOf(answer).some(({ message }) => /\baccept/i.test(message))
}

const MISSING: ReadonlySet<string> = new Set(['MANIFEST_UNKNOWN', 'NAME_UNKNOWN'])

/** What an answer says, as a phrase for people: `HTTP 403 DENIED: invalid token`. */
export function phraseOf(answer: Answer): string {
  const [first] = errorsOf(answer)
  const said = first === undefined ? '' : ` ${first.code}${first.message === '' ? '' : `: ${first.message}`}`
  return `HTTP ${answer.status}${said.replaceAll(/[\p{Cc}\s]+/gu, ' ').slice(0, 300)}`
}

/** Why nothing was read, as a phrase for people. */
export function answered(answer: Answer): string {
  const hint =
    answer.status === 403 ? ' (does the token have `packages: read` and a role on the package?)' : ''
  return `the registry answered ${phraseOf(answer)}${hint}`
}

/** The answer, unless the same request may well be answered better a little later. @throws TransientError */
export function settled(answer: Answer, cause = answered): Answer {
  const { status } = answer
  if (status !== 408 && status !== 429 && status < 500) return answer
  throw new TransientError(cause(answer), retryAfter(answer))
}

/** What the registry asks to wait, in milliseconds; GHCR names no header but a Go duration in the message. */
function retryAfter(answer: Answer): number {
  const text = headerOf(answer, 'retry-after') ?? ''
  return /^\d{1,6}$/.test(text) ? Number(text) * 1000 : 0
}
