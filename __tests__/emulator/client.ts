import type { Emulator } from './server.ts'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SCHEMA_1 } from './shapes.ts'

/** A plain caller of the emulator, for its own tests. */

export interface Reply {
  readonly status: number
  readonly headers: Headers
  /** Parsed where it is JSON; the text otherwise; undefined for no body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any
  readonly text: string
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text()
  const json = text !== '' && response.headers.get('content-type')?.includes('json')
  const body: unknown = text === '' ? undefined : json ? JSON.parse(text) : text
  return { status: response.status, headers: response.headers, body, text }
}

/** Calls the API with this token: `call('DELETE /orgs/acme/…')`; a whole URL goes as it is. */
export const caller =
  (emulator: Emulator, token?: string) =>
  async (request: string): Promise<Reply> => {
    const [method = 'GET', place = ''] = request.split(' ')
    const url = place.startsWith('http') ? place : `${emulator.apiUrl}${place}`
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `token ${token}` }
    return reply(await fetch(url, { method, headers, redirect: 'manual' }))
  }

export const EVERYTHING = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST, SCHEMA_1].join(', ')

/** Exchanges a token for one of the registry; the reply as it is where that is refused. */
export async function exchange(
  emulator: Emulator,
  repository: string,
  actions: string,
  token?: string
): Promise<Reply> {
  const scope = encodeURIComponent(`repository:${repository}:${actions}`)
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }
  return reply(await fetch(`${emulator.registryUrl}/token?service=ghcr.io&scope=${scope}`, { headers }))
}

/** Calls the registry below `/v2/<repository>/` with a token of its own. */
export async function registryCaller(
  emulator: Emulator,
  repository: string,
  actions: string,
  token?: string
) {
  const bearer: string = (await exchange(emulator, repository, actions, token)).body.token
  return async (
    request: string,
    push?: { type: string; bytes: Buffer },
    accept = EVERYTHING
  ): Promise<Reply> => {
    const [method = 'GET', place = ''] = request.split(' ')
    const headers = {
      authorization: `Bearer ${bearer}`,
      accept,
      ...(push === undefined ? {} : { 'content-type': push.type })
    }
    const body = push === undefined ? {} : { body: new Uint8Array(push.bytes) }
    const url = `${emulator.registryUrl}/v2/${repository}/${place}`
    return reply(await fetch(url, { method, headers, redirect: 'manual', ...body }))
  }
}
