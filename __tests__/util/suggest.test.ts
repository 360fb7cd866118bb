import { describe, expect, test } from '@jest/globals'
import { nearest } from '../../src/util/suggest.ts'

const KNOWN = ['keep-tags', 'delete-tags', 'delete-untagged', 'dry-run', 'older-than', 'token']

describe('the nearest known word', () => {
  test.each([
    ['dry_run', 'dry-run'],
    ['dryrun', 'dry-run'],
    ['DRY-RUN', 'dry-run'],
    ['keep tags', 'keep-tags'],
    ['kepe-tags', 'keep-tags'],
    ['delete-untaged', 'delete-untagged'],
    ['tokne', 'token'],
    ['dry-run', 'dry-run']
  ])('%s is a slip of %s', (word, expected) => {
    expect(nearest(word, KNOWN)).toBe(expected)
  })

  test.each(['', 'colour', 'x', 'registry'])('%p is near nothing', word => {
    expect(nearest(word, KNOWN)).toBeUndefined()
  })

  test('of equally near words the first is named', () => {
    expect(nearest('cat', ['bat', 'hat'])).toBe('bat')
  })
})
