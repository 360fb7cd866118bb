import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Trouble } from './faults.ts'
import type { Answer } from './http.ts'

/** Answers on the wire, whole or harmed, and the servers that send them. */

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'

const EMPTY = Buffer.alloc(0)

/** Carries a request out under whatever troubles it; without any that is just to answer it. */
export async function suffer(
  troubles: readonly Trouble[],
  res: ServerResponse,
  log: { status: number },
  headers: IncomingHttpHeaders,
  respond: () => Promise<Answer>
): Promise<void> {
  for (const trouble of troubles) {
    if (trouble.kind === 'first') await trouble.run()
    if (trouble.kind === 'delay') await sleep(trouble.ms)
  }
  const held = troubles.find(({ kind }) => kind === 'stall' || kind === 'reset' || kind === 'switch')
  if (held !== undefined) {
    if (held.kind === 'reset') res.destroy()
    else if (held.kind === 'switch') res.socket?.end(SWITCH)
    // A request that is never answered is under way until its client gives up.
    else if (!res.closed) await once(res, 'close')
    return
  }
  const told = troubles.find(trouble => trouble.kind === 'answer')
  if (told !== undefined) return send(res, log, told.answer)
  const echo = troubles.find(trouble => trouble.kind === 'echo')
  if (echo !== undefined) return send(res, log, echo.answer(headers))
  const answer = await respond()
  for (const trouble of troubles) if (trouble.kind === 'then') await trouble.run()
  const harm = troubles.find(({ kind }) => !['first', 'then', 'late', 'delay'].includes(kind))?.kind
  if (harm === 'lost-reset') res.destroy()
  else if (harm === 'lost-502') send(res, log, { status: 502, body: '<html>Bad Gateway</html>' })
  else if (harm === 'empty') send(res, log, { ...answer, body: Buffer.alloc(0) })
  else if (harm === 'garbage') send(res, log, { ...answer, body: '[{"id": 1, "name": "sha256:' })
  else if (harm === 'cut') cut(res, log, answer)
  else send(res, log, answer)
}

/** The bytes of a body, and the type that goes with them where the answer names none. */
function encode(body: unknown): { bytes: Buffer; type: string } {
  if (Buffer.isBuffer(body)) return { bytes: body, type: 'application/json; charset=utf-8' }
  if (typeof body === 'string') return { bytes: Buffer.from(body), type: 'text/html' }
  const text = body === undefined ? '' : JSON.stringify(body)
  return { bytes: Buffer.from(text), type: 'application/json; charset=utf-8' }
}

let answers = 0
function head(res: ServerResponse, log: { status: number }, answer: Answer): Buffer {
  log.status = answer.status
  const { bytes, type } = encode(answer.body)
  res.writeHead(answer.status, {
    'x-github-request-id': `0001:${(answers++).toString(16).toUpperCase()}`,
    ...(bytes.length > 0 ? { 'content-type': type } : {}),
    ...(answer.status === 204 ? {} : { 'content-length': bytes.length }),
    ...answer.headers
  })
  return bytes
}

function send(res: ServerResponse, log: { status: number }, answer: Answer): void {
  const bytes = head(res, log, answer)
  // Node leaves a body away by itself where the request was a HEAD.
  res.end(bytes)
}

function cut(res: ServerResponse, log: { status: number }, answer: Answer): void {
  const bytes = head(res, log, answer)
  res.write(bytes.subarray(0, bytes.length >> 1), () => res.destroy())
}

export async function bodyOf(req: IncomingMessage): Promise<Buffer> {
  const { 'content-length': length, 'transfer-encoding': encoding } = req.headers
  // Nearly every request has none, and to wait for its end takes as long as many an answer.
  if (length === undefined && encoding === undefined) return EMPTY
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** One server on a free port. A handler that throws is a bug of the emulator: it answers 500 and says it. */
export async function listen(serve: (req: IncomingMessage, res: ServerResponse) => Promise<void>) {
  const server: Server = createServer({ keepAliveTimeout: 120_000 }, (req, res) => {
    serve(req, res).catch((error: unknown) => {
      if (res.destroyed) return
      process.stderr.write(`emulator: ${error instanceof Error ? error.stack : String(error)}\n`)
      if (res.headersSent) res.destroy()
      else res.writeHead(500).end('emulator bug')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}
