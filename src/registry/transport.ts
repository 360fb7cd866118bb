import http, { type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { HttpClient } from '@actions/http-client'
import { messageOf } from '../errors.ts'
import { orAborted } from '../util/or-aborted.ts'
import type { Scrub } from '../util/secrets.ts'
import { TransientError } from './retry.ts'

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** No longer than this is waited for an answer, in milliseconds. */
  readonly within?: number
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Uint8Array
}

/** Sends one request once and reads the whole answer. @throws TransientError when there is none, or only a part of one */
export type Send = (request: Request) => Promise<Answer>

const NAME = 'ghcr-steward'

/** Answers are manifests, tokens and errors; what is much larger than a manifest may be is none of them. */
const MOST_BYTES = 5 * 1024 * 1024

/** Sends one request once, and gives the answer with its body still to be read. */
export type Open = (
  method: 'GET' | 'HEAD' | 'PUT' | 'POST',
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Readable | undefined,
  limit: AbortSignal
) => Promise<IncomingMessage>

/**
 * Requests through the runner's proxy, if it has one; no redirect is followed and nothing is sent twice. Each of them ends:
 * with an answer, with the connection, or when its `limit` is aborted.
 */
export function createOpen(): Open {
  // The runner's own client knows its proxies. It would wait forever for the answer on a connection that changes its protocol.
  const agents = new Map<string, HttpClient>()
  const agentOf = ({ protocol, href }: URL): Agent => {
    // It keeps the agent of the first protocol that it meets for all.
    const client = agents.get(protocol) ?? new HttpClient(NAME, [], { keepAlive: true })
    agents.set(protocol, client)
    return client.getAgent(href)
  }

  return async (method, url, headers, body, limit) => {
    limit.throwIfAborted()
    const { request } = url.protocol === 'https:' ? https : http
    const asked = request(url, {
      method,
      headers: { 'user-agent': NAME, ...headers },
      agent: agentOf(url),
      signal: limit
    })
    const answer = answerTo(asked)
    if (body === undefined) asked.end()
    else body.once('error', error => asked.destroy(error)).pipe(asked)
    return orAborted(limit, answer)
  }
}

function answerTo(asked: http.ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let answered = false
    asked.once('response', message => {
      answered = true
      resolve(message)
    })
    asked.on('error', reject)
    asked.once('upgrade', ({ statusCode }, socket) => {
      socket.destroy()
      reject(new Error(`HTTP ${statusCode}, which nobody asked for`))
    })
    asked.once('close', () => {
      if (!answered) reject(new Error('the connection ended without an answer'))
    })
  })
}

/**
 * Requests whose answers are small enough to be read as a whole.
 *
 * @param timeoutMs the longest that one request may take, its body included
 */
export function createSend(timeoutMs = 30_000): Send {
  const open = createOpen()
  return async ({ method, url, headers, body, within = timeoutMs }) => {
    const most = Math.ceil(Math.min(timeoutMs, within))
    const limit = AbortSignal.timeout(most)
    try {
      const length = body === undefined ? undefined : { 'content-length': String(body.length) }
      const data = body === undefined ? undefined : Readable.from([body])
      const message = await open(method, url, { ...headers, ...length }, data, limit)
      const content = await readBody(message, MOST_BYTES)
      return { status: message.statusCode ?? 0, headers: message.headers, body: content }
    } catch (error) {
      const why = limit.aborted ? `no answer within ${Math.ceil(most / 1000)} s` : messageOf(error)
      throw new TransientError(why, 0, { cause: error })
    }
  }
}

/**
 * The same requests, whose answers say no secret again: the one place where the registry's text enters.
 *
 * @param scrub applied to everything, so that bytes with a secret in them do not fit their digest
 * @param success applied instead to the body of what was asked for, where that is a secret itself
 */
export function scrubbed(send: Send, scrub: Scrub, success = scrub): Send {
  return async request => {
    try {
      const { status, headers, body } = await send(request)
      const fine = status >= 200 && status < 300
      return {
        status,
        headers: scrubHeaders(headers, scrub),
        body: scrubBytes(body, fine ? success : scrub)
      }
    } catch (error) {
      if (!(error instanceof TransientError)) throw error
      throw new TransientError(scrub(error.message), error.pause)
    }
  }
}

function scrubHeaders(headers: IncomingHttpHeaders, scrub: Scrub): IncomingHttpHeaders {
  const clean = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(scrub) : value && scrub(value)
  ])
  return Object.fromEntries(clean)
}

/** Every byte is one character, so that what holds no secret stays as it is. */
function scrubBytes(body: Uint8Array, scrub: Scrub): Uint8Array {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1')
  const clean = scrub(text)
  return clean === text ? body : Buffer.from(clean, 'latin1')
}

/** The whole body of an answer, of at most so many bytes. @throws when it is larger, or when it breaks off */
export async function readBody(message: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // The client's own readBody never ends when the connection breaks.
  for await (const chunk of message) {
    size += chunk.length
    if (size > most) throw new Error('the answer is far too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A response header's first value. */
export function headerOf(answer: Answer, name: string): string | undefined {
  const value = answer.headers[name]
  return Array.isArray(value) ? value[0] : value
}
