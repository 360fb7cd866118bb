import { describe, expect, test } from '@jest/globals'
import { parseRange } from '../../src/policy/pattern.ts'
import { isAlias, isEmptyRange, isNeverSemver, matchSemver, parseSemverTag } from '../../src/policy/tags.ts'

describe('a semver tag', () => {
  test.each([
    ['1.2.3', '1.2.3', ''],
    ['v1.2.3', '1.2.3', ''],
    ['1.2.3-rc.1', '1.2.3-rc.1', ''],
    ['1.2.3-alpine', '1.2.3', 'alpine'],
    ['v1.2.3-rc.1-alpine', '1.2.3-rc.1', 'alpine'],
    ['1.2.3-alpine-slim', '1.2.3', 'alpine-slim'],
    ['1.2.3-slim', '1.2.3-slim', '']
  ])('%s is %s of variant %p', (tag, version, variant) => {
    const parsed = parseSemverTag(tag, ['alpine', 'alpine-slim'])
    expect([parsed?.version.version, parsed?.variant]).toEqual([version, variant])
  })

  test.each(['1.2', '1', 'latest', 'v1.2.3.4', '1.2.3_7', '01.2.3', 'alpine', '-alpine', 'release-1.2.3'])(
    '%s is none',
    tag => {
      expect(parseSemverTag(tag, ['alpine'])).toBeUndefined()
    }
  )

  test.each([
    ['include', ['1.0.0', '1.1.0-rc.1']],
    ['exclude', ['1.0.0']],
    ['only', ['1.1.0-rc.1']]
  ] as const)('pre-releases: %s', (preReleases, expected) => {
    const match = { range: parseRange('>=1 <2', 'include'), preReleases, variants: [] }
    const tags = ['0.9.0', '1.0.0', '1.1.0-rc.1', '2.0.0']
    expect(tags.filter(tag => matchSemver(tag, match))).toEqual(expected)
  })

  test.each([
    ['1.2', true],
    ['1', true],
    ['v1', true],
    ['1.2-alpine', false],
    ['1.3', false],
    ['2', false],
    ['latest', false],
    ['1.2.3', false]
  ])('beside 1.2.3, %s is an alias: %s', (tag, expected) => {
    const of = parseSemverTag('1.2.3', ['alpine'])
    expect(isAlias(tag, of!, ['alpine'])).toBe(expected)
  })
})

test.each([
  ['>2 <1', true],
  ['>=1.2.3 <1.2.3', true],
  ['<0.0.0-0', true],
  ['>1.2.3 <1.2.4', false],
  ['>2 <1 || 3.x', false],
  ['*', false],
  ['<1', false],
  ['1.0.0-rc.1', false]
])('whether no version is in %s: %s', (range, expected) => {
  expect(isEmptyRange(parseRange(range, 'include'))).toBe(expected)
})

test.each([
  ['latest', true],
  ['1.2', true],
  ['sha-*', true],
  ['version-*', true],
  ['1.2.3', false],
  ['1.2.3-alpine', false],
  ['v*', false],
  ['1.*-alpine', false],
  ['*-alpine', false],
  ['{latest,v*}', false],
  ['!latest', false],
  ['/^latest$/', false],
  ['semver:1.x', false]
])('no version matches %s: %p', (pattern, expected) => {
  expect(isNeverSemver(pattern, ['alpine'])).toBe(expected)
})
