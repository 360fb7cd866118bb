import { expect, it } from '@jest/globals'
import type { ApplyContext } from '../../../src/apply/apply.ts'
import { tagPutter } from '../../../src/apply/tags/put-tag.ts'
import type { Digest } from '../../../src/model/digest.ts'
import type { PackageVersion } from '../../../src/model/package.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../../helpers/make.ts'

/** What may have lost a tag to a PUT, of what GitHub lists behind it. */

const target = version('target', { id: 1 })
const NEW = { id: 9, tags: [] as string[] }

/** Two tags are put one after the other, and GitHub lists this before the first, before the second and behind both. */
async function lostBehind(
  listed: (now: number) => readonly [PackageVersion[], PackageVersion[], PackageVersion[]],
  ours: readonly Digest[] = []
): Promise<readonly string[]> {
  const clock = fakeClock()
  const [first, second, behind] = listed(clock.now())
  const lists = [first, second]
  const context = {
    clock,
    gitHubTime: (ms: number) => ms,
    packages: { page: async () => ({ seen: lists.shift() ?? behind, at: clock.now() }) },
    registry: {
      prepareToPut: async () => {},
      headTag: async () => ({ state: 'found', digest: target.digest }),
      readBytes: async () => ({ state: 'bytes', bytes: Buffer.of(), mediaType: '' }),
      putManifest: async () => target.digest,
      readManifest: async () => ({ state: 'read', manifest: { form: 'image', children: [] } })
    }
  }
  const scope = { pkg: somePackage, context, journal: { append: () => {} } } as unknown as ApplyContext
  const putter = tagPutter(scope, new Set(ours))
  await putter.put(target, 'edge', () => false)
  await clock.sleep(1_500)
  await putter.put(target, 'nightly', () => false)
  return (await putter.lookBehind()).map(sentence => /the tag (.*) was put back/.exec(sentence)?.[1] ?? '')
}

it.each<[string, (now: number) => readonly [PackageVersion[], PackageVersion[], PackageVersion[]], string[]]>(
  [
    [
      'what came amid both',
      now => [[], [], [version('push', { ...NEW, created: now + 1_000 })]],
      ['edge, nightly']
    ],
    [
      'what was listed before the second',
      now => {
        const push = version('push', { ...NEW, created: now })
        return [[], [push], [push]]
      },
      ['edge']
    ],
    [
      'what has one of them again',
      now => [[], [], [version('push', { ...NEW, created: now + 1_000, tags: ['edge'] })]],
      ['nightly']
    ],
    ['what came a minute before', now => [[], [], [version('push', { ...NEW, created: now - 60_000 })]], []],
    ['what came back', now => [[], [], [version('ours', { ...NEW, created: now })]], []]
  ]
)('law 11: a tag that was put is lost by nothing but what came amid that: %s', async (_, listed, lost) => {
  expect(await lostBehind(listed, [digestOf('ours')])).toEqual(lost)
})
