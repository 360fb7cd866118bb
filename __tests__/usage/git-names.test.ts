import { expect, test } from '@jest/globals'
import { namedByPullRequests } from '../../src/usage/git-names.ts'
import { inBounds } from '../helpers/in-bounds.ts'

test('E-42 the 150,000 tags of one open pull request are found in one pass', () => {
  const tags = Array.from({ length: 150_000 }, (_, at) => `pr-1-${at}`)
  const open = [{ number: 1, head: { name: 'fix', commit: '0'.repeat(40) } }]
  expect(inBounds(() => namedByPullRequests(open, [...tags, 'pr-2', 'v1']))).toHaveLength(tags.length)
})
