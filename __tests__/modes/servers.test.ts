import { expect, test } from '@jest/globals'
import { createSend } from '../../src/registry/transport.ts'
import { createRepositories } from '../emulator/repositories.ts'
import { repositoryRoutes } from '../emulator/repository-api.ts'
import { startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { buildWorkflow } from '../helpers/check-run.ts'
import { CERTIFICATE, openEnterprise } from '../helpers/enterprise.ts'
import { type ActionRun, runAction, withDefaults } from '../helpers/run-action.ts'

/** Whole runs of the bundle against GitHubs of other addresses, which only the runner's proxy can reach. */

const DAY = 86_400_000

const SERVERS = [
  {
    what: 'GitHub Enterprise Server',
    server: 'https://ghes.example',
    api: 'https://ghes.example/api/v3',
    registry: 'https://containers.ghes.example',
    prefix: '/api/v3',
    proxy: 'https_proxy'
  },
  {
    what: 'ghe.com',
    server: 'https://octo.ghe.com',
    api: 'https://api.octo.ghe.com',
    registry: 'https://containers.octo.ghe.com',
    prefix: '',
    proxy: 'HTTPS_PROXY'
  }
]

/** `acme/app` with its repository on such a server, and whole runs of the bundle there. */
async function openServer({ server, api, registry, prefix, proxy }: (typeof SERVERS)[number]) {
  const world = createWorld()
  world.org('acme')
  const app = world.package('acme/app', { repository: 'acme/app' })
  const repositories = createRepositories(world, prefix === '' ? 'github' : 'enterprise')
  const repository = repositories.add('acme/app')
  const routes = repositoryRoutes(repositories)
  const github = await startEmulator({ world, routes, apiPrefix: prefix, realm: `${registry}/token` })
  const enterprise = await openEnterprise(github, api)
  const env = {
    GITHUB_SERVER_URL: server,
    GITHUB_API_URL: api,
    'INPUT_REGISTRY-URL': '',
    [proxy]: enterprise.proxyUrl,
    NODE_EXTRA_CA_CERTS: CERTIFICATE
  }
  return {
    app,
    repository,
    enterprise,
    run: async (inputs: Record<string, string>) =>
      runAction(github, await withDefaults(inputs, world.githubToken('acme/app')), { env }),
    [Symbol.asyncDispose]: async () => {
      await enterprise[Symbol.asyncDispose]()
      await github.close()
    }
  }
}

const saidOf = ({ code, stdout }: ActionRun) => ({
  code,
  errors: stdout.match(/^::(error|warning).*$/gm) ?? []
})
const GREEN = { code: 0, errors: [] }
const hostsOf = (urls: readonly string[]) => urls.map(url => `${new URL(url).host}:443`).sort()

test.concurrent.each(SERVERS)(
  '$what: retention, whole, by its own addresses and through the proxy',
  async facts => {
    await using server = await openServer(facts)
    const { app, enterprise } = server
    const kept = app.push(image(), { tags: ['v1.0.0'], at: Date.now() - 90 * DAY })
    // More than one page, so that links are followed.
    for (let build = 0; build < 36; build++) {
      app.push(image(), { tags: [`sha-${build}`], at: Date.now() - (56 - build) * DAY })
    }
    await using run = await server.run({ 'delete-tags': 'sha-*', 'keep-at-least': '33' })
    expect(saidOf(run)).toEqual(GREEN)
    expect(run.outputs['deleted-count']).toBe('9')
    expect(app.tags()['v1.0.0']).toBe(kept.digest)
    expect([...new Set(enterprise.connected)].sort()).toEqual(hostsOf([facts.api, facts.registry]))
  }
)

test.concurrent.each(SERVERS)(
  '$what: purge, undo, check and a missing build, by its own addresses and through the proxy',
  async facts => {
    await using server = await openServer(facts)
    const { app, repository, enterprise } = server
    for (const tag of ['v1.0.0', 'leak']) app.push(image(), { tags: [tag], at: Date.now() - 90 * DAY })
    app.attest(app.push(image(), { tags: ['bad'] }))
    const before = app.tags()

    await using purged = await server.run({ mode: 'purge', purge: 'leak, bad', confirm: 'app' })
    expect(saidOf(purged)).toEqual(GREEN)
    expect(Object.keys(app.tags())).toEqual(['v1.0.0'])

    await using undone = await server.run({ mode: 'restore', restore: purged.outputs['report'] ?? '' })
    expect(saidOf(undone)).toEqual(GREEN)
    expect(app.tags()).toEqual(before)

    for (const tag of ['v1.0.0', 'v2.0.0']) repository.tag(tag, `release/${tag}`)
    repository.workflow('build.yml', buildWorkflow(app))
    await using checked = await server.run({ mode: 'check', 'dispatch-workflow': 'build.yml' })
    expect(checked.outputs['missing-tags']).toBe('v2.0.0')
    expect(JSON.parse(checked.outputs['dispatched'] ?? '[]')).toMatchObject([
      {
        tag: 'v2.0.0',
        repository: 'acme/app',
        url: expect.stringContaining('/acme/app/actions/')
      }
    ])
    expect([...new Set(enterprise.connected)].sort()).toEqual(hostsOf([facts.api, facts.registry]))
  }
)

test.each(['NO_PROXY', 'no_proxy'])('a host that %s names is asked without the proxy', async name => {
  await using github = await startEmulator()
  // Not 127.0.0.1, which no proxy is ever asked for.
  const url = new URL(`http://0.0.0.0:${new URL(github.registryUrl).port}/v2/`)
  const ask = () => createSend(5_000)({ method: 'GET', url, headers: {} }).then(({ status }) => status)
  const before = { ...process.env }
  try {
    process.env['HTTP_PROXY'] = 'http://127.0.0.1:9'
    await expect(ask()).rejects.toThrow('ECONNREFUSED')
    process.env[name] = '0.0.0.0'
    await expect(ask()).resolves.toBe(401)
  } finally {
    process.env = before
  }
})

test.concurrent('law 10: a proxy that the API of the runner needs never sees the token of an address of this machine', async () => {
  await using github = await startEmulator()
  const env = { GITHUB_API_URL: 'https://ghes.example/api/v3' }
  await using enterprise = await openEnterprise(github, env.GITHUB_API_URL)
  const inputs = await withDefaults({ 'api-url': github.apiUrl }, github.world.githubToken('acme/app'))
  await runAction(github, inputs, { env: { ...env, https_proxy: enterprise.proxyUrl } })
  expect(enterprise.connected).toEqual([])
  expect(github.requests.length).toBeGreaterThan(0)
})
