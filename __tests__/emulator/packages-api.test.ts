import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { Builder } from './builder.ts'
import { caller, EVERYTHING, type Reply, registryCaller } from './client.ts'
import { type Emulator, startEmulator } from './server.ts'
import { image, manifest } from './shapes.ts'
import type { World } from './world.ts'

let github: Emulator
let world: World
let app: Builder
const base = '/orgs/acme/packages/container/app'

beforeEach(async () => {
  github = await startEmulator()
  world = github.world
  world.org('acme', { olivia: 'admin', max: 'member' })
  for (const login of ['olivia', 'max', 'stranger', 'hermit']) world.user(login)
  app = world.package('acme/app', { visibility: 'public', repository: 'acme/app' })
})
afterEach(async () => {
  await github.close()
  expect(github.contractViolations).toEqual([])
  expect(github.violations).toEqual([])
})

const as = (token?: string) => caller(github, token)
const olivia = () => as(world.classic('olivia'))
const said = (reply: Reply) => [reply.status, reply.body?.message]

describe('the listing', () => {
  it('shows every manifest as a version, newest first, the children before their index', async () => {
    const first = app.push(image(), { tags: ['v1'], at: '2026-01-01T00:00:00Z' })
    const second = app.push(image(), { tags: ['v2', 'latest'], at: '2026-02-01T00:00:00Z' })
    const { body } = await olivia()(`GET ${base}/versions`)
    expect(body.map((row: { name: string }) => row.name)).toEqual(
      [second, first].flatMap(({ digest, children: [amd, arm] }) => [digest, arm?.digest, amd?.digest])
    )
    expect(body[0]).toMatchObject({
      created_at: '2026-02-01T00:00:00Z',
      updated_at: '2026-02-01T00:00:00Z',
      metadata: { container: { tags: ['v2', 'latest'] } }
    })
    expect(body[1].created_at).toBe('2026-01-31T23:59:59Z')
  })

  it('moves a tag without moving a date, and takes a re-push for nothing', async () => {
    const old = app.push(manifest(), { tags: ['latest'], at: '2026-01-01T00:00:00Z' })
    app.push(manifest(), { tags: ['latest'], at: '2026-02-01T00:00:00Z' })
    app.push(old.shape, { tags: ['again'], at: '2026-03-01T00:00:00Z' })
    const { body } = await olivia()(`GET ${base}/versions/${old.id}`)
    expect(body).toMatchObject({
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-01T00:00:00Z',
      metadata: { container: { tags: ['again'] } }
    })
    expect(app.digests().size).toBe(2)
  })

  it.each([
    ['', 30],
    ['?per_page=100', 100],
    ['?per_page=500', 100],
    ['?per_page=7&page=18', 1],
    ['?per_page=7&page=19', 0]
  ])('pages as GitHub does (T-34): versions%s has %i rows', async (query, rows) => {
    for (let n = 0; n < 120; n++) app.push(manifest())
    const { body } = await olivia()(`GET ${base}/versions${query}`)
    expect(body).toHaveLength(rows)
  })

  it('links pages by number, first to last, each row exactly once', async () => {
    for (let n = 0; n < 25; n++) app.push(manifest(), { at: 1.7e12 + n })
    const call = olivia()
    const ids: number[] = []
    let next: string | undefined = `${github.apiUrl}${base}/versions?per_page=10`
    while (next !== undefined) {
      const { body, headers }: Reply = await call(`GET ${next}`)
      ids.push(...body.map((row: { id: number }) => row.id))
      const link = headers.get('link') ?? ''
      if (next.includes('page=2')) {
        expect([...link.matchAll(/rel="(\w+)"/g)].map(found => found[1])).toEqual([
          'prev',
          'next',
          'last',
          'first'
        ])
      }
      next = /<([^>]+)>; rel="next"/.exec(link)?.[1]
      if (next !== undefined)
        expect(next).toMatch(/\/organizations\/\d+\/packages\/container\/app\/versions\?/)
    }
    expect(new Set(ids).size).toBe(25)
    expect(ids).toEqual([...ids].sort((a, b) => b - a))
  })

  it('wants a nested name in one segment (T-39)', async () => {
    world.package('acme/team/app', { visibility: 'public' })
    const call = olivia()
    expect((await call('GET /orgs/ACME/packages/container/team%2Fapp')).body.name).toBe('team/app')
    expect((await call('GET /orgs/acme/packages/container/team/app')).status).toBe(404)
    expect((await call('GET /orgs/acme/packages/container/team%252Fapp')).status).toBe(404)
  })
})

describe('a deletion', () => {
  const remove = (call: ReturnType<typeof caller>, { id }: { id: number }) =>
    call(`DELETE ${base}/versions/${id}`)

  it('takes all tags with it and leaves the children', async () => {
    const kept = app.push(manifest(), { tags: ['v2'] })
    const gone = app.push(image(), { tags: ['v1', 'latest'] })
    const call = olivia()
    expect((await remove(call, gone)).status).toBe(204)
    expect(app.tags()).toEqual({ v2: kept.digest })
    expect(app.digests()).toEqual(new Set([kept, ...gone.children].map(each => each.digest)))
    const registry = await registryCaller(github, 'acme/app', 'pull', world.classic('olivia'))
    const answer = await registry(`GET manifests/${gone.digest}`)
    expect([answer.status, answer.body.errors[0].code]).toEqual([404, 'MANIFEST_UNKNOWN'])
  })

  it('of the last tagged version is refused, of an untagged one never (T-27)', async () => {
    const tagged = app.push(manifest(), { tags: ['v1'] })
    const bare = app.push(manifest())
    const call = olivia()
    expect(said(await remove(call, tagged))).toEqual([
      400,
      'You cannot delete the last tagged version of a package. You must delete the package instead.'
    ])
    expect((await remove(call, bare)).status).toBe(204)
    expect(app.tags()).toEqual({ v1: tagged.digest })
  })

  it.each([
    ['public', 5_000, 204],
    ['public', 5_001, 400],
    ['private', 5_001, 204]
  ] as const)('in a %s package after %i downloads answers %i (T-26)', async (visibility, times, status) => {
    app.row.visibility = visibility
    app.push(manifest(), { tags: ['other'] })
    const popular = app.push(manifest(), { tags: ['popular'] })
    app.downloaded(popular, times)
    const answer = await remove(olivia(), popular)
    expect(answer.status).toBe(status)
    if (status === 400) {
      expect(answer.body.message).toBe(
        'Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.'
      )
      expect(answer.body.status).toBe('400')
    }
  })

  it('becomes impossible by reading alone: every GET of a manifest is a download, a HEAD is none', async () => {
    const read = app.push(manifest(), { tags: ['v1'] })
    const registry = await registryCaller(github, 'acme/app', 'pull', world.classic('olivia'))
    await registry('GET manifests/v1')
    await registry(`GET manifests/${read.digest}`)
    await registry('HEAD manifests/v1')
    await registry('GET manifests/v1', undefined, EVERYTHING.replaceAll('manifest', 'x'))
    expect(app.version(read.digest)?.downloads).toBe(2)
  })

  it('of what is gone is 404, as is one without the right to it (T-28)', async () => {
    app.push(manifest(), { tags: ['v1'] })
    const bare = app.push(manifest())
    const weak = as(world.classic('olivia', ['write:packages']))
    expect((await weak(`GET ${base}/versions/${bare.id}`)).status).toBe(200)
    expect(said(await remove(weak, bare))).toEqual([404, 'Package not found.'])
    const call = olivia()
    await remove(call, bare)
    expect(said(await remove(call, bare))).toEqual([404, 'Package version not found.'])
  })
})

describe('a restore', () => {
  it('brings back the version as it was, but for tags that stand elsewhere', async () => {
    app.push(manifest(), { tags: ['other'] })
    const gone = app.push(manifest(), { tags: ['v1', 'latest'], at: '2026-01-01T00:00:00Z' })
    const call = olivia()
    await call(`DELETE ${base}/versions/${gone.id}`)
    expect((await call(`GET ${base}/versions?state=deleted`)).body).toHaveLength(1)
    app.push(manifest(), { tags: ['latest'] })
    expect((await call(`POST ${base}/versions/${gone.id}/restore`)).status).toBe(204)
    expect((await call(`GET ${base}/versions?state=deleted`)).body).toEqual([])
    expect((await call(`GET ${base}/versions/${gone.id}`)).body).toMatchObject({
      name: gone.digest,
      created_at: '2026-01-01T00:00:00Z',
      metadata: { container: { tags: ['v1'] } }
    })
  })

  it.each([
    ['after 30 days', () => (world.now += 30 * 86_400_000), 204],
    ['a second later', () => (world.now += 30 * 86_400_000 + 1_000), 404]
  ])('%s answers as it must', async (_, later, status) => {
    world.now = Date.parse('2026-06-01T00:00:00Z')
    const gone = app.push(manifest())
    const call = olivia()
    await call(`DELETE ${base}/versions/${gone.id}`)
    later()
    expect((await call(`POST ${base}/versions/${gone.id}/restore`)).status).toBe(status)
  })

  it('is refused once the digest was pushed again', async () => {
    const gone = app.push(manifest())
    const call = olivia()
    await call(`DELETE ${base}/versions/${gone.id}`)
    app.push(gone.shape)
    expect((await call(`POST ${base}/versions/${gone.id}/restore`)).status).toBe(404)
  })

  it('of a whole package waits until its name is free', async () => {
    app.push(manifest(), { tags: ['v1'] })
    const call = olivia()
    expect((await call(`DELETE ${base}`)).status).toBe(204)
    expect(said(await call(`GET ${base}`))).toEqual([404, 'Package not found.'])
    world.package('acme/app')
    expect((await call(`POST ${base}/restore`)).status).toBe(404)
    await call(`DELETE ${base}`)
    expect((await call(`POST ${base}/restore`)).status).toBe(204)
    expect((await call(`GET ${base}`)).body.version_count).toBe(1)
  })
})

describe('a token', () => {
  const integration = 'Resource not accessible by integration'

  it.each([
    ['none at all', () => undefined, `GET ${base}`, 401, 'Requires authentication'],
    ['an unknown one', () => 'ghp_wrong', `GET ${base}`, 401, 'Bad credentials'],
    ['a fine-grained one', () => world.fineGrained('olivia'), `GET ${base}`, 403, expect.any(String)],
    ["an App's", () => world.appToken('acme'), `GET ${base}`, 404, 'Package not found.'],
    [
      'one without read:packages',
      () => world.classic('olivia', ['repo']),
      `GET ${base}`,
      403,
      expect.any(String)
    ],
    [
      'GITHUB_TOKEN that lists packages',
      () => world.githubToken('acme/app'),
      'GET /orgs/acme/packages?package_type=container',
      400,
      'Invalid argument.'
    ],
    ['GITHUB_TOKEN at /user', () => world.githubToken('acme/app'), 'GET /user', 403, integration],
    [
      'GITHUB_TOKEN at /user/packages',
      () => world.githubToken('acme/app'),
      'GET /user/packages/container/app',
      403,
      integration
    ],
    [
      'GITHUB_TOKEN without packages permission',
      () => world.githubToken('acme/app', { contents: 'read' }),
      `GET ${base}`,
      403,
      integration
    ],
    [
      'anybody for a user under /orgs',
      () => world.classic('olivia'),
      'GET /orgs/hermit/packages',
      404,
      'Not Found'
    ]
  ])('%s is turned away as GitHub does it', async (_, token, request, status, message) => {
    expect(said(await as(token())(request))).toEqual([status, message])
  })

  it.each([
    ['acme/app', { packages: 'write' }, 204, undefined],
    ['ACME/App', { packages: 'write' }, 204, undefined],
    ['acme/app', { packages: 'read' }, 403, integration],
    ['acme/other', { packages: 'write' }, 404, 'Package not found.'],
    ['acme/writer', { packages: 'write' }, 404, 'Package not found.']
  ] as const)('GITHUB_TOKEN of %s with %j deletes: %i', async (repository, permissions, status, message) => {
    app.row.access.set('acme/writer', 'write')
    const bare = app.push(manifest())
    for (const token of [
      world.githubToken(repository, permissions),
      world.longGithubToken(repository, permissions)
    ]) {
      expect((await as(token)(`GET ${base}/versions/${bare.id}`)).status).toBe(200)
    }
    const call = as(world.longGithubToken(repository, permissions))
    expect(said(await call(`DELETE ${base}/versions/${bare.id}`))).toEqual([status, message])
  })

  it('in its long form has dots and some 520 characters (T-37)', () => {
    const token = world.longGithubToken('acme/app')
    expect(token).toMatch(/^ghs_[A-Za-z0-9._]{36,}$/)
    expect(token.length).toBeGreaterThan(500)
    expect(token.split('.')).toHaveLength(3)
  })

  it('of a member reads private packages and deletes none; a stranger sees nothing', async () => {
    app.row.visibility = 'private'
    const bare = app.push(manifest())
    const member = as(world.classic('max'))
    expect((await member(`GET ${base}/versions`)).body).toHaveLength(1)
    expect(said(await member(`DELETE ${base}/versions/${bare.id}`))).toEqual([404, 'Package not found.'])
    const stranger = as(world.classic('stranger'))
    expect(said(await stranger(`GET ${base}/versions`))).toEqual([404, 'Package not found.'])
    expect((await stranger('GET /orgs/acme/packages?package_type=container')).body).toEqual([])
  })

  it('of a member sees a private package without a repository only where it was let in', async () => {
    for (const [name, access] of [
      ['secret', {}],
      ['shared', { max: 'read' as const }]
    ] as const)
      world.package(`acme/${name}`, { access }).push(manifest())
    const names = async (login: string): Promise<unknown> =>
      (await as(world.classic(login))('GET /orgs/acme/packages?package_type=container')).body.map(
        (row: { name: string }) => row.name
      )
    expect(await names('max')).toEqual(['app', 'shared'])
    expect(await names('olivia')).toEqual(['app', 'secret', 'shared'])
    const secret = await as(world.classic('max'))('GET /orgs/acme/packages/container/secret')
    expect(said(secret)).toEqual([404, 'Package not found.'])
  })

  it("finds its own user's private packages under /user alone (T-38)", async () => {
    const own = world.package('hermit/cave')
    own.push(manifest(), { tags: ['v1'] })
    const hermit = as(world.classic('hermit'))
    expect((await hermit('GET /users/hermit/packages?package_type=container')).body).toEqual([])
    expect((await hermit('GET /users/hermit/packages/container/cave')).status).toBe(404)
    expect((await hermit('GET /user/packages?package_type=container')).body).toHaveLength(1)
    expect((await hermit('GET /user/packages/container/cave/versions')).body).toHaveLength(1)
  })

  it("of a workflow gets 403 for a user's private package that it is not Admin of", async () => {
    const own = world.package('hermit/cave', { access: { 'hermit/repo': 'read' } })
    const bare = own.push(manifest())
    const call = as(world.githubToken('hermit/repo'))
    const place = `/users/hermit/packages/container/cave/versions/${bare.id}`
    expect((await call(`GET ${place}`)).status).toBe(200)
    expect(said(await call(`DELETE ${place}`))).toEqual([403, integration])
  })

  it('hears what it may and what is wanted: scopes for people, permissions for workflows', async () => {
    const person = (await as(world.classic('olivia', ['read:packages', 'repo']))(`GET ${base}`)).headers
    expect(person.get('x-oauth-scopes')).toBe('read:packages, repo')
    expect(person.get('x-accepted-oauth-scopes')).toBe('read:packages')
    const workflow = (await as(world.githubToken('acme/app'))(`GET ${base}`)).headers
    expect(workflow.get('x-oauth-scopes')).toBeNull()
    expect(workflow.get('x-accepted-github-permissions')).toBe('packages=read')
  })
})

it('says who somebody is, and what is left of the quota', async () => {
  const call = olivia()
  expect((await call('GET /users/ACME')).body).toMatchObject({ login: 'acme', type: 'Organization' })
  expect((await as(world.githubToken('acme/app'))('GET /users/hermit')).body.type).toBe('User')
  expect((await call('GET /user')).body.login).toBe('olivia')
  expect((await call('GET /users/nobody')).status).toBe(404)
  expect((await call('GET /rate_limit')).body.resources.core).toMatchObject({ limit: 5_000, used: 3 })
})

it.each<[string, () => string, string, number, string | undefined]>([
  ['its owner', () => world.classic('olivia'), 'acme', 200, 'admin'],
  ['a member', () => world.classic('max', ['read:packages', 'read:org']), 'ACME', 200, 'member'],
  ['a stranger', () => world.classic('stranger'), 'acme', 404, undefined],
  ['nobody knows of', () => world.classic('olivia'), 'nobody', 404, undefined],
  [
    'a token without read:org',
    () => world.classic('olivia', ['repo', 'read:packages']),
    'acme',
    403,
    undefined
  ],
  ['GITHUB_TOKEN', () => world.githubToken('acme/app'), 'acme', 403, undefined],
  ['a fine-grained token', () => world.fineGrained('olivia'), 'acme', 403, undefined]
])('tells the role in an organization: %s', async (_, token, org, status, role) => {
  const answer = await as(token())(`GET /user/memberships/orgs/${org}`)
  expect([answer.status, answer.body.role]).toEqual([status, role])
})

it('can stand behind a path, as on GitHub Enterprise Server, and links there', async () => {
  await using server = await startEmulator({ world, apiPrefix: '/api/v3' })
  for (let n = 0; n < 2; n++) app.push(manifest())
  const call = caller(server, world.classic('olivia'))
  const { status, headers } = await call(`GET ${base}/versions?per_page=1`)
  expect([status, headers.get('link')]).toEqual([
    200,
    expect.stringContaining(`<${server.apiUrl}/organizations/`)
  ])
  expect((await fetch(server.apiUrl.replace('/api/v3', '/user'))).status).toBe(404)
  expect(server.contractViolations).toEqual([])
})
