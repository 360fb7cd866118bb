import { expect, it } from '@jest/globals'
import type { Builder } from '../../emulator/builder.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

const PULLS = { 'delete-tags': 'pr-*' }

function layDown(pkg: Builder) {
  const v1 = pkg.push(image(), { tags: ['v1'], at: ago(90) })
  pkg.push(image(), { tags: ['pr-1'], at: ago(80) })
  return v1
}

it('a misspelt input stops the run before its first request, and names the one that was meant', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(app)
  const result = await run({ ...PULLS, 'keep-tag': 'v*', dryrun: 'true', whatever: '1' })
  expect(result.errors).toEqual([
    expect.stringMatching(/`keep-tag` is not known. Did you mean `keep-tags`\?/),
    expect.stringMatching(/`dryrun` is not known. Did you mean `dry-run`\?/),
    expect.stringMatching(/`whatever` is not known. Remove it/)
  ])
  expect(github.requests).toEqual([])
})

it('an input of another mode stops the run before its first request', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(app)
  const result = await run({ ...PULLS, 'fail-on-missing': 'true', mode: 'retian' })
  expect(result.errors).toContainEqual(expect.stringMatching(/`mode`: "retian".*Did you mean `retain`/))
  const misplaced = await run({ ...PULLS, 'fail-on-missing': 'true' })
  expect(misplaced.errors).toEqual([expect.stringMatching(/`fail-on-missing` is only for mode `check`/)])
  expect(github.requests).toEqual([])
})

it.each(['github_pat_11ABCDE', 'ghu_16C7e42F292c6912E7710c838347Ae178B4a', ''])(
  'T-37: a token that GitHub Packages does not accept is refused by its looks: %j',
  async token => {
    await using scene = await openScene()
    const { github, run } = scene
    const result = await run({ ...PULLS, token })
    expect(result.errors).toEqual([
      expect.stringMatching(token === '' ? /`token` is empty/ : /does not accept those/)
    ])
    expect(github.requests).toEqual([])
  }
)

it('T-37: the long GITHUB_TOKEN of 2026 works', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const v1 = layDown(app)
  const result = await run({ ...PULLS, token: world.longGithubToken('acme/app') })
  expect(result.errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.each([
  'gho_16C7e42F292c6912E7710c838347Ae178B4a',
  '0123456789abcdef0123456789abcdef01234567',
  'v1.unheard-of'
])('T-37: only GitHub decides on a token of any other form: %s', async token => {
  await using scene = await openScene()
  const { github, run } = scene
  const result = await run({ ...PULLS, token })
  expect(result.errors).toEqual([
    expect.stringMatching(/HTTP 401 \(Bad credentials\).*The `token` is wrong, expired or revoked/)
  ])
  expect(github.writes).toEqual([])
})

it("T-37: an App's token, which looks like GITHUB_TOKEN, ends red with what to grant", async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  layDown(app)
  const result = await run({ ...PULLS, token: world.appToken('some-app') })
  expect(result.errors).toEqual([expect.stringMatching(/^app: .*this token may not see it/)])
  expect(github.writes).toEqual([])
})

it("T-38: a user's private package is reached through the user's own endpoints", async () => {
  await using scene = await openScene()
  const { world, github, run } = scene
  const tool = world.package('olivia/tool')
  const v1 = layDown(tool)
  const result = await run({ ...PULLS, token: world.classic('olivia'), owner: 'Olivia', packages: 'tool' })
  expect(result.errors).toEqual([])
  expect(tool.digests()).toEqual(digestsOf(v1))
  expect(result.record?.packages[0]?.owner).toEqual({ login: 'olivia', kind: 'self' })
  expect(github.writes.map(({ path }) => path)).toEqual(
    Array(3).fill(expect.stringMatching('^/user/packages/container/tool/versions/'))
  )
})

it("T-38: GITHUB_TOKEN reaches its repository's package of a user, linked to it or not; a stranger's does not", async () => {
  await using scene = await openScene()
  const { world, run } = scene
  const linked = world.package('olivia/tool', { repository: 'olivia/tool' })
  const granted = world.package('olivia/other', { access: { 'olivia/tool': 'admin' } })
  const kept = [linked, granted].map(layDown)
  const repository = { repository: 'olivia/tool' }
  const token = world.githubToken('olivia/tool')
  const result = await run({ ...PULLS, token, packages: 'tool other' }, repository)
  expect(result.errors).toEqual([])
  expect([linked.digests(), granted.digests()]).toEqual(kept.map(one => digestsOf(one)))
  expect(result.record?.packages[0]?.owner.kind).toBe('user')
  const stranger = await run({ ...PULLS, token: world.classic('max'), packages: 'tool' }, repository)
  expect(stranger.errors).toEqual([
    expect.stringMatching(/^tool: Reading the package "tool" of olivia failed/)
  ])
})

it.each(['app/api', 'a/b/c/d', 'regtech/sbl/python-alpine'])(
  'T-39: the nested name %s, and an owner in capitals, reach GitHub and the registry',
  async name => {
    await using scene = await openScene()
    const { world, github, run } = scene
    const pkg = world.package(`acme/${name}`, { repository: 'acme/app' })
    const v1 = layDown(pkg)
    const result = await run({ ...PULLS, owner: 'ACME', packages: name })
    expect(result.errors).toEqual([])
    expect(pkg.digests()).toEqual(digestsOf(v1))
    expect(github.writes[0]?.path).toContain(`/container/${encodeURIComponent(name)}/versions/`)
    expect(JSON.parse(result.outputs['packages']!)).toEqual([name])
  }
)

it('T-39: a name that begins with the owner is a slip, and the full reference is understood', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = layDown(app)
  const slip = await run({ ...PULLS, packages: 'acme/app' })
  expect(slip.errors).toEqual([
    expect.stringMatching(/`packages`: "acme\/app" begins with the owner. Write `app`/)
  ])
  expect(github.requests).toEqual([])
  const { host } = new URL(github.registryUrl)
  expect((await run({ ...PULLS, packages: `${host}/acme/app` })).errors).toEqual([])
  expect(app.digests()).toEqual(digestsOf(v1))
})

it.each(['site.example/web', 'acme/app', 'a.b/c.d/e'])(
  'E-17: the package %s is taken as the output `packages` names it',
  async name => {
    await using scene = await openScene()
    const { world, run } = scene
    const pkg = world.package(`acme/${name}`, { repository: 'acme/app' })
    const v1 = layDown(pkg)
    const token = world.classic('olivia')
    const listed = await run({ token, packages: '**', 'dry-run': 'true' })
    const names = JSON.parse(listed.outputs['packages'] ?? '') as string[]
    const one = names.find(entry => entry.endsWith(name)) ?? ''
    const result = await run({ ...PULLS, packages: one })
    expect(result.errors).toEqual([])
    expect(result.record?.packages.map(record => record.name)).toEqual([name])
    expect(pkg.digests()).toEqual(digestsOf(v1))
  }
)

it('E-17: a package that is named more than once is worked on once', async () => {
  await using scene = await openScene()
  const { app, github, world, run } = scene
  const v1 = layDown(app)
  const { host } = new URL(github.registryUrl)
  const token = world.classic('olivia')
  const names = `app, App, ${host}/acme/app`
  for (const packages of [names, `${names}, ap*, APP`]) {
    const result = await run({ ...PULLS, token, packages })
    expect(result.errors).toEqual([])
    expect(result.record?.packages.map(({ name }) => name)).toEqual(['app'])
  }
  expect(app.digests()).toEqual(digestsOf(v1))
})

it('patterns of packages work with a classic token, and a name beside them must exist', async () => {
  await using scene = await openScene()
  const { world, run } = scene
  const [api, web, secret] = ['shop/api', 'shop/web', 'shop/secret'].map(name =>
    world.package(`acme/${name}`)
  )
  const kept = [api!, web!, secret!].map(layDown)
  const token = world.classic('olivia')
  const result = await run({ ...PULLS, token, packages: 'shop/*, !shop/secret' })
  expect(result.errors).toEqual([])
  expect(api!.digests()).toEqual(digestsOf(kept[0]!))
  expect(web!.digests()).toEqual(digestsOf(kept[1]!))
  expect(secret!.tags()).toHaveProperty('pr-1')
  expect(JSON.parse(result.outputs['packages']!)).toEqual(['shop/api', 'shop/web'])
  const slip = await run({ ...PULLS, token, packages: 'shop/*, shpo/api' })
  expect(slip.errors).toEqual([expect.stringMatching(/^shpo\/api: /)])
  const none = await run({ ...PULLS, token, packages: 'nothing-*' })
  expect(none.errors).toEqual([
    'No package of acme matches `nothing-*` in `packages`. This token sees 4 other packages. See https://github.com/ghcr-steward/ghcr-steward/blob/HEAD/docs/troubleshooting.md#a-package-is-not-found'
  ])
})

it('patterns of packages with GITHUB_TOKEN end red with the reason and the way out', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(app)
  const result = await run({ ...PULLS, packages: '*' })
  expect(result.errors).toEqual([
    expect.stringMatching(
      /HTTP 400 \(Invalid argument\.\).*needs a token that may list packages.*With GITHUB_TOKEN, name every package in full/
    )
  ])
  expect(github.writes).toEqual([])
})

it('a classic token without delete:packages stops a real run before any write, and only warns a dry one', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  layDown(app)
  const token = world.classic('olivia', ['read:packages'])
  const real = await run({ ...PULLS, token })
  const lacking = /lacks the scope `delete:packages`: grant it at https:\/\/github\.com\/settings\/tokens/
  expect(real.errors).toEqual([expect.stringMatching(lacking)])
  expect(github.requests.length).toBeLessThanOrEqual(2)
  const dry = await run({ ...PULLS, token, 'dry-run': 'true' })
  expect(dry.errors).toEqual([])
  expect(dry.warnings).toEqual([expect.stringMatching(lacking)])
  expect(dry.outputs['planned-count']).toBe('3')
  expect(github.writes).toEqual([])
})

it('GITHUB_TOKEN without packages: write fails at its first DELETE, with the permission to give', async () => {
  await using scene = await openScene()
  const { app, world, github, run } = scene
  layDown(app)
  const token = world.githubToken('acme/app', { packages: 'read' })
  const result = await run({ ...PULLS, token })
  expect(result.errors).toEqual([
    expect.stringMatching(/^app: 1 change failed.*Resource not accessible by integration/)
  ])
  expect(result.summary).toMatch('permissions: packages: write')
  expect(github.writes).toHaveLength(1)
  expect(app.tags()).toHaveProperty('pr-1')
})

it('a member of the organization without Admin on the package gets the sentence for people', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  layDown(app)
  const result = await run({ ...PULLS, token: world.classic('max') })
  expect(result.errors).toHaveLength(1)
  expect(result.stdout).toMatch(
    /its owner needs the role Admin at https:\/\/github\.com\/orgs\/acme\/packages\/container\/app\/settings/
  )
  expect(app.tags()).toHaveProperty('pr-1')
})

it('works on a server whose API is behind a path', async () => {
  await using scene = await openScene({ apiPrefix: '/api/v3' })
  const { app, github, run } = scene
  const v1 = layDown(app)
  for (let n = 0; n < 110; n++) app.push(image([]), { tags: [`t${n}`], at: ago(85) })
  const result = await run(PULLS)
  expect(result.errors).toEqual([])
  expect(app.digests()).toContain(v1.digest)
  expect(app.tags()).not.toHaveProperty('pr-1')
  expect(github.requests.filter(({ host, path }) => host === 'api' && !path.startsWith('/api/v3/'))).toEqual(
    []
  )
})

it('an owner whom nobody knows is named', async () => {
  await using scene = await openScene()
  const result = await scene.run({ ...PULLS, owner: 'nobody' })
  expect(result.errors).toEqual([
    expect.stringMatching(/Looking up the owner "nobody" failed.*Nobody has the login in the input `owner`/)
  ])
})

it('`linked` is every package that is linked to the repository, and no other', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const sister = world.package('acme/app-charts', { repository: 'acme/app' })
  const [other, alone] = [
    world.package('acme/other', { repository: 'acme/other' }),
    world.package('acme/alone')
  ]
  const packages = [app, sister, other, alone]
  const kept = packages.map(layDown)
  const result = await run({ ...PULLS, token: world.classic('olivia'), packages: 'linked' })
  expect(result.errors).toEqual([])
  expect([app, sister].map(pkg => pkg.digests())).toEqual(kept.slice(0, 2).map(one => digestsOf(one)))
  for (const pkg of [other, alone]) expect(pkg.tags()).toHaveProperty('pr-1')
  const beside = await run({ ...PULLS, token: world.classic('olivia'), packages: 'linked, other' })
  expect(beside.errors).toEqual([expect.stringMatching(/`linked` means all packages/)])
})

it('the output `packages` of one run is an input of another as it is', async () => {
  await using scene = await openScene()
  const { app, world, run } = scene
  const web = world.package('acme/shop/web', { repository: 'acme/app' })
  const kept = [app, web].map(layDown)
  const first = await run({ ...PULLS, packages: 'app, shop/web', 'dry-run': 'true' })
  const second = await run({ ...PULLS, packages: first.outputs['packages']! })
  expect(second.errors).toEqual([])
  expect([app, web].map(pkg => pkg.digests())).toEqual(kept.map(one => digestsOf(one)))
})

const BUILDS = { 'delete-tags': 'sha-*' }
const BAD = {
  status: 401,
  body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' }
}

function layDownBuilds({ app }: Scene) {
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  for (const number of [1, 2, 3]) app.push(manifest(), { tags: [`sha-${number}`], at: ago(80) })
  return v1
}

it.each(['DELETE', 'GET'])('E-13 sends a %s again that met a 401 with a good token', async method => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = layDownBuilds(scene)
  github.faults.on({ host: 'api', method, path: /\/versions/, times: 1 }, { kind: 'answer', answer: BAD })
  const result = await run(BUILDS)
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3', 'failed-count': '0' } })
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(github.requests.filter(({ path }) => path === '/rate_limit')).toHaveLength(1)
})

it('E-13 stops at once with a dead token', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDownBuilds(scene)
  for (let number = 4; number < 60; number++) app.push(manifest(), { tags: [`sha-${number}`], at: ago(80) })
  github.faults.on(
    { host: 'api', method: 'DELETE', times: 1 },
    { kind: 'first', run: () => github.faults.on({ host: 'api' }, { kind: 'answer', answer: BAD }) }
  )
  const result = await run(BUILDS)
  expect(result.code).toBe(1)
  const refused = github.requests.filter(({ host, status }) => host === 'api' && status === 401)
  expect(refused.length).toBeLessThanOrEqual(12)
})
