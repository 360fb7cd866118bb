import { expect, it } from '@jest/globals'
import type { Target } from '../../emulator/faults.ts'
import { startEmulator } from '../../emulator/server.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from './runs.ts'

const PULLS = { 'delete-tags': 'pr-*' }

/** A second server, which must never see the token. */
async function openForeign() {
  const foreign = await startEmulator()
  const withToken = () => foreign.requests.filter(({ token }) => token !== 'none')
  return { foreign, withToken, [Symbol.asyncDispose]: () => foreign.close() }
}

function layDown({ app }: Scene): void {
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
}

const masksIn = (stdout: string): string[] =>
  [...stdout.matchAll(/^::add-mask::(.+)$/gm)].map(([, secret]) => secret as string)

it.each<[string, Target, number]>([
  ['the token before the first request', { host: 'api' }, 1],
  ['its base64 before the exchange', { host: 'registry', path: /^\/token/ }, 4],
  // The list of tags is asked for first, and refused: with a token it comes again.
  ["the registry's own token before its first use", { host: 'registry', path: /tags\/list/, after: 1 }, 6]
])('masks %s', async (_, target, count) => {
  await using scene = await openScene({ where: 'bundle' })
  const { app, github, token, run } = scene
  for (const tag of ['v1', 'pr-1']) app.push(manifest(), { tags: [tag], at: ago(90) })
  const kill = new AbortController()
  github.faults.on({ ...target, times: 1 }, { kind: 'first', run: () => kill.abort() })
  const { stdout, code } = await run(PULLS, { kill: kill.signal })
  expect(code).toBeNull()
  const masks = masksIn(stdout)
  expect(masks.length).toBeGreaterThanOrEqual(count)
  expect(masks[0]).toBe(token)
  if (count > 1) expect(masks).toContain(Buffer.from(`ghcr-steward:${token}`).toString('base64'))
})

it('prints no secret in a whole run with the debug log on, nor in one that fails', async () => {
  await using scene = await openScene()
  const { github, token, run } = scene
  layDown(scene)
  const fine = await run(PULLS, { env: { RUNNER_DEBUG: '1', ACTIONS_STEP_DEBUG: 'true' } })
  // The token, what is made of it for the exchange, and the registry's own; of each its base64 as well.
  expect(new Set(masksIn(fine.stdout)).size).toBe(6)
  // A server that repeats what it was sent.
  github.faults.on(
    { host: 'api', path: /\/versions$/ },
    { kind: 'answer', answer: { status: 403, body: { message: 'no such luck' } } }
  )
  const failed = await run(PULLS)
  expect(failed.errors).toHaveLength(1)
  expect(masksIn(failed.stdout)).toContain(token)
})

it('does not follow a realm on another host, and says so', async () => {
  await using foreign = await openForeign()
  await using scene = await openScene({ realm: `${foreign.foreign.registryUrl}/token` })
  layDown(scene)
  const result = await scene.run(PULLS)
  expect(result.errors).toEqual([
    expect.stringMatching(
      /asks for the token to be sent to .*which is not its own site. Nothing was sent there/
    )
  ])
  expect(foreign.foreign.requests).toEqual([])
  expect(scene.github.writes).toEqual([])
})

it('does not follow a page link to another host', async () => {
  await using foreign = await openForeign()
  await using scene = await openScene()
  layDown(scene)
  const next = `${foreign.foreign.apiUrl}/orgs/acme/packages/container/app/versions?per_page=100&page=2`
  scene.github.faults.on(
    { host: 'api', path: /\/versions$/ },
    {
      kind: 'answer',
      answer: {
        status: 200,
        body: [],
        headers: { link: `<${next}>; rel="next", <${next}>; rel="last"` },
        lie: true
      }
    }
  )
  const result = await scene.run(PULLS)
  expect(result.errors).toEqual([
    expect.stringMatching(/leads to http:\/\/127\.0\.0\.1:\d+, but only .* may have the token/)
  ])
  expect(foreign.foreign.requests).toEqual([])
})

it.each<[string, Target, string]>([
  ['the API', { host: 'api', path: /^\/users\// }, '/users/acme'],
  ['a list of versions', { host: 'api', path: /\/versions$/ }, '/orgs/acme/packages/container/app/versions'],
  ['the registry', { host: 'registry', path: /manifests/ }, '/v2/acme/app/manifests/v1'],
  ['the token exchange', { host: 'registry', path: /^\/token/ }, '/token']
])('a redirect of %s to another host does not take the token there', async (_, target, path) => {
  await using foreign = await openForeign()
  await using scene = await openScene()
  layDown(scene)
  const place = target.host === 'api' ? foreign.foreign.apiUrl : foreign.foreign.registryUrl
  scene.github.faults.on(target, {
    kind: 'answer',
    answer: { status: 302, headers: { location: `${place}${path}` }, lie: true }
  })
  const result = await scene.run(PULLS)
  expect(result.errors).toHaveLength(1)
  expect(foreign.withToken()).toEqual([])
  expect(scene.github.writes).toEqual([])
})
