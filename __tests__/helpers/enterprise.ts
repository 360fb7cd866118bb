import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Emulator } from '../emulator/server.ts'

/**
 * The emulator under the addresses of another GitHub: TLS with a certificate for them, and an HTTP proxy that is the
 * only way there, since no name server knows them. The certificate is good for these tests alone.
 */

const file = (name: string): string => join(import.meta.dirname, 'tls', name)
/** For NODE_EXTRA_CA_CERTS: a certificate that signs itself. */
export const CERTIFICATE = file('cert.pem')

export interface Enterprise {
  /** For `https_proxy`. */
  readonly proxyUrl: string
  /** `host:port` of everything that the proxy was asked to connect to. */
  readonly connected: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** @param publicApi the address of the API that its answers name; requests to any other host are the registry's */
export async function openEnterprise(github: Emulator, publicApi: string): Promise<Enterprise> {
  const apiHost = new URL(publicApi).host
  const options = { cert: readFileSync(CERTIFICATE), key: readFileSync(file('key.pem')) }
  const front = createTlsServer(options, (req, res) => {
    const isApi = req.headers.host === apiHost
    passOn(req, res, isApi ? github.apiUrl : github.registryUrl, text =>
      isApi ? text.replaceAll(github.apiUrl, publicApi) : text
    )
  })
  const connected: string[] = []
  const sockets = new Set<Socket>()
  const proxy = createServer().on('connect', (req: IncomingMessage, client: Socket) => {
    connected.push(req.url ?? '')
    const there = connect((front.address() as AddressInfo).port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      client.pipe(there).pipe(client)
    })
    for (const socket of [client, there]) {
      sockets.add(socket)
      socket.once('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
    }
  })
  await Promise.all(
    [front, proxy].map(server => new Promise<void>(done => server.listen(0, '127.0.0.1', done)))
  )
  return {
    proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    connected,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await Promise.all([front, proxy].map(server => new Promise(done => server.close(done))))
    }
  }
}

/** Hands a request on to one of the emulator's servers, and its answer back with the addresses put right. */
function passOn(
  req: IncomingMessage,
  res: ServerResponse,
  base: string,
  right: (text: string) => string
): void {
  const { host: _, ...headers } = req.headers
  const url = new URL(req.url ?? '/', base)
  const sent = request(url, { method: req.method ?? 'GET', headers }, answer => {
    const chunks: Buffer[] = []
    answer.on('data', (chunk: Buffer) => chunks.push(chunk))
    answer.on('end', () => {
      const { 'content-length': _length, 'transfer-encoding': _encoding, link, ...rest } = answer.headers
      const body = Buffer.concat(chunks)
      const isJson = /json/.test(answer.headers['content-type'] ?? '') && base.includes(url.host)
      const text = isJson ? Buffer.from(right(body.toString('utf8'))) : body
      const links = link === undefined ? {} : { link: right(String(link)) }
      res.writeHead(answer.statusCode ?? 502, { ...rest, ...links, 'content-length': text.length })
      res.end(req.method === 'HEAD' ? undefined : text)
    })
  })
  req.pipe(sent)
}
