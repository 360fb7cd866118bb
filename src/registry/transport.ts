import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { HttpClient } from '@actions/http-client'
import { messageOf } from '../errors.ts'
import { TransientError } from './retry.ts'

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** Sends one request once and reads the whole answer. @throws Passing when there is none, or only a part of one */
export type Send = (request: Request) => Promise<Answer>

/** Answers are manifests, tokens and errors; what is much larger than a manifest may be is none of them. */
const MOST_BYTES = 5 * 1024 * 1024

/**
 * Requests through the runner's proxy, if it has one; no redirect is followed and nothing is sent twice.
 *
 * @param timeoutMs the longest that one request may take, its body included
 */
export function createSend(timeoutMs = 30_000): Send {
  let signal: AbortSignal | undefined
  // The client offers no way to give up on a request; a handler that hands it a signal is one.
  const deadline = {
    prepareRequest: (options: { signal?: AbortSignal | undefined }) => {
      options.signal = signal
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error('not asked for'))
  }
  const connect = () =>
    new HttpClient('ghcr-steward', [deadline], {
      allowRedirects: false,
      allowRetries: false,
      keepAlive: true,
      socketTimeout: timeoutMs
    })
  // A client keeps the agent of the first protocol that it meets for all.
  const clients = new Map<string, HttpClient>()

  return async ({ method, url, headers, body }) => {
    const client = clients.get(url.protocol) ?? connect()
    clients.set(url.protocol, client)
    const limit = AbortSignal.timeout(timeoutMs)
    try {
      // Set and read before anything is awaited, so that each request gets its own.
      signal = limit
      const content = body === undefined ? undefined : { 'content-length': String(body.length) }
      const data = (body === undefined ? null : Readable.from([body])) as NodeJS.ReadableStream
      const { message } = await client.request(method, url.href, data, { ...headers, ...content })
      const chunks: Buffer[] = []
      let size = 0
      // The client's own readBody never ends when the connection breaks.
      for await (const chunk of message) {
        size += chunk.length
        if (size > MOST_BYTES) throw new Error('the answer is far too large')
        chunks.push(chunk)
      }
      return { status: message.statusCode ?? 0, headers: message.headers, body: Buffer.concat(chunks) }
    } catch (error) {
      const why = limit.aborted ? `no answer within ${timeoutMs / 1000} s` : messageOf(error)
      throw new TransientError(why, 0, { cause: error })
    }
  }
}

/** A response header's first value. */
export function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name]
  return Array.isArray(value) ? value[0] : value
}
