import { expect, it } from '@jest/globals'
import type { Builder } from '../../emulator/builder.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Scene } from './runs.ts'

it('the second look at a large package costs its first page and one of what was deleted, not the whole list', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, run } = scene
  for (let number = 0; number < 450; number++)
    app.push(manifest(), { tags: [`v1.0.${number}`], at: ago(90) + number * 60_000 })
  app.push(image(), { tags: ['sha-1'], at: ago(80) })
  const result = await run({ 'delete-tags': 'sha-*' })
  expect(result.outputs['deleted-count']).toBe('3')
  const last = github.requests.findLastIndex(({ method }) => method === 'DELETE')
  const asked = github.requests.slice(last + 1).filter(({ host }) => host === 'api')
  expect(asked).toHaveLength(2)
})

const apiOf = ({ github }: Scene) => github.requests.filter(({ host }) => host === 'api')
const shown = (requests: ReturnType<typeof apiOf>) =>
  requests.map(({ method, path, query }) => `${method} ${path}${query === '' ? '' : `?${query}`}`)

it.each<[string, (app: Builder) => void]>([
  [
    'three images of their own',
    app => {
      for (const days of [80, 79, 78]) app.push(manifest(), { tags: [`sha-${days}`], at: ago(days) })
    }
  ],
  ['an image of two platforms', app => app.push(image(), { tags: ['sha-1'], at: ago(80) })]
])('a package with three due deletions takes at most 8 API requests: %s', async (_, push) => {
  await using scene = await openScene()
  for (let number = 0; number < 40; number++)
    scene.app.push(manifest(), { tags: [`v1.0.${number}`], at: ago(90) + number * 60_000 })
  push(scene.app)
  const result = await scene.run({ 'delete-tags': 'sha-*' })
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '3' } })
  const requests = shown(apiOf(scene))
  expect({ requests, count: requests.length <= 8 }).toEqual({ requests, count: true })
})

it('40 packages with three due deletions each: those whose listing is still fresh take no look before the DELETE', async () => {
  await using scene = await openScene({ contract: 'off', busy: 0.1 })
  const names = Array.from({ length: 40 }, (_, index) => `part${index}`)
  for (const name of names) {
    const builder = scene.world.package(`acme/${name}`, { repository: 'acme/app' })
    for (let number = 0; number < 5; number++)
      builder.push(manifest(), { tags: [`v${number}`], at: ago(90 + number) })
    builder.push(image(), { tags: ['sha-1'], at: ago(80) })
  }
  const result = await scene.run({
    packages: 'part*',
    token: scene.world.classic('olivia'),
    'delete-tags': 'sha-*'
  })
  expect(result).toMatchObject({ code: 0, outputs: { 'deleted-count': '120' } })
  expect(apiOf(scene).length).toBeLessThanOrEqual(275)
})
