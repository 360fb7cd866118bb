import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGitHub } from '../../src/github/client.ts'
import { createSecrets, type Secrets } from '../../src/util/secrets.ts'
import { fakeClock } from '../helpers/fake-clock.ts'

export interface Received {
  readonly method: string
  /** Path and query as they came, percent-encoding included. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

/** An answer: status, body (an object becomes JSON), headers; or a function that does what it likes. */
export type Answer =
  | readonly [status: number, body?: unknown, headers?: Record<string, string>]
  | ((response: ServerResponse) => void)

export interface Server extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
}

/** A GitHub that answers as `answer` says. */
export async function serve(
  answer: (request: Received, count: number, url: string) => Answer | Promise<Answer>
): Promise<Server> {
  const received: Received[] = []
  let home = ''
  const server = createServer(async (message, response) => {
    const request = { method: message.method ?? '', url: message.url ?? '', headers: message.headers }
    received.push(request)
    const reply = await answer(request, received.length, home)
    if (typeof reply === 'function') return reply(response)
    const [status, body, headers = {}] = reply
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  home = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: home,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}

/** A client of that server whose waits take no time. */
export function connect(
  server: Server,
  more: {
    path?: string
    token?: string
    deadline?: number
    reserve?: number
    patience?: number
    made?: Secrets
  } = {}
) {
  const clock = fakeClock()
  const token = more.token ?? 'ghp_test'
  const github = createGitHub({
    token,
    secrets: createSecrets(token),
    ...(more.made && { made: more.made }),
    baseUrl: `${server.url}${more.path ?? ''}`,
    reserve: more.reserve ?? 0,
    patience: more.patience ?? 5 * 60_000,
    deadline: more.deadline ?? Number.POSITIVE_INFINITY,
    clock
  })
  return { ...github, clock, waited: since(clock.now) }
}

/** How long the clock went on since now. */
function since(now: () => number): () => number {
  const start = now()
  return () => now() - start
}

/** What GitHub says when its secondary limit was met. */
export const SECONDARY = {
  message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  documentation_url: 'https://docs.github.com/rest'
}
