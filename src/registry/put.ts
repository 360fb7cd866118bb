import { ExpectedError, timeIsOver, UnsureError } from '../errors.ts'
import { type Digest, parseDigest, sha256Of } from '../model/digest.ts'
import { urlOf } from './address.ts'
import { refusal, type Scope } from './auth.ts'
import type { Connection } from './connection.ts'
import { phraseOf } from './failure.ts'
import { TransientError, Unavailable } from './retry.ts'
import { type Answer, headerOf } from './transport.ts'

/** What writing to a repository needs. */
const pushing = (repository: string): Scope => ({
  repository: repository.toLowerCase(),
  actions: 'pull,push'
})

/** @throws ExpectedError when the registry gives no token for that, and BudgetError after the deadline */
export async function prepareToPut(connection: Connection, repository: string): Promise<void> {
  try {
    await connection.prepare(pushing(repository))
  } catch (error) {
    if (error instanceof TransientError) throw timeIsOver()
    if (!(error instanceof Unavailable)) throw error
    throw new ExpectedError(`Nothing can be written to ${repository}: ${error.message}.`, { cause: error })
  }
}

/**
 * Puts a manifest under a tag and gives its digest. Sent once: a second try could overwrite somebody's push.
 *
 * @throws ExpectedError when the registry refuses, saying what is lacking, and UnsureError when it does not answer
 */
export async function putManifest(
  connection: Connection,
  repository: string,
  tag: string,
  body: Uint8Array,
  mediaType: string
): Promise<Digest> {
  const { base } = connection
  const scope = pushing(repository)
  const place = `${base.host}/${scope.repository}:${tag}`
  const url = urlOf(base, scope.repository, tag)
  let answer: Answer
  try {
    answer = await connection.send(scope, {
      method: 'PUT',
      url,
      headers: { 'content-type': mediaType },
      body
    })
  } catch (error) {
    if (!(error instanceof TransientError || error instanceof Unavailable)) throw error
    throw unsure(place, error.message, error)
  }
  if (answer.status === 401 || answer.status === 403) {
    throw new ExpectedError(refusal(scope, base, phraseOf(answer)))
  }
  if (answer.status < 200 || answer.status > 299) {
    const phrase = phraseOf(answer)
    if (answer.status >= 500) throw unsure(place, phrase)
    throw new ExpectedError(`The registry did not store ${place}: ${phrase}.`)
  }
  return parseDigest(headerOf(answer, 'docker-content-digest') ?? '') ?? sha256Of(body)
}

/** What failed at the registry's end may have been carried out. */
const unsure = (place: string, why: string, cause?: unknown): UnsureError =>
  new UnsureError(`Writing ${place} failed, or its answer was lost: ${why}.`, { cause })
