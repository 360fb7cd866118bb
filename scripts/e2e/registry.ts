import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_INDEX,
  OCI_MANIFEST,
  sha256
} from '../../__tests__/emulator/shapes.ts'
import { type Digest, parseDigest } from '../../src/model/digest.ts'
import { readStored, type StoredRepository } from './stored.ts'
import type { Workshop } from './workshop.ts'

export interface Fetched {
  readonly bytes: Buffer
  readonly mediaType: string
}

/** Debian's docker-registry on a free port of 127.0.0.1. Repositories are `owner/name`. */
export interface RealRegistry {
  /** `127.0.0.1:<port>`, as clients name it. */
  readonly host: string
  readonly url: string
  /** What its own files say is in a repository. */
  stored(repository: string): Promise<StoredRepository>
  /** A manifest; undefined when the registry says that it has none. @throws Error for any other answer */
  manifest(repository: string, reference: string): Promise<Fetched | undefined>
  /** Puts a manifest under a tag or its digest. @throws Error when the registry refuses it */
  put(repository: string, reference: string, manifest: Fetched): Promise<Digest>
  /** Deletes a manifest and, as this registry does by itself, its tags. @throws Error when it is not done */
  delete(repository: string, digest: Digest): Promise<void>
  /** True when the registry has this blob for the repository. */
  hasBlob(repository: string, digest: string): Promise<boolean>
  /** @throws Error when the registry does not have it */
  blob(repository: string, digest: string): Promise<Buffer>
  /** @throws Error when the registry refuses it */
  putBlob(repository: string, content: Uint8Array): Promise<Digest>
  /** Throws away every blob that no manifest names, as GHCR does some time after a deletion. */
  collectGarbage(): Promise<void>
}

export const ACCEPT = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ')

/** Starts the registry; it ends with the workshop. */
export async function startRegistry(workshop: Workshop): Promise<RealRegistry> {
  const storage = join(workshop.dir, 'registry')
  const config = join(workshop.dir, 'registry.yml')
  writeFileSync(config, configuration(storage))
  const host = await listening(workshop, config)
  const url = `http://${host}`
  const place = (repository: string, reference: string) => `${url}/v2/${repository}/manifests/${reference}`

  return {
    host,
    url,
    stored: repository => readStored(storage, repository),
    async manifest(repository, reference) {
      const response = await fetch(place(repository, reference), { headers: { accept: ACCEPT } })
      const bytes = Buffer.from(await response.arrayBuffer())
      if (response.status === 404) return undefined
      if (response.status !== 200)
        throw new Error(`${place(repository, reference)}: ${response.status} ${bytes}`)
      return { bytes, mediaType: response.headers.get('content-type') ?? '' }
    },
    async put(repository, reference, { bytes, mediaType }) {
      const headers = { 'content-type': mediaType }
      const body = new Uint8Array(bytes)
      const response = await fetch(place(repository, reference), { method: 'PUT', headers, body })
      const said = await response.text()
      const digest = parseDigest(response.headers.get('docker-content-digest') ?? '')
      if (response.status === 201 && digest !== undefined) return digest
      throw new Error(`PUT ${place(repository, reference)}: ${response.status} ${said}`)
    },
    async delete(repository, digest) {
      const response = await fetch(place(repository, digest), { method: 'DELETE' })
      const said = await response.text()
      if (response.status !== 202)
        throw new Error(`DELETE ${place(repository, digest)}: ${response.status} ${said}`)
    },
    async hasBlob(repository, digest) {
      const response = await fetch(`${url}/v2/${repository}/blobs/${digest}`, { method: 'HEAD' })
      return response.status === 200
    },
    async blob(repository, digest) {
      const response = await fetch(`${url}/v2/${repository}/blobs/${digest}`)
      if (response.status === 200) return Buffer.from(await response.arrayBuffer())
      throw new Error(`${repository} has no blob ${digest}: ${response.status}`)
    },
    async putBlob(repository, content) {
      const begun = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
      const upload = new URL(begun.headers.get('location') ?? '', url)
      const digest = sha256(content)
      upload.searchParams.set('digest', digest)
      const done = await fetch(upload, { method: 'PUT', body: new Uint8Array(content) })
      const said = await done.text()
      if (done.status === 201) return digest
      throw new Error(`a blob for ${repository} was refused: ${done.status} ${said}`)
    },
    async collectGarbage() {
      await workshop.run('docker-registry', ['garbage-collect', config])
    }
  }
}

const configuration = (storage: string): string => `version: 0.1
log: { level: info, formatter: json }
storage:
  filesystem: { rootdirectory: ${storage} }
  delete: { enabled: true }
http:
  addr: 127.0.0.1:0
  relativeurls: true
`

/** The address that the registry says it listens on: it chose the port itself, so nobody can snatch it away. */
function listening(workshop: Workshop, config: string): Promise<string> {
  const child = workshop.start('docker-registry', ['serve', config])
  const said: string[] = []
  return new Promise((settle, fail) => {
    child.once('error', fail)
    child.once('close', code => fail(new Error(`docker-registry ended with ${code}:\n${said.join('\n')}`)))
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue
      // Goes on reading to the end, for a full pipe would bring the registry to a halt.
      createInterface(stream).on('line', line => {
        if (said.length < 50) said.push(line)
        const address = /listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1]
        if (address !== undefined) settle(address)
      })
    }
  })
}
