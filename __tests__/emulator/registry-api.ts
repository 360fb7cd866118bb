import { randomUUID } from 'node:crypto'
import { type Digest, parseDigest } from '../../src/model/digest.ts'
import { blobsOf, childrenOf, hasBlob, type StoredPackage, type StoredVersion } from './contents.ts'
import { LAG_MS } from './guesses.ts'
import type { Answer, Call, Route } from './http.ts'
import { type RegistryAuth, registryError } from './registry-auth.ts'
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, SCHEMA_1, sha256 } from './shapes.ts'
import type { Awaitable } from './store.ts'
import type { World } from './world.ts'

/** GHCR's side of the OCI distribution API (distribution-spec, spec.md, with what GHCR leaves out). */

const NAME = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)+$/
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** What GHCR says was found where the Accept header does not name the media type. */
const FOUND: Readonly<Record<string, string>> = {
  [OCI_INDEX]: 'OCI index found, but Accept header does not support OCI indexes',
  [OCI_MANIFEST]: 'OCI manifest found, but Accept header does not support OCI manifests',
  [DOCKER_LIST]: 'manifest list found, but Accept header does not support manifest lists',
  [DOCKER_MANIFEST]: 'schema 2 manifest found, but Accept header does not support schema 2 manifests',
  [SCHEMA_1]: 'schema 1 manifest found, but Accept header does not support schema 1 manifests'
}

const manifestUnknown = (message = 'manifest unknown') => registryError(404, 'MANIFEST_UNKNOWN', message)
const nameUnknown = () => registryError(404, 'NAME_UNKNOWN', 'repository name not known to registry')
const blobUnknown = (digest: string) =>
  registryError(400, 'MANIFEST_BLOB_UNKNOWN', `manifest references an unknown blob or manifest ${digest}`)

export function registryRoutes(world: World, auth: RegistryAuth): Route[] {
  /** What came of uploads that are sent in pieces, by their path. */
  const uploads = new Map<string, Buffer>()

  function find(repository: string): StoredPackage | undefined {
    const [login = '', ...rest] = repository.split('/')
    const owner = world.owner(login)
    return owner && world.find(owner, rest.join('/'))
  }

  /** A call that only reads, on a package that is there. */
  const reading =
    (handle: (call: Call, pkg: StoredPackage, repository: string) => Answer) =>
    (call: Call): Answer => {
      const repository = call.params['repository'] ?? ''
      if (!NAME.test(repository)) return registryError(400, 'NAME_INVALID', 'invalid repository name')
      const refused = auth.refuse(call, repository, 'pull')
      if (refused !== undefined) return refused
      const pkg = find(repository)
      if (pkg !== undefined) return handle(call, pkg, repository)
      return world.absentRepository === '404 NAME_UNKNOWN'
        ? nameUnknown()
        : registryError(403, 'DENIED', 'requested access to the resource is denied')
    }

  /** A call that pushes; the package is made by the first one, private and under its pusher's Admin. */
  const writing =
    (handle: (call: Call, pkg: StoredPackage, repository: string) => Awaitable<Answer>) =>
    (call: Call): Awaitable<Answer> => {
      const repository = call.params['repository'] ?? ''
      if (!NAME.test(repository)) return registryError(400, 'NAME_INVALID', 'invalid repository name')
      const refused = auth.refuse(call, repository, 'push')
      if (refused !== undefined) return refused
      return handle(call, find(repository) ?? createFor(call, repository), repository)
    }

  function createFor(call: Call, repository: string): StoredPackage {
    const [login = '', ...rest] = repository.split('/')
    const owner = world.owner(login)
    if (owner === undefined) throw new Error(`a push to ${repository} was let in without an owner`)
    const account = auth.accountOf(call)
    const facts = account?.kind === 'github-token' ? { repository: account.repository } : {}
    const access = account?.kind === 'classic' ? { [account.login]: 'admin' as const } : {}
    return world.create(owner, rest.join('/'), { ...facts, access })
  }

  const read = reading((call, pkg) => {
    const reference = call.params['reference'] ?? ''
    const version = lookUp(pkg, reference) ?? justDeleted(pkg, reference)
    if (version === undefined) return manifestUnknown()
    const accepted = (call.headers.accept ?? '').split(',').map(type => type.split(';')[0]?.trim())
    if (!accepted.includes(version.mediaType)) return manifestUnknown(FOUND[version.mediaType])
    world.pulled(version, call.method)
    return {
      status: 200,
      body: version.bytes,
      headers: {
        'content-type': version.mediaType,
        'docker-content-digest': version.digest,
        etag: `"${version.digest}"`
      }
    }
  })

  const put = writing((call, pkg, repository) => {
    const reference = call.params['reference'] ?? ''
    const byDigest = parseDigest(reference)
    if (byDigest === undefined && !TAG.test(reference)) {
      return registryError(400, 'TAG_INVALID', 'manifest tag did not match')
    }
    const manifest = readPush(call)
    if (manifest === undefined) return registryError(400, 'MANIFEST_INVALID', 'manifest invalid')
    if (byDigest !== undefined && byDigest !== manifest.digest) {
      return registryError(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
    }
    const absent = pkg.byDigest.has(manifest.digest) ? undefined : lacking(pkg, manifest.bytes)
    if (absent !== undefined) return blobUnknown(absent)
    world.arrive(pkg, manifest, byDigest === undefined ? reference : undefined)
    return {
      status: 201,
      headers: {
        location: `/v2/${repository}/manifests/${manifest.digest}`,
        'docker-content-digest': manifest.digest
      }
    }
  })

  const tags = reading((call, pkg, repository) => {
    const wanted = Number(call.query.get('n')) || 100
    const n = Math.min(10_000, Math.max(1, wanted))
    const last = call.query.get('last')
    // Oldest push first (facts 7), so `last` is a place and no name to compare with.
    const names = world.tagOrder === 'by name' ? [...pkg.byTag.keys()].sort() : [...pkg.byTag.keys()]
    const all = last === null ? names : names.slice(names.indexOf(last) + 1)
    const shown = all.slice(0, n)
    const next = `</v2/${repository}/tags/list?last=${encodeURIComponent(shown.at(-1) ?? '')}&n=${n}>; rel="next"`
    return {
      status: 200,
      body: { name: repository, tags: shown },
      ...(all.length > n ? { headers: { link: next } } : {})
    }
  })

  const startUpload = writing((call, pkg, repository) => {
    const digest = call.query.get('digest') ?? call.query.get('mount')
    const done = call.query.get('digest') !== null || (digest !== null && hasBlob(pkg, digest))
    if (digest === null || !done) {
      return { status: 202, headers: { location: `/v2/${repository}/blobs/uploads/${randomUUID()}` } }
    }
    return keepBlob(call, pkg, repository, digest)
  })

  function keepBlob(call: Call, pkg: StoredPackage, repository: string, digest: string): Answer {
    pkg.blobs.set(digest, call.body.length > 0 ? call.body : pkg.blobs.get(digest))
    return {
      status: 201,
      headers: { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest }
    }
  }

  const readBlob = reading((call, pkg) => {
    const digest = call.params['digest'] ?? ''
    if (!hasBlob(pkg, digest)) return registryError(404, 'BLOB_UNKNOWN', 'blob unknown to registry')
    if (world.blobs === 'redirected') return { status: 307, headers: { location: `/elsewhere${call.path}` } }
    return blobOf(pkg, digest)
  })

  function blobOf(pkg: StoredPackage, digest: string): Answer {
    const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest }
    return { status: 200, body: pkg.blobs.get(digest) ?? Buffer.from('{}'), headers }
  }

  /** What the registry still serves although it was deleted, where it lags. */
  function justDeleted(pkg: StoredPackage, reference: string): StoredVersion | undefined {
    if (world.registryLag === 'none') return undefined
    return [...pkg.deleted.values()].find(
      ({ digest, deleted = 0 }) => digest === reference && world.now - deleted < LAG_MS
    )
  }

  const base = '/v2/{repository...}'
  const manifests = `${base}/manifests/{reference}`
  return [
    { method: 'GET', path: '/token', handle: call => auth.exchange(call) },
    {
      method: 'GET',
      path: '/v2/',
      handle: call => auth.refuse(call, '', 'pull') ?? { status: 200, body: {} }
    },
    { method: 'GET', path: manifests, handle: read },
    { method: 'HEAD', path: manifests, handle: read },
    { method: 'PUT', path: manifests, handle: put },
    {
      method: 'DELETE',
      path: manifests,
      handle: () => registryError(405, 'UNSUPPORTED', 'The operation is unsupported.')
    },
    { method: 'GET', path: `${base}/tags/list`, handle: tags },
    { method: 'GET', path: `${base}/referrers/{digest}`, handle: reading(toNowhere) },
    {
      method: 'GET',
      path: '/-/v2/packages/{rest...}',
      handle: () =>
        world.referrers === '429'
          ? { status: 429, body: 'Too many requests' }
          : { status: 404, body: 'Not Found' }
    },
    { method: 'POST', path: `${base}/blobs/uploads/`, handle: startUpload },
    {
      method: 'PATCH',
      path: `${base}/blobs/uploads/{upload}`,
      handle: writing(call => {
        const begun = uploads.get(call.path) ?? Buffer.alloc(0)
        uploads.set(call.path, Buffer.concat([begun, call.body]))
        return { status: 202, headers: { location: call.path } }
      })
    },
    {
      method: 'PUT',
      path: `${base}/blobs/uploads/{upload}`,
      handle: writing((call, pkg, repository) => {
        const body = Buffer.concat([uploads.get(call.path) ?? Buffer.alloc(0), call.body])
        uploads.delete(call.path)
        return keepBlob({ ...call, body }, pkg, repository, call.query.get('digest') ?? '')
      })
    },
    {
      method: 'GET',
      path: `/elsewhere${base}/blobs/{digest}`,
      handle: ({ params }) => {
        const pkg = find(params['repository'] ?? '')
        return pkg === undefined ? nameUnknown() : blobOf(pkg, params['digest'] ?? '')
      }
    },
    { method: 'GET', path: `${base}/blobs/{digest}`, handle: readBlob },
    { method: 'HEAD', path: `${base}/blobs/{digest}`, handle: readBlob }
  ]
}

function lookUp(pkg: StoredPackage, reference: string): StoredVersion | undefined {
  const digest = parseDigest(reference)
  const found = digest === undefined ? pkg.byTag.get(reference) : pkg.byDigest.get(digest)
  if (found !== undefined || !pkg.lies.some(({ kind }) => kind === 'served')) return found
  return [...pkg.deleted.values()].find(gone => gone.digest === digest || gone.tags.includes(reference))
}

/** The manifest of a push: bytes as sent, its media type, its digest. */
function readPush(call: Call) {
  const mediaType = call.headers['content-type'] ?? ''
  if (FOUND[mediaType] === undefined) return undefined
  try {
    const body: unknown = JSON.parse(call.body.toString('utf8'))
    if (typeof body !== 'object' || body === null) return undefined
  } catch {
    return undefined
  }
  return { mediaType, bytes: call.body, digest: sha256(call.body), size: call.body.length }
}

/** The first thing that these bytes need and the package does not have. */
function lacking(pkg: StoredPackage, bytes: Buffer): Digest | string | undefined {
  return (
    childrenOf(bytes).find(child => !pkg.byDigest.has(child)) ??
    blobsOf(bytes).find(blob => !hasBlob(pkg, blob))
  )
}

/** GHCR has no referrers API: since 2026 it redirects to a page of github.com (artifacthub/hub#4785). */
const toNowhere = (call: Call, _pkg: StoredPackage, repository: string): Answer => ({
  status: 303,
  headers: {
    location: `http://${call.headers.host}/-/v2/packages/container/package/${encodeURIComponent(repository)}`
  }
})
