import { createHash } from 'node:crypto'
import { type Place, repositoryOf } from './place.ts'

/** A manifest or blob as others name it (OCI image-spec, descriptor). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export interface RegistryAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

/** The OCI distribution API for one repository, as a client without anybody's conveniences speaks it. */
export interface LiveRegistry {
  /** @param path below the repository, such as `/manifests/latest` */
  ask(method: string, path: string, options?: Ask): Promise<RegistryAnswer>
  /** The manifest at a tag or digest; undefined where the registry answers 404. */
  manifest(reference: string): Promise<RegistryAnswer | undefined>
  putBlob(mediaType: string, content: string): Promise<Descriptor>
  /** @param reference a tag, or the digest when left out */
  putManifest(mediaType: string, body: object, reference?: string): Promise<Descriptor>
  /** What the token service answers for pull and push. */
  token(): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }>
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** GitHub's token itself in base64, in place of the one that the registry gives for it. */
  readonly direct?: boolean
  /** Another `owner/name` than the package's own. */
  readonly repository?: string
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const ACCEPT = [
  OCI_INDEX,
  OCI_MANIFEST,
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json'
].join(', ')

const PATIENCE = 60_000

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

export function openRegistry(place: Place): LiveRegistry {
  const own = repositoryOf(place)
  const bearers = new Map<string, string>()

  async function exchange(repository: string) {
    const url = new URL('/token', place.registryUrl)
    url.searchParams.set('service', new URL(place.registryUrl).host)
    url.searchParams.set('scope', `repository:${repository}:pull,push`)
    const credentials = Buffer.from(`${place.owner}:${place.token}`).toString('base64')
    const response = await fetch(url, {
      headers: { authorization: `Basic ${credentials}` },
      signal: AbortSignal.timeout(PATIENCE)
    })
    const text = await response.text()
    return {
      status: response.status,
      body: (response.ok ? JSON.parse(text) : { text }) as Record<string, unknown>
    }
  }

  async function bearerOf(repository: string): Promise<string> {
    const known = bearers.get(repository)
    if (known !== undefined) return known
    const { status, body } = await exchange(repository)
    if (status !== 200)
      throw new Error(`the registry gives no token for ${repository}: ${status} ${body['text']}`)
    const bearer = String(body['token'])
    bearers.set(repository, bearer)
    return bearer
  }

  async function send(method: string, url: URL, headers: Record<string, string>, body?: string) {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE),
      ...(body === undefined ? {} : { body })
    })
    return {
      status: response.status,
      headers: response.headers,
      bytes: Buffer.from(await response.arrayBuffer())
    }
  }

  const ask: LiveRegistry['ask'] = async (
    method,
    path,
    { headers = {}, body, direct = false, repository = own } = {}
  ) => {
    const url = path.startsWith('http')
      ? new URL(path)
      : new URL(`/v2/${repository}${path}`, place.registryUrl)
    const bearer = direct ? Buffer.from(place.token).toString('base64') : await bearerOf(repository)
    return send(method, url, { accept: ACCEPT, ...headers, authorization: `Bearer ${bearer}` }, body)
  }

  async function expecting(status: number, what: string, answer: RegistryAnswer): Promise<RegistryAnswer> {
    if (answer.status === status) return answer
    throw new Error(`${what} was refused: ${answer.status} ${answer.bytes.toString('utf8').slice(0, 300)}`)
  }

  return {
    ask,
    token: () => exchange(own),
    manifest: async reference => {
      const answer = await ask('GET', `/manifests/${reference}`)
      if (answer.status === 404) return undefined
      return expecting(200, `reading ${reference}`, answer)
    },
    putBlob: async (mediaType, content) => {
      const digest = digestOf(content)
      const begun = await expecting(202, 'an upload', await ask('POST', '/blobs/uploads/'))
      const there = new URL(begun.headers.get('location') ?? '', place.registryUrl)
      there.searchParams.set('digest', digest)
      const headers = { 'content-type': 'application/octet-stream' }
      await expecting(201, `the blob ${digest}`, await ask('PUT', there.href, { headers, body: content }))
      return { mediaType, digest, size: Buffer.byteLength(content) }
    },
    putManifest: async (mediaType, body, reference) => {
      const text = JSON.stringify({ schemaVersion: 2, mediaType, ...body })
      const digest = digestOf(text)
      const path = `/manifests/${reference ?? digest}`
      const headers = { 'content-type': mediaType }
      await expecting(
        201,
        `the manifest ${reference ?? digest}`,
        await ask('PUT', path, { headers, body: text })
      )
      return { mediaType, digest, size: Buffer.byteLength(text) }
    }
  }
}
