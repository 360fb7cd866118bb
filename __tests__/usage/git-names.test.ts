import { expect, test } from '@jest/globals'
import { gitNames } from '../../src/model/tag.ts'
import { namedByBranches, namedByGitTags, namedByPullRequests } from '../../src/usage/git-names.ts'
import { inBounds } from '../helpers/in-bounds.ts'

test('E-42 the 150,000 tags of one open pull request are found in one pass', () => {
  const tags = Array.from({ length: 150_000 }, (_, at) => `pr-1-${at}`)
  const open = [{ number: 1, head: { name: 'fix', commit: '0'.repeat(40) } }]
  expect(inBounds(() => namedByPullRequests(open, [...tags, 'pr-2', 'v1']))).toHaveLength(tags.length)
})

test('E-42 names that are spelled alike, and commits that many branches stand on, are one use of a tag each', () => {
  const spelled = Array.from({ length: 3_000 }, (_, at) =>
    [...at.toString(2).padStart(12, '0')].map(bit => (bit === '1' ? '-a' : '_a')).join('')
  )
  const branches = spelled.map(name => ({ name: `x${name}`, commit: 'abcdef0'.padEnd(40, '1') }))
  const tags = [...branches.map(({ name }) => name), ...spelled.map((_, at) => `t${at}-abcdef0`)]
  const named = namedByBranches(branches, tags)
  expect(named).toHaveLength(tags.length)
  expect(new Set(named.map(({ tag }) => tag))).toEqual(new Set(tags))
  expect(namedByGitTags('git tag', spelled, spelled)).toHaveLength(spelled.length)
})

test('E-42 50,000 names of one spelling are read in one pass', () => {
  const names = Array.from({ length: 50_000 }, (_, at) => `a${'-'.repeat(at % 200)}${'_'.repeat(at / 200)}`)
  expect(inBounds(() => gitNames(names).find('a'))).toHaveLength(names.length)
})
