import { expect, it } from '@jest/globals'
import { image } from '../../emulator/shapes.ts'
import { ago, openScene, type Run, type Scene } from './runs.ts'

/** `latest` and v1 on one image, an old build, and a pull request's. */
async function openShop(): Promise<Scene> {
  const scene = await openScene()
  scene.app.push(image(), { tags: ['latest', 'v1'], at: ago(90) })
  scene.app.push(image(), { tags: ['sha-1'], at: ago(85) })
  scene.app.push(image(), { tags: ['pr-1'], at: ago(80) })
  return scene
}

/** Where the log says the first time that something was, or would be, deleted. */
function firstDeletion({ stdout }: Run): number {
  return stdout.search(/\bdeleted\b.*(?:sha-1|pr-1)|(?:sha-1|pr-1).*\bdeleted\b/)
}

it.each(['"latest"\nv*', '^v\\d+$', 'v*|latest', 'app:latest', '- v*', '* !"latest"'])(
  'E-18 what no tag can match stops the run before the first request: %j',
  async pattern => {
    await using scene = await openShop()
    const inputs = pattern.startsWith('*')
      ? { 'delete-tags': pattern }
      : { 'delete-tags': '*', 'keep-tags': pattern }
    const result = await scene.run(inputs)
    expect(result.errors).toEqual([expect.stringMatching(/cannot match any image tag: .*Write /)])
    expect(scene.github.requests).toEqual([])
  }
)

it.each([
  { 'delete-tags': '*', 'keep-tags': 'latst, v1' },
  { 'delete-tags': '* !latst' },
  { 'delete-tags': '/.*/', 'keep-at-least': '1', 'keep-tags': 'latst' }
])(
  'E-18 with a rule that deletes whatever is tagged an idle keep pattern holds the run: %j',
  async inputs => {
    await using scene = await openShop()
    const dry = await scene.run({ ...inputs, 'dry-run': 'true' })
    const real = await scene.run(inputs)
    for (const { errors } of [dry, real]) {
      expect(errors).toEqual([
        expect.stringMatching(/^app: Pattern "!?latst" of rule ".*" matches no tag, and/)
      ])
    }
    expect(scene.github.writes).toEqual([])
    expect(dry.outputs['planned-count']).toBe('0')
  }
)

it('E-18 the way out of an idle pattern works: it is joined with one that matches', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': '*', 'keep-tags': '{v*,nightly}' })
  expect(result.errors).toEqual([])
  expect(scene.github.writes).toHaveLength(6)
})

it('E-18 an idle keep pattern is told before the first DELETE, and once', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': 'sha-* pr-*', 'keep-tags': 'v2*' })
  const told = result.stdout.indexOf('Pattern "v2*" of rule "keep-tags" matched no tag')
  expect(told).toBeGreaterThan(0)
  expect(told).toBeLessThan(firstDeletion(result))
  expect(result.warnings.filter(warning => warning.includes('v2*'))).toHaveLength(1)
})

it('E-18 that `latest` goes, and that nothing limits the run, is told before the first DELETE', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': '*', grace: '7d' })
  expect(result.warnings).toEqual([
    expect.stringMatching(/^app: the tag `latest` is among the tags to be deleted\./),
    expect.stringMatching(/^Only `grace` limits what is deleted from app/)
  ])
  expect(result.stdout.indexOf('Only `grace`')).toBeLessThan(firstDeletion(result))
})

it('E-18 an input that an expression left blank is told before anything goes', async () => {
  await using scene = await openShop()
  const result = await scene.run({ 'delete-tags': 'pr-*', 'keep-at-least': '', grace: ' ', 'dry-run': '' })
  expect(result.warnings).toEqual([
    expect.stringMatching(/^Input `keep-at-least` is blank, so the default `0` applies/),
    expect.stringMatching(/^Input `grace` is blank, so the default `24h` applies/),
    expect.stringMatching(/^Input `dry-run` is blank, so the default `false` applies/)
  ])
})

it('what only follows from a misspelt input is not told beside it', async () => {
  await using scene = await openShop()
  const result = await scene.run({ mode: 'purge', purges: 'pr-1', confirm: 'app' })
  expect(result.errors).toEqual([expect.stringMatching(/`purges` is not known. Did you mean `purge`/)])
})
