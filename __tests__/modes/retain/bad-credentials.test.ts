import { expect, it } from '@jest/globals'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, digestsOf, openScene, type Scene } from './runs.ts'

const BUILDS = { 'delete-tags': 'sha-*' }
const BAD = {
  status: 401,
  body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' }
}

function layDown({ app }: Scene) {
  const v1 = app.push(image(), { tags: ['v1'], at: ago(90) })
  for (const number of [1, 2, 3]) app.push(manifest(), { tags: [`sha-${number}`], at: ago(80) })
  return v1
}

it.each(['DELETE', 'GET'])('E-13 sends a %s again that met a 401 with a good token', async method => {
  await using scene = await openScene()
  const { app, github, run } = scene
  const v1 = layDown(scene)
  github.faults.on({ host: 'api', method, path: /\/versions/, times: 1 }, { kind: 'answer', answer: BAD })
  const result = await run(BUILDS)
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3', 'failed-count': '0' } })
  expect(app.digests()).toEqual(digestsOf(v1))
  expect(github.requests.filter(({ path }) => path === '/rate_limit')).toHaveLength(1)
})

it('E-13 stops at once with a dead token', async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  layDown(scene)
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
