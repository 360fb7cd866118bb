import { expect, test } from '@jest/globals'
import { createSend } from '../../src/registry/transport.ts'
import { startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { CERTIFICATE, openEnterprise } from '../helpers/enterprise.ts'
import { runAction, withDefaults } from '../helpers/run-action.ts'

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

test.each(SERVERS)('$what: retention, whole, by its own addresses and through the proxy', async facts => {
  const { server, api, registry, prefix, proxy } = facts
  await using github = await startEmulator({ apiPrefix: prefix, realm: `${registry}/token` })
  const app = github.world.package('acme/app', { repository: 'acme/app' })
  const kept = app.push(image(), { tags: ['v1.0.0'], at: Date.now() - 90 * DAY })
  // More than one page, so that links are followed.
  for (let build = 0; build < 60; build++) {
    app.push(image(), { tags: [`sha-${build}`], at: Date.now() - (80 - build) * DAY })
  }
  await using enterprise = await openEnterprise(github, api)
  const inputs = { 'delete-tags': 'sha-*', 'keep-at-least': '57' }
  const token = github.world.githubToken('acme/app')
  await using run = await runAction(github, await withDefaults(inputs, token), {
    env: {
      GITHUB_SERVER_URL: server,
      GITHUB_API_URL: api,
      'INPUT_REGISTRY-URL': '',
      [proxy]: enterprise.proxyUrl,
      NODE_EXTRA_CA_CERTS: CERTIFICATE
    }
  })
  expect({ code: run.code, deleted: run.outputs['deleted-count'], said: run.stdout }).toEqual({
    code: 0,
    deleted: '9',
    said: expect.not.stringContaining('::error')
  })
  expect(app.tags()['v1.0.0']).toBe(kept.digest)
  const hosts = new Set(enterprise.connected)
  expect([...hosts].sort()).toEqual([api, registry].map(url => `${new URL(url).host}:443`).sort())
})

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
