import { describe, expect, test } from '@jest/globals'
import { isMoving, movedBack, movedTags } from '../../../src/modes/check/moved.ts'
import { expectTags } from '../../../src/policy/expected-tags.ts'
import type { TagHead } from '../../../src/registry/read.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { digestOf, somePackage, version } from '../../helpers/make.ts'

test.each([
  ['latest', true],
  ['1', true],
  ['v1.2', true],
  ['1.2.3', false],
  ['latest-dev', false],
  ['sha-1', false]
])('whether %s is a tag that releases hand on: %s', (tag, moving) => {
  expect(isMoving(tag)).toBe(moving)
})

const rules = { gitTags: ['*'], skipTags: [], imageTags: ['{tag}'], requiredTags: [] }
const ALL = expectTags(['v1.2.4', 'v1.3.0', 'v2.0.0', 'v3.0.0-rc.1'], rules).expected

test.each<[string, readonly string[], string, boolean]>([
  ['latest', ['v2.0.0'], 'v1.2.4', true],
  ['latest', ['v1.3.0'], 'v2.0.0', false],
  ['latest', ['2.0.0', 'sha-1'], 'v1.3.0', true],
  // It stood on something without a version: then the newest release is what it should be on.
  ['latest', ['sha-1'], 'v1.3.0', true],
  ['latest', [], 'v2.0.0', false],
  ['latest', [], 'v3.0.0-rc.1', false],
  ['1.2', [], 'v1.2.4', false],
  ['1', [], 'v1.2.4', true],
  ['prod', ['v1.2.3'], 'nightly', true]
])('R-03: %s, which stood on %j, has gone back to %s: %s', (tag, before, rebuilt, back) => {
  const [expected] = expectTags([rebuilt], rules).expected
  expect(movedBack(tag, before, expected!, ALL)).toBe(back)
})

describe('E-08 what the registry says of a moving tag', () => {
  const found = (name: string): TagHead => ({ state: 'found', digest: digestOf(name) })
  const before = [{ pkg: somePackage, versions: [version('old', { tags: ['latest', 'v2.0.0'] })] }]
  const unread: TagHead = { state: 'unread', cause: 'HTTP 500' }

  /** What follows from these answers, in turn, to each name; the last one stays. */
  const seen = async (answers: Readonly<Record<string, readonly TagHead[]>>) => {
    const left = new Map(Object.entries(answers).map(([name, heads]) => [name, [...heads]]))
    const registry = {
      headTag: async (_: string, tag: string): Promise<TagHead> => {
        const heads = left.get(tag) ?? []
        return (heads.length > 1 ? heads.shift() : heads[0]) ?? { state: 'missing' }
      },
      listTags: async () => ({ state: 'read' as const, tags: ['latest'] })
    }
    const rebuilt = ALL.filter(({ name }) => name === 'v1.2.4')
    return await movedTags(before, [], rebuilt, ALL, { registry, clock: fakeClock() })
  }

  test('one denial is no verdict', async () => {
    expect(await seen({ latest: [{ state: 'missing' }, found('old')] })).toEqual({ errors: [], warnings: [] })
  })

  test('a rebuilt image that cannot be read may be the one that the tag stands on', async () => {
    const { errors, warnings } = await seen({ latest: [found('new')], 'v1.2.4': [unread] })
    expect(errors.join()).toMatch(/Whether the builds moved .*:latest is not known: HTTP 500/)
    expect(warnings).toEqual([])
  })
})
