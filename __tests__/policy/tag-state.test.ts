import { describe, expect, test } from '@jest/globals'
import type { Digest } from '../../src/model/digest.ts'
import type { Descriptor, Manifest } from '../../src/model/manifest.ts'
import type { Content } from '../../src/model/package.ts'
import { expectTags } from '../../src/policy/expected-tags.ts'
import { buildGraph } from '../../src/policy/graph.ts'
import { tagState } from '../../src/policy/tag-state.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'

/** What is in the registry: by name, an index of platforms, a single manifest, or what happened instead. */
type Facts = Readonly<
  Record<string, 'manifest' | 'chart' | 'missing' | 'unread' | Readonly<Record<string, string>>>
>

const manifest = (
  form: Manifest['form'],
  children: readonly Descriptor[],
  kind: Manifest['kind'] = 'image'
): Content => ({
  state: 'read',
  manifest: { mediaType: '', form, kind, children, annotations: {} }
})

function contentOf(fact: Facts[string]): Content {
  if (fact === 'manifest') return manifest('manifest', [])
  if (fact === 'chart') return manifest('manifest', [], 'artifact')
  if (fact === 'missing') return { state: 'missing' }
  if (fact === 'unread') return { state: 'unread', cause: 'HTTP 500' }
  const children = Object.entries(fact).map(([name, platform]) => ({
    digest: digestOf(name),
    index: platform === 'index',
    ...(platform === 'index' || platform === '' ? {} : { platform })
  }))
  return manifest('index', children)
}

/** Checks the tag v1.0.0 with these tags on these digests. */
function checked(facts: Facts, tags: Record<string, readonly string[]>, platforms: readonly string[] = []) {
  const names = new Set(Object.values(tags).flat())
  const contents = new Map(Object.entries(facts).map(([name, fact]) => [digestOf(name), contentOf(fact)]))
  const versions = [...names].map(name => version(name))
  const holders = new Map<string, Digest[]>(
    Object.entries(tags).map(([tag, holding]) => [tag, holding.map(digestOf)])
  )
  const rules = { gitTags: ['*'], skipTags: [], imageTags: ['{tag}', '{version}'], requiredTags: [] }
  const [expected] = expectTags(['v1.0.0'], rules).expected
  return tagState(expected!, holders, buildGraph({ package: somePackage, versions, contents }), platforms)
}

const IMAGE = { index: { amd: 'linux/amd64', arm: 'linux/arm64' }, amd: 'manifest', arm: 'manifest' } as const

test('a chart or another artifact has no platform, and so lacks none', () => {
  const asked = ['linux/amd64', 'linux/arm64']
  expect(checked({ chart: 'chart' }, { '1.0.0': ['chart'] }, asked).state).toBe('present')
})

describe('R-08: present means that it can be pulled', () => {
  test('an index with all its platforms is', () => {
    expect(checked(IMAGE, { '1.0.0': ['index'] })).toEqual({
      tag: 'v1.0.0',
      images: ['v1.0.0', '1.0.0'],
      state: 'present',
      lacks: []
    })
  })

  test.each<[string, Facts, readonly string[]]>([
    ['a platform', { ...IMAGE, arm: 'missing' }, ['linux/arm64']],
    ['every platform', { ...IMAGE, arm: 'missing', amd: 'missing' }, ['linux/amd64', 'linux/arm64']],
    [
      'an attestation',
      { ...IMAGE, index: { amd: 'linux/amd64', att: '' }, att: 'missing' },
      [digestOf('att')]
    ],
    ['a leaf', { index: { inner: 'index' }, inner: { amd: 'linux/amd64' }, amd: 'missing' }, ['linux/amd64']],
    ['itself', { index: 'missing' }, [digestOf('index')]]
  ])('an index that lacks %s is incomplete', (_, facts, lacks) => {
    expect(checked(facts, { '1.0.0': ['index'] })).toMatchObject({ state: 'incomplete', lacks })
  })

  test('one whole image of several that would do is enough', () => {
    const facts = { ...IMAGE, broken: { gone: 'linux/amd64' }, gone: 'missing' } as const
    expect(checked(facts, { 'v1.0.0': ['broken'], '1.0.0': ['index'] }).state).toBe('present')
    expect(checked(facts, { 'v1.0.0': ['broken', 'index'] }).state).toBe('present')
  })
})

describe('R-07: unreadable is neither present nor missing', () => {
  test.each<[string, Facts]>([
    ['the index', { index: 'unread' }],
    ['a platform', { ...IMAGE, arm: 'unread' }],
    ['a platform while another is gone', { ...IMAGE, arm: 'unread', amd: 'missing' }]
  ])('%s', (_, facts) => {
    expect(checked(facts, { '1.0.0': ['index'] })).toMatchObject({ state: 'unreadable', cause: 'HTTP 500' })
  })

  test('one that may be whole counts more than one that is broken', () => {
    const facts = { index: 'unread', broken: 'missing' } as const
    expect(checked(facts, { 'v1.0.0': ['broken'], '1.0.0': ['index'] }).state).toBe('unreadable')
  })
})

test('no tag at all is absent', () => {
  expect(checked({}, {}).state).toBe('absent')
})

describe('R-08: platforms that are asked for', () => {
  const variants = {
    index: { a: 'linux/arm64/v8', b: 'linux/arm/v7' },
    a: 'manifest',
    b: 'manifest'
  } as const
  test.each<[readonly string[], Facts, readonly string[]]>([
    [['linux/amd64', 'linux/arm64'], IMAGE, []],
    [['linux/amd64', 'linux/s390x'], IMAGE, ['linux/s390x']],
    [['linux/arm64', 'linux/arm'], variants, []],
    [['linux/arm/v6'], variants, ['linux/arm/v6']],
    [['linux/amd64'], { index: { inner: 'index' }, inner: { x: 'linux/amd64/v1' }, x: 'manifest' }, []],
    [['linux/amd64'], { index: 'manifest' }, []],
    [['linux/amd64', 'linux/arm64'], { index: 'manifest' }, ['all but one of linux/amd64, linux/arm64']]
  ])('%j of %j: lacks %j', (platforms, facts, lacks) => {
    const { state, lacks: found } = checked(facts, { '1.0.0': ['index'] }, platforms)
    expect(found).toEqual(lacks)
    expect(state).toBe(lacks.length === 0 ? 'present' : 'incomplete')
  })
})
