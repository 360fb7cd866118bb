import { expect, it } from '@jest/globals'
import type { RunRecord } from '../../../src/report/record.ts'
import { index, layered } from '../../emulator/shapes.ts'
import { scene } from '../../helpers/check-run.ts'

const MB = 1_000_000

it('a check with sizes says what the images that it found take up, each blob once', async () => {
  await using acme = await scene()
  const { app, repository, run } = acme
  repository.tag('v1.0.0', 'v2.0.0', 'v3.0.0')
  const platform = layered({ base: 50 * MB, one: 5 * MB })
  app.push(index([{ shape: platform, platform: 'linux/amd64' }]), { tags: ['v1.0.0'] })
  app.push(layered({ base: 50 * MB, two: 6 * MB }), { tags: ['v2.0.0'] })
  app.push(layered({ other: 99 * MB }), { tags: ['other'] })
  await using sized = await run({ sizes: 'true' })
  expect(sized.summary).toContain('The images found take up 61 MB, with each blob counted once.')
  const [record] = (sized.report as RunRecord).finished?.packages ?? []
  expect(record?.sizes).toMatchObject({ total: 61 * MB + 2, unread: 0 })
  await using plain = await run()
  expect(plain.summary).not.toContain('take up')
})
