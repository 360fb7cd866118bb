import { expect, it } from '@jest/globals'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene } from './runs.ts'

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
