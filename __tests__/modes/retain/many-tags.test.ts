import { expect, it } from '@jest/globals'
import { image, manifest } from '../../emulator/shapes.ts'
import { ago, openScene, type Run } from './runs.ts'

/** Anybody who may push can put any number of tags on a version, and messages name a few of them. */

const MANY = Array.from({ length: 3_000 }, (_, at) => `pushed-by-somebody-${at}`)

const longest = ({ stdout }: Run): string =>
  stdout.split('\n').reduce((most, line) => (line.length > most.length ? line : most), '')

const someTags = (names: readonly string[]) => names.slice(0, 3).join(', ')

it('E-42 a version that gets a lot of tags before its deletion is named by a few', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, github, clock, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  const old = app.push(manifest(), { tags: ['pr-1'], at: ago(90) })
  github.faults.on(
    { host: 'registry', path: /manifests/, times: 1 },
    {
      kind: 'first',
      run: async () => {
        for (const name of MANY) app.tag(old, name)
        await clock.sleep(11_000)
      }
    }
  )
  const result = await run({ 'delete-tags': 'pr-*' })
  expect(result.stdout).toContain(`tag ${someTags(MANY)}`)
  expect(longest(result).length).toBeLessThan(2_000)
  expect(app.digests()).toContain(old.digest)
})

it('E-42 a version with a lot of tags is explained in lines that can be read', async () => {
  await using scene = await openScene({ contract: 'off' })
  const { app, run } = scene
  app.push(image(), { tags: ['v1', ...MANY], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(90) })
  const rules = { 'keep-tags': '*', 'delete-tags': 'pr-*, pushed-*', 'keep-at-least': '1', explain: 'v1' }
  const result = await run({ ...rules, untag: 'true', 'dry-run': 'true' })
  expect(longest(result).length).toBeLessThan(2_000)
  expect(result.summary.length).toBeLessThan(1_000_000)
})
