import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Builder } from './builder.ts'
import { exchange, registryCaller } from './client.ts'
import { type Emulator, startEmulator } from './server.ts'
import {
  artifact,
  cacheIndex,
  chart,
  dockerList,
  emptyIndex,
  image,
  index,
  manifest,
  OCI_INDEX,
  OCI_MANIFEST,
  type Shape,
  schema1,
  sha256
} from './shapes.ts'
import type { World } from './world.ts'

let github: Emulator
let world: World
let app: Builder
let now = 0

beforeEach(async () => {
  now = 1_000_000
  github = await startEmulator({ now: () => now })
  world = github.world
  world.org('acme', { olivia: 'admin', max: 'member' })
  app = world.package('acme/app', { repository: 'acme/app' })
})
afterEach(() => github.close())

const registry = (actions = 'pull', token = world.classic('olivia'), repository = 'acme/app') =>
  registryCaller(github, repository, actions, token)
const codeOf = ({ status, body }: { status: number; body: { errors: { code: string }[] } }) => [
  status,
  body?.errors?.[0]?.code
]

it('asks for a token with a challenge, and takes back what has expired', async () => {
  app.push(manifest(), { tags: ['v1'] })
  const bare = await fetch(`${github.registryUrl}/v2/acme/app/manifests/v1`)
  expect(bare.status).toBe(401)
  expect(bare.headers.get('www-authenticate')).toBe(
    `Bearer realm="${github.registryUrl}/token",service="${new URL(github.registryUrl).host}",scope="repository:acme/app:pull"`
  )
  const call = await registry()
  expect((await call('GET manifests/v1')).status).toBe(200)
  now += 300_000
  expect((await call('GET manifests/v1')).status).toBe(401)
})

it('exchanges by GET alone, with Basic alone', async () => {
  const url = `${github.registryUrl}/token?scope=repository:acme/app:pull`
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  const bearer = { authorization: `Bearer ${world.classic('olivia')}` }
  expect((await fetch(url, { headers: bearer })).status).toBe(401)
})

it.each([
  ['public', undefined, 200],
  ['private', undefined, 403],
  ['private', 'ghp_wrong', 403]
] as const)('gives a token for a %s package to %s: %i', async (visibility, token, status) => {
  app.row.visibility = visibility
  expect((await exchange(github, 'acme/app', 'pull', token)).status).toBe(status)
  if (token === undefined) expect((await exchange(github, 'acme/nothing', 'pull')).status).toBe(403)
})

it.each([
  ['a stranger', () => world.classic('stranger'), 403],
  ['somebody without read:packages', () => world.classic('olivia', ['repo']), 403],
  ['a fine-grained token', () => world.fineGrained('olivia'), 403],
  ["an App's token", () => world.appToken('acme'), 403],
  ['a workflow elsewhere', () => world.githubToken('acme/other'), 403],
  ['the workflow', () => world.githubToken('acme/app', { packages: 'read' }), 200],
  ['the workflow, long token', () => world.longGithubToken('acme/app'), 200],
  ['a member', () => world.classic('max', ['read:packages']), 200]
])('lets %s log in to a private package, and pull: %s', async (_, token, status) => {
  app.push(manifest(), { tags: ['v1'] })
  expect((await exchange(github, 'acme/app', 'pull', token())).status).toBe(200)
  expect((await (await registry('pull', token()))('GET manifests/v1')).status).toBe(status)
})

it.each<[string, () => Shape]>([
  ['an image', manifest],
  ['a buildx image', () => image(undefined, { attest: 'new' })],
  ['an older buildx image', () => image(undefined, { attest: 'old' })],
  ['a Docker list', dockerList],
  ['a nested index', () => index([{ shape: index([{ shape: manifest(), platform: 'linux/amd64' }]) }])],
  ['a chart', () => chart()],
  ['an artifact', () => artifact()],
  ['a cache index', cacheIndex],
  ['an empty index', emptyIndex]
])('serves %s byte for byte under its real digest', async (_, make) => {
  const pushed = app.push(make(), { tags: ['v1'] })
  const answer = await (await registry())('GET manifests/v1')
  expect(answer.headers.get('docker-content-digest')).toBe(pushed.digest)
  expect(answer.headers.get('content-type')).toBe(pushed.mediaType)
  expect(sha256(answer.text)).toBe(pushed.digest)
  expect(world.pullable('acme/app', 'v1')).toEqual([])
})

it('serves schema 1 under the digest of its payload, which is not that of its bytes', async () => {
  const pushed = app.push(schema1(), { tags: ['old'] })
  const answer = await (await registry())(`GET manifests/${pushed.digest}`)
  expect(answer.headers.get('docker-content-digest')).toBe(pushed.digest)
  expect(answer.text).toBe(pushed.shape.bytes.toString())
  expect(sha256(answer.text)).not.toBe(pushed.digest)
})

it('answers 404 where the Accept header is too short, and says so only in the message', async () => {
  app.push(image(), { tags: ['v1'] })
  const answer = await (await registry())('GET manifests/v1', undefined, OCI_MANIFEST)
  expect(answer.status).toBe(404)
  expect(answer.body.errors).toEqual([
    {
      code: 'MANIFEST_UNKNOWN',
      message: 'OCI index found, but Accept header does not support OCI indexes'
    }
  ])
})

it('knows the ways in which something is not there', async () => {
  const call = await registry()
  expect(codeOf(await call('GET manifests/v9'))).toEqual([404, 'MANIFEST_UNKNOWN'])
  expect((await call('HEAD manifests/v9')).body).toBeUndefined()
  const elsewhere = await registry('pull', world.classic('olivia'), 'acme/nothing')
  expect(codeOf(await elsewhere('GET manifests/v1'))).toEqual([404, 'NAME_UNKNOWN'])
  const upper = await registry('pull', world.classic('olivia'), 'Acme/app')
  expect(codeOf(await upper('GET manifests/v1'))).toEqual([400, 'NAME_INVALID'])
})

it('refuses deletions, and sends whoever asks for referrers to a page that is of no use', async () => {
  const pushed = app.push(manifest(), { tags: ['v1'] })
  const call = await registry('pull,push')
  expect(codeOf(await call(`DELETE manifests/${pushed.digest}`))).toEqual([405, 'UNSUPPORTED'])
  const redirect = await call(`GET referrers/${pushed.digest}`)
  expect(redirect.status).toBe(303)
  const there = new URL(redirect.headers.get('location') ?? '', github.registryUrl)
  expect((await fetch(there)).status).toBe(404)
})

it('lists tags in order, a hundred at a time unless asked, linked by a relative path', async () => {
  for (let n = 0; n < 250; n++) app.push(manifest(), { tags: [`t${String(n).padStart(3, '0')}`] })
  const call = await registry()
  expect((await call('GET tags/list')).body.tags).toHaveLength(100)
  expect((await call('GET tags/list?n=1000')).headers.get('link')).toBeNull()
  const first = await call('GET tags/list?n=200')
  expect(first.headers.get('link')).toBe('</v2/acme/app/tags/list?last=t199&n=200>; rel="next"')
  expect((await call('GET tags/list?last=t199&n=200')).body.tags).toHaveLength(50)
  for (let n = 250; n < 1_100; n++) app.push(manifest(), { tags: [`t${n}`] })
  expect((await call('GET tags/list?n=10000')).body.tags).toHaveLength(1_100)
})

it('takes a push: the tag moves, the version that had it stays without', async () => {
  const old = app.push(manifest(), { tags: ['v1'] })
  const shape = emptyIndex()
  const call = await registry('pull,push')
  const answer = await call('PUT manifests/v1', { type: OCI_INDEX, bytes: shape.bytes })
  expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, shape.digest])
  expect(app.tags()).toEqual({ v1: shape.digest })
  expect(app.version(old.digest)?.tags).toEqual([])
})

it.each([
  ['an index whose child is not there', () => image(), 'v1', 'MANIFEST_BLOB_UNKNOWN'],
  ['an image whose layers are not there', () => manifest(), 'v1', 'MANIFEST_BLOB_UNKNOWN'],
  ['bytes under another digest', () => emptyIndex(), sha256('other'), 'DIGEST_INVALID'],
  ['a tag that is none', () => emptyIndex(), '-v1', 'TAG_INVALID']
])('refuses the push of %s', async (_, make, reference, code) => {
  const { mediaType, bytes } = make()
  const call = await registry('pull,push')
  expect(codeOf(await call(`PUT manifests/${reference}`, { type: mediaType, bytes }))).toEqual([400, code])
})

it('takes a whole image from below: blobs, then the manifest, into a package that it makes', async () => {
  const shape = manifest()
  const body = JSON.parse(shape.bytes.toString())
  const token = world.githubToken('acme/new')
  const call = await registry('pull,push', token, 'acme/new')
  for (const { digest } of [body.config, ...body.layers]) {
    const upload = await call('POST blobs/uploads/')
    expect(upload.status).toBe(202)
    const place = upload.headers.get('location')?.replace('/v2/acme/new/', '')
    expect((await call(`PUT ${place}?digest=${digest}`)).status).toBe(201)
    expect((await call(`HEAD blobs/${digest}`)).status).toBe(200)
  }
  expect((await call('PUT manifests/v1', { type: OCI_MANIFEST, bytes: shape.bytes })).status).toBe(201)
  expect(world.package('acme/new').row).toMatchObject({ visibility: 'private', repository: 'acme/new' })
  expect(world.pullable('acme/new', 'v1')).toEqual([])
})

it('puts a blob together that is sent in pieces', async () => {
  const call = await registry('pull,push')
  const place = (await call('POST blobs/uploads/')).headers.get('location')?.replace('/v2/acme/app/', '')
  const piece = (text: string) => ({ type: 'application/octet-stream', bytes: Buffer.from(text) })
  for (const text of ['[1,', '2,']) expect((await call(`PATCH ${place}`, piece(text))).status).toBe(202)
  const digest = sha256('[1,2,3]')
  expect((await call(`PUT ${place}?digest=${digest}`, piece('3]'))).status).toBe(201)
  expect((await call(`GET blobs/${digest}`)).body).toBe('[1,2,3]')
})

it.each([
  ['read:packages only', () => world.classic('olivia', ['read:packages']), 'pull,push', 403],
  ['a member without the role', () => world.classic('max'), 'pull,push', 403],
  ['a token that was asked for pull', () => world.classic('olivia'), 'pull', 401],
  ['packages: read', () => world.githubToken('acme/app', { packages: 'read' }), 'pull,push', 403]
])('refuses a push with %s', async (_, token, actions, status) => {
  const shape = emptyIndex()
  const call = await registry(actions, token())
  expect((await call('PUT manifests/v1', { type: OCI_INDEX, bytes: shape.bytes })).status).toBe(status)
  expect(app.tags()).toEqual({})
})
