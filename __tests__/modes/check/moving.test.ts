import { expect, test } from '@jest/globals'
import { isMoving, movedBack } from '../../../src/modes/check/moved.ts'
import { expectTags } from '../../../src/policy/expected-tags.ts'

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
