import { expect, it } from '@jest/globals'
import { BudgetError, ExpectedError, StaleError } from '../../src/errors.ts'
import { createPackages } from '../../src/github/packages.ts'
import type { Owner, OwnerKind } from '../../src/model/package.ts'
import { digestOf, somePackage } from '../helpers/make.ts'
import { type Answer, connect, type Received, SECONDARY, type Server, serve } from './server.ts'

const packageRow = (name: string, version_count = 0, more: object = {}) => ({
  name,
  version_count,
  visibility: 'private',
  html_url: 'https://evil.example/orgs/acme/packages/container/package/app',
  ...more
})

/** GHCR has no older versions. */
const START = Date.parse('2026-01-01T00:00:00Z')

const versionRow = (id: number, tags: string[] = [], more: object = {}) => ({
  id,
  name: digestOf(String(id)),
  created_at: new Date(START + id * 1_000).toISOString(),
  updated_at: '2026-01-01T00:00:00Z',
  metadata: { package_type: 'container', container: { tags } },
  ...more
})

/** The packages of an owner at a server. */
function packagesOf(
  server: Server,
  kind: OwnerKind = 'organization',
  more: Parameters<typeof connect>[1] = {}
) {
  const owner: Owner = { login: 'Acme', kind }
  const { octokit, clock, governor } = connect(server, more)
  return {
    packages: createPackages(octokit, owner, 'https://github.com', clock, governor.capacity),
    clock,
    governor
  }
}

/** A GitHub with one package `app` of these rows, 100 a page, whose links have a path of their own. */
function listingOf(rows: object[], path = ''): Parameters<typeof serve>[0] {
  return (request: Received, _count, url): Answer => {
    const address = new URL(request.url, url)
    if (!address.pathname.endsWith('/versions')) return [200, packageRow('app', rows.length)]
    const page = Number(address.searchParams.get('page') ?? 1)
    const size = Number(address.searchParams.get('per_page') ?? 30)
    const last = Math.max(1, Math.ceil(rows.length / size))
    const to = (n: number, rel: string) =>
      `<${url}${path}/organizations/7/packages/container/app/versions?per_page=${size}&page=${n}>; rel="${rel}"`
    const link = page < last ? [to(page + 1, 'next'), to(last, 'last')] : [to(1, 'first')]
    return [200, rows.slice((page - 1) * size, page * size), { link: link.join(', ') }]
  }
}

const all = Array.from({ length: 950 }, (_, index) => versionRow(950 - index, index === 0 ? ['latest'] : []))

it.each(['', '/api/v3'])(
  'T-34 lists 950 versions in ten pages through the links of the server (%s)',
  async path => {
    await using server = await serve(listingOf(all, path))
    const { packages } = packagesOf(server, 'organization', { path })
    const { versions, pageOf, newestFirst } = await packages.listVersions({
      ...somePackage,
      versionCount: 950
    })
    expect(versions.map(({ id }) => id)).toEqual(all.map(({ id }) => id))
    expect(versions[0]).toEqual({
      id: 950,
      digest: digestOf('950'),
      tags: ['latest'],
      created: START + 950_000,
      updated: Date.parse('2026-01-01T00:00:00Z')
    })
    expect(newestFirst).toBe(true)
    expect(pageOf.get(1)).toBe(10)
    const listed = server.received.filter(({ url }) => url.includes('/versions'))
    expect(listed).toHaveLength(10)
    expect(listed[0]?.url).toBe(`${path}/orgs/Acme/packages/container/app/versions?per_page=100&page=1`)
    const followed = listed.slice(1).every(({ url }) => url.startsWith(`${path}/organizations/7/`))
    expect(followed).toBe(true)
  }
)

it('T-36 lists an empty package as empty', async () => {
  await using server = await serve(listingOf([]))
  expect((await packagesOf(server).packages.listVersions(somePackage)).versions).toEqual([])
})

it.each<[string, object, string]>([
  ['no digest as its name', { name: '1.2.3' }, 'which is not a digest'],
  ['no id', { id: undefined }, '0.id']
])('refuses a row with %s', async (_, row, message) => {
  await using server = await serve(listingOf([versionRow(1, [], row)]))
  const listed = packagesOf(server).packages.listVersions(somePackage)
  await expect(listed).rejects.toBeInstanceOf(ExpectedError)
  await expect(listed).rejects.toThrow(message)
})

it.each([
  ['no metadata', { metadata: undefined }],
  ['no word on its tags', { metadata: { package_type: 'container' } }]
])('E-25 takes the tags of a row with %s for unknown, not for none', async (_, row) => {
  await using server = await serve(listingOf([versionRow(1, [], row)]))
  const { versions } = await packagesOf(server).packages.listVersions(somePackage)
  expect(versions).toMatchObject([{ id: 1, tagsUnknown: true }])
})

it('takes a date that cannot be read for an unknown one', async () => {
  await using server = await serve(
    listingOf([versionRow(1, [], { created_at: 'yesterday', updated_at: null })])
  )
  const { versions, newestFirst } = await packagesOf(server).packages.listVersions(somePackage)
  expect(versions[0]).toMatchObject({ created: undefined, updated: undefined })
  expect(newestFirst).toBe(false)
})

it.each<[string, Answer, string]>([
  ['500', [500, { message: 'oops' }], 'HTTP 500 (oops)'],
  ['an error object with 200', [200, { message: 'Server Error' }], 'not what its API promises'],
  ['403', [403, { message: 'Resource not accessible by integration' }], 'This token may not read it'],
  ['404', [404, { message: 'Package not found.' }], 'It does not exist, or this token may not see it']
])('law 3: never takes %s in a listing for the end of it', async (_, fault, message) => {
  const good = listingOf(all)
  await using server = await serve((request, count, url) =>
    request.url.includes('page=7') ? fault : good(request, count, url)
  )
  const listed = packagesOf(server).packages.listVersions(somePackage)
  await expect(listed).rejects.toBeInstanceOf(ExpectedError)
  await expect(listed).rejects.toThrow(message)
})

it('E-27 lists through links that are relative', async () => {
  const good = listingOf(all)
  await using server = await serve(async (request, count, url) => {
    const answer = await good(request, count, url)
    if (typeof answer === 'function') return answer
    const [status, body, headers = {}] = answer
    return [status, body, { ...headers, link: (headers['link'] ?? '').replaceAll(url, '') }]
  })
  const { versions } = await packagesOf(server).packages.listVersions(somePackage)
  expect(versions).toHaveLength(950)
})

it('E-28 waits for a page deep in the list that the server fails to give for a while', async () => {
  const good = listingOf(all)
  let failures = 0
  await using server = await serve((request, count, url) =>
    request.url.includes('page=7') && failures++ < 13
      ? [500, { message: 'Server Error' }]
      : good(request, count, url)
  )
  const { packages } = packagesOf(server)
  expect((await packages.listVersions(somePackage)).versions).toHaveLength(950)
})

it.each<[number, number, number, string | undefined]>([
  [1_000, 5 * 60_000, 99_000, undefined],
  [1_000, 5 * 60_000, 400_000, 'takes 4,000 API requests, and `reserve-requests` leaves it 1,000 an hour'],
  [1_000, 5 * 60_000, 400_000, 'A classic token has 5,000 requests an hour, which is enough.'],
  [5_000, 5 * 60_000, 600_000, '2 hours of quota: `patience: 1h` and a `time-limit`'],
  [1_000, 3_600_000, 400_000, undefined],
  [1_000, 3_600_000, 700_000, '7 hours of quota']
])(
  'E-28 with %i requests an hour and a patience of %i ms, %i versions: %s',
  async (limit, patience, versionCount, refusal) => {
    const good = listingOf([versionRow(1)])
    await using server = await serve(async (request, count, url) => {
      const answer = await good(request, count, url)
      if (typeof answer === 'function') return answer
      return [answer[0], answer[1], { ...answer[2], 'x-ratelimit-limit': String(limit) }]
    })
    const deadline = Date.parse('2026-06-30T00:00:00Z') + 5 * 3_600_000
    const { packages } = packagesOf(server, 'organization', { patience, deadline })
    await packages.get('app')
    const listed = packages.listVersions({ ...somePackage, versionCount })
    if (refusal === undefined) expect((await listed).versions).toHaveLength(1)
    else await expect(listed).rejects.toThrow(refusal)
  }
)

it.each<[OwnerKind, string, string]>([
  ['organization', 'app', '/orgs/Acme/packages/container/app'],
  ['user', 'app', '/users/Acme/packages/container/app'],
  ['self', 'app', '/user/packages/container/app'],
  [
    'organization',
    'regtech/sbl/python-alpine',
    '/orgs/Acme/packages/container/regtech%2Fsbl%2Fpython-alpine'
  ],
  ['self', 'a/b', '/user/packages/container/a%2Fb']
])('T-38 T-39 asks for a package of %s named %s at %s', async (kind, name, path) => {
  await using server = await serve(request =>
    request.method === 'GET' && !request.url.includes('/versions') ? [200, packageRow(name)] : [204]
  )
  const { packages } = packagesOf(server, kind)
  const pkg = await packages.get(name)
  await packages.remove(pkg, 5, () => true)
  await packages.restore(pkg, 5, () => true)
  expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    `GET ${path}`,
    `DELETE ${path}/versions/5`,
    `POST ${path}/versions/5/restore`
  ])
})

it('reads a package, whose page is on the server of the run whatever the answer says', async () => {
  await using server = await serve(() => [
    200,
    packageRow('app', 7, { repository: { full_name: 'acme/src' } })
  ])
  expect(await packagesOf(server).packages.get('app')).toEqual({
    owner: { login: 'Acme', kind: 'organization' },
    name: 'app',
    visibility: 'private',
    versionCount: 7,
    repository: 'acme/src',
    url: 'https://github.com/orgs/Acme/packages/container/package/app'
  })
})

it.each([
  ['ap', 'which takes what follows `acme/` in `docker pull`'],
  ['ACME/app', 'write the name in `packages` without the owner, `app`']
])('T-36 says what may be wrong with the package name %s', async (name, hint) => {
  await using server = await serve(() => [404, { message: 'Package not found.' }])
  const read = packagesOf(server).packages.get(name)
  await expect(read).rejects.toBeInstanceOf(ExpectedError)
  await expect(read).rejects.toThrow(hint)
  await expect(read).rejects.toThrow('or this token may not see it')
  // What helps comes first, and the rest stands in the document that it names.
  const { message } = (await read.catch((error: Error) => error)) as Error
  expect(message.indexOf(hint)).toBeLessThan(220)
  expect(message.length).toBeLessThan(560)
})

it('lists the packages of an owner, page after page', async () => {
  await using server = await serve((request, _count, url) =>
    request.url.startsWith('/orgs/')
      ? [200, [packageRow('a'), packageRow('b')], { link: `<${url}/x?page=2>; rel="next"` }]
      : [200, [packageRow('b'), packageRow('c')]]
  )
  const listed = await packagesOf(server).packages.list()
  expect(listed.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  expect(server.received[0]?.url).toBe('/orgs/Acme/packages?package_type=container&per_page=100')
})

it.each<[number, string]>([
  [400, 'Invalid argument.'],
  [403, 'Resource not accessible by integration']
])(
  'says that patterns need another token when listing packages is refused with %i',
  async (status, message) => {
    await using server = await serve(() => [status, { message }])
    await expect(packagesOf(server).packages.list()).rejects.toThrow(
      'With GITHUB_TOKEN, name every package in full: https://'
    )
  }
)

it('gives one page as it is at this moment, and nothing beyond the last', async () => {
  await using server = await serve(listingOf(all))
  const { packages, clock } = packagesOf(server)
  const look = await packages.page(somePackage, 10)
  expect(look).toMatchObject({ at: clock.now() })
  expect(look.seen).toHaveLength(50)
  expect((await packages.page(somePackage, 11)).seen).toEqual([])
  expect((await packages.page(somePackage, 10)).seen).toHaveLength(50)
  expect(server.received).toHaveLength(3)
})

it('dates a look by the attempt that was answered, not by the asking', async () => {
  await using server = await serve((_request, count) =>
    count < 3 ? [502, {}] : [200, versionRow(5, ['v1'])]
  )
  const { packages, clock } = packagesOf(server)
  const asked = clock.now()
  const { seen, at } = await packages.version(somePackage, 5)
  expect(seen).toMatchObject({ id: 5, tags: ['v1'] })
  expect(at).toBe(asked + 5_000)
})

it.each<[string, Answer, Answer, object | string]>([
  ['is gone', [404, { message: 'Package version not found.' }], [500, {}], { seen: undefined }],
  ['is gone in other words', [404, { message: 'Not Found' }], [200, packageRow('app')], { seen: undefined }],
  [
    'is out of sight',
    [404, { message: 'Package not found.' }],
    [404, { message: 'Package not found.' }],
    'not see it'
  ],
  ['cannot be read', [403, { message: 'no' }], [200, packageRow('app')], 'HTTP 403 (no)']
])('T-28 unknown is not absent: a version that %s', async (_, version, pkg, expected) => {
  await using server = await serve(request => (request.url.includes('/versions/') ? version : pkg))
  const look = packagesOf(server).packages.version(somePackage, 5)
  if (typeof expected === 'string') await expect(look).rejects.toThrow(expected)
  else expect(await look).toMatchObject(expected)
})

const last = 'You cannot delete the last tagged version of a package. You must delete the package instead.'
const older = 'You cannot delete the last version of a package. You must delete the package instead.'
const popular =
  'Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.'

it.each<[string, Answer, object]>([
  ['204', [204], { kind: 'done' }],
  [
    'T-28 404',
    [404, { message: 'Package not found.' }],
    { kind: 'not-found', message: 'Package not found.' }
  ],
  ['400, popular', [400, { message: popular }], { kind: 'refused', message: popular }],
  ['400, last tagged', [400, { message: last }], { kind: 'refused', message: last }],
  ['400, last tagged, older', [400, { message: older }], { kind: 'refused', message: older }],
  [
    '400, anything else',
    [400, { message: 'No.', documentation_url: 'https://docs' }],
    { kind: 'refused', message: 'No.' }
  ],
  ['401', [401, { message: 'Bad credentials' }], { kind: 'forbidden', message: 'Bad credentials' }],
  ['403', [403, { message: 'Resource not accessible by integration' }], { kind: 'forbidden' }],
  ['T-31 a limit', [403, SECONDARY], { kind: 'limited' }],
  [
    'T-29 502',
    [502, '<html>', { 'content-type': 'text/html' }],
    { kind: 'unsure', message: 'HTTP 502 (<html>)' }
  ],
  ['T-29 a lost answer', response => response.destroy(), { kind: 'unsure' }],
  ['200 where 204 was due', [200, {}], { kind: 'unsure' }],
  ['422', [422, { message: 'What?' }], { kind: 'unsure', message: 'HTTP 422 (What?)' }]
])('classifies the answer to a DELETE, sent once: %s', async (name, answer, removal) => {
  await using server = await serve(() => answer)
  const { packages } = packagesOf(server)
  expect(await packages.remove(somePackage, 5, () => true)).toMatchObject(removal)
  // E-13: after a 401 the token is asked once; it is dead here as well, so nothing is sent again.
  expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'DELETE /orgs/Acme/packages/container/app/versions/5',
    ...(name === '401' ? ['GET /rate_limit'] : [])
  ])
})

it('hands on what is no answer: stale knowledge, and no room for requests', async () => {
  await using server = await serve(() => [204])
  const { packages } = packagesOf(server)
  await expect(packages.remove(somePackage, 5, () => false)).rejects.toBeInstanceOf(StaleError)
  const late = packagesOf(server, 'organization', { deadline: 0 }).packages
  await expect(late.remove(somePackage, 5, () => true)).rejects.toBeInstanceOf(BudgetError)
  await expect(late.listVersions(somePackage)).rejects.toBeInstanceOf(BudgetError)
  expect(server.received).toHaveLength(0)
})

it('restores a version, and tells when GitHub does not', async () => {
  await using server = await serve((_request, count) =>
    count === 1 ? [204] : [404, { message: 'Package version not found.' }]
  )
  const { packages } = packagesOf(server)
  expect(await packages.restore(somePackage, 5, () => true)).toEqual({ kind: 'done' })
  expect(await packages.restore(somePackage, 5, () => true)).toMatchObject({ kind: 'not-found' })
})

it('E-42 takes no answer about another version for the one that was asked for', async () => {
  await using server = await serve(() => [200, versionRow(8)])
  const { packages } = packagesOf(server)
  await expect(packages.version(somePackage, 7)).rejects.toThrow(
    'asked for version 7 of app and answered with version 8'
  )
})
