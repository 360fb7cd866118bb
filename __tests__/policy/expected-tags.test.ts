import { describe, expect, test } from '@jest/globals'
import { type ExpectRules, expectedOf, expectTags, protectedBy } from '../../src/policy/expected-tags.ts'
import { fill, unknownPlaceholders, valuesOf } from '../../src/policy/tag-values.ts'

const RULES: ExpectRules = {
  gitTags: ['v*'],
  skipTags: [],
  imageTags: ['{tag}', '{version}'],
  requiredTags: []
}

const imagesFor = (tags: readonly string[], rules: Partial<ExpectRules> = {}) =>
  Object.fromEntries(
    expectTags(tags, { ...RULES, ...rules }).expected.map(({ name, images }) => [name, images])
  )

describe('R-09: a git tag is mapped to its image tags', () => {
  test.each<[string, readonly string[], Partial<ExpectRules>, Record<string, string[]>]>([
    ['as it is, and without its v', ['v1.2.3'], {}, { 'v1.2.3': ['v1.2.3', '1.2.3'] }],
    ['once, where both are the same', ['1.2.3'], { gitTags: ['*'] }, { '1.2.3': ['1.2.3'] }],
    ['a v that is no version stays', ['vnext'], {}, { vnext: ['vnext'] }],
    [
      'with a prefix',
      ['openflows-1.4.0', 'other-1.0.0'],
      { gitTags: ['/^openflows-(?<version>.+)$/'], imageTags: ['{version}'] },
      { 'openflows-1.4.0': ['1.4.0'] }
    ],
    [
      'of a monorepo',
      ['pkg@1.2.3'],
      { gitTags: ['/^(?<name>.+)@(?<version>.+)$/'], imageTags: ['{name}-{version}', '{major}.{minor}'] },
      { 'pkg@1.2.3': ['pkg-1.2.3', '1.2'] }
    ],
    [
      'with the suffix of a family',
      ['v1.2.3'],
      { imageTags: ['{version}-alpine', '{version}-python'] },
      { 'v1.2.3': ['1.2.3-alpine', '1.2.3-python'] }
    ],
    [
      'by number, where it has one',
      ['v1.2.3', 'v20'],
      { imageTags: ['{major}.{minor}.{patch}', '{tag}'] },
      { 'v1.2.3': ['1.2.3', 'v1.2.3'], v20: ['v20'] }
    ]
  ])('%s', (_, tags, rules, expected) => {
    expect(imagesFor(tags, rules)).toEqual(expected)
  })

  test.each(['v1.0.0+build/5', 'release/1', `v${'1'.repeat(200)}`])('%s gives none, and is told', tag => {
    const { expected, unmapped } = expectTags([tag, 'v1.0.0'], { ...RULES, gitTags: ['*'] })
    expect(expected.map(({ name }) => name)).toEqual(['v1.0.0'])
    expect(unmapped).toEqual([tag])
  })

  test('E-15 build metadata is in the image tag as Helm or Docker write it', () => {
    const { expected } = expectTags(['v1.0.0+b5'], RULES)
    expect(expected[0]?.images).toEqual(['v1.0.0_b5', 'v1.0.0-b5', '1.0.0_b5', '1.0.0-b5'])
  })

  test('of several packages the one that the group `package` names', () => {
    const tags = ['api@1.0.0', 'web@2.0.0']
    const rules = { ...RULES, gitTags: ['/^(?<package>.+)@(?<version>.+)$/'], requiredTags: ['latest'] }
    const { expected } = expectTags(tags, rules)
    const namesIn = (pkg: string) => expectedOf(expected, pkg).map(({ name }) => name)
    expect(namesIn('api')).toEqual(['api@1.0.0', 'latest'])
    expect(namesIn('shop/web')).toEqual(['web@2.0.0', 'latest'])
    expect(namesIn('webapi')).toEqual(['latest'])
  })
})

test('R-12: tags come newest first, versions before everything else', () => {
  const tags = ['v1.2.0', 'v1.10.0', 'v1.9.0', 'v2.0.0-rc.1', 'v2.0.0', 'v9', 'v10', 'vb', 'va']
  expect(Object.keys(imagesFor(tags))).toEqual([
    'v2.0.0',
    'v2.0.0-rc.1',
    'v1.10.0',
    'v1.9.0',
    'v1.2.0',
    'vb',
    'va',
    'v10',
    'v9'
  ])
})

test('R-10: what is skipped is not expected, and what is required is', () => {
  const rules = { skipTags: ['/-(alpha|beta)/', 'v0.*'], requiredTags: ['latest', 'v0.1.0'] }
  const expected = imagesFor(['v0.1.0', 'v0.2.0', 'v1.0.0-beta.1', 'v1.0.0'], rules)
  expect(expected).toEqual({ 'v1.0.0': ['v1.0.0', '1.0.0'], 'v0.1.0': ['v0.1.0'], latest: ['latest'] })
})

test('R-03: only the newest version that is no pre-release is the latest', () => {
  const { expected } = expectTags(['v1.0.0', 'v1.1.0', 'v2.0.0-rc.1', 'vx'], RULES)
  const latest = expected.map(({ name, values }) => [name, values['is-latest']])
  expect(Object.fromEntries(latest)).toEqual({
    'v2.0.0-rc.1': 'false',
    'v1.1.0': 'true',
    'v1.0.0': 'false',
    vx: 'false'
  })
})

describe('templates', () => {
  test.each([
    ['{tag}', 'v1.2.3', 'v1.2.3'],
    ['refs/tags/{tag}', 'v1.2.3', 'refs/tags/v1.2.3'],
    ['{major}.x', 'v1.2.3', '1.x'],
    ['{major}', 'nightly', undefined],
    ['{"tag": "{tag}"}', 'v1', '{"tag": "v1"}'],
    ['main', 'v1', 'main']
  ])('%s with %s gives %s', (template, tag, expected) => {
    expect(fill(template, valuesOf(tag))).toBe(expected)
  })

  test.each([
    ['{tag}-{version}{is-latest}', [], []],
    ['{tga} {name}', ['/^(?<name>x)/'], [{ name: 'tga', near: 'tag' }]],
    ['{"a": 1} {b }', [], []]
  ])('%s with the patterns %j has the strange placeholders %j', (template, patterns, strange) => {
    expect(unknownPlaceholders(template, patterns)).toEqual(strange)
  })
})

describe('R-14: what a git tag protects', () => {
  const protectedTags = (tags: readonly string[], rules: Partial<ExpectRules> = {}) =>
    protectedBy('git tag', tags, { ...RULES, ...rules })

  test('is every image that a check would take for it, whether a pattern asks for the tag or not', () => {
    expect(protectedTags(['v1.2.3', 'x'], { imageTags: ['{version}-alpine'] })).toEqual([
      { by: 'git tag v1.2.3', tag: '1.2.3-alpine' },
      { by: 'git tag v1.2.3', tag: 'v1.2.3' },
      { by: 'git tag v1.2.3', tag: '1.2.3' },
      { by: 'git tag x', tag: 'x-alpine' },
      { by: 'git tag x', tag: 'x' }
    ])
  })

  test.each([
    ['feature/x', 'feature-x'],
    ['v1.0.0+build.5', '1.0.0-build.5'],
    ['pkg@1.2.3', 'pkg-1.2.3']
  ])('%s: also %s, as build workflows write it', (name, image) => {
    expect(protectedTags([name]).map(({ tag }) => tag)).toContain(image)
  })

  test('by the names alone too, where a named group reads them otherwise', () => {
    const tags = protectedTags(['v1.2.3'], { gitTags: ['/^v(?<version>\\d+)\\./'] }).map(({ tag }) => tag)
    expect(tags).toEqual(expect.arrayContaining(['v1.2.3', '1.2.3', '1']))
  })

  test('by the named groups too', () => {
    const tags = protectedTags(['pkg@1.2.3'], { gitTags: ['/^(?<name>.+)@(?<version>.+)$/'] })
    expect(tags.map(({ tag }) => tag)).toContain('1.2.3')
  })
})
