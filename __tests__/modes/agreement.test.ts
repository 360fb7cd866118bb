import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { policyFromInputs } from '../../src/config/for-package.ts'
import { type Inputs, readInputs } from '../../src/config/inputs.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { Content, Inventory, PackageVersion } from '../../src/model/package.ts'
import { emptyUsage, type Usage } from '../../src/model/usage.ts'
import { holdersOf } from '../../src/modes/check/images.ts'
import { expectTags, protectedBy } from '../../src/policy/expected-tags.ts'
import { buildGraph } from '../../src/policy/graph.ts'
import { decide } from '../../src/policy/plan.ts'
import { tagState } from '../../src/policy/tag-state.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'
import { runsOf } from '../helpers/runs-of.ts'

/** What a check expects, retention keeps: whatever is tagged, whatever is pushed, whatever is to be deleted. */

const DAY = 86_400_000
const NOW = Date.parse('2026-06-30T00:00:00Z')

const gitTag = fc.oneof(
  fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)).map(numbers => `v${numbers.join('.')}`),
  fc.constantFrom(
    '1.0.0',
    'v1.0.0-rc.1',
    'nightly',
    'pkg@1.2.0',
    'pkg@v2.0.0',
    'release/1.0.1',
    'v1.0.0+b1',
    'vx'
  )
)
const imageTag = fc.oneof(
  fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)).map(numbers => numbers.join('.')),
  fc.tuple(fc.nat(2), fc.nat(2)).map(numbers => numbers.join('.')),
  gitTag.filter(tag => !/[@/+]/.test(tag)),
  fc.constantFrom('latest', '1', '1.2.0-alpine', 'pkg-1.2.0', 'sha-1a2b3c4', 'prod')
)

/** Inputs that a check and a retention run both take; the same for both, as a workflow would have them. */
const shared = fc.record({
  'git-tags': fc.constantFrom('v*', '*', '/^pkg@v?(?<version>.+)$/', 'v*, /^(?<name>.+)@(?<version>.+)$/'),
  'image-tags': fc.constantFrom(
    '{tag} {version}',
    '{version}',
    '{version}-alpine',
    '{major}.{minor}',
    '{tag} {version}-alpine'
  ),
  'required-tags': fc.constantFrom('', 'latest', 'latest, prod')
})
const deleting = fc.record({
  'delete-tags': fc.constantFrom('*', 'semver:*', '/./', '1.*, latest', 'v*'),
  'keep-at-least': fc.constantFrom('0', '1', '2'),
  'delete-untagged': fc.constantFrom('true', 'false'),
  'delete-broken': fc.constantFrom('', 'ghost partial orphaned'),
  untag: fc.constantFrom('true', 'false'),
  protect: fc.constant('git-tags')
})

/** Images of two platforms each, some of which are gone. */
const images = fc.array(
  fc.record({
    tags: fc.uniqueArray(imageTag, { maxLength: 3 }),
    age: fc.integer({ min: 0, max: 900 }),
    lacks: fc.subarray(['amd64', 'arm64'])
  }),
  { maxLength: 8 }
)

type Image = { readonly tags: readonly string[]; readonly age: number; readonly lacks: readonly string[] }

/** Of images with the same tag the last has it. */
function inventoryOf(all: readonly Image[]): Inventory {
  const versions: PackageVersion[] = []
  const contents = new Map<Digest, Content>()
  all.forEach(({ tags, age, lacks }, at) => {
    const created = NOW - age * DAY
    const own = tags.filter(tag => !all.slice(at + 1).some(later => later.tags.includes(tag)))
    const platforms = ['amd64', 'arm64'].map(name => ({ name, digest: digestOf(`${at} ${name}`) }))
    for (const { name, digest } of platforms) {
      if (lacks.includes(name)) contents.set(digest, { state: 'missing' })
      else {
        versions.push(version(`${at} ${name}`, { created, updated: created }))
        contents.set(digest, { state: 'named' })
      }
    }
    const root = version(`${at}`, { tags: own, created, updated: created })
    versions.push(root)
    const children = platforms.map(({ name, digest }) => ({
      digest,
      index: false,
      platform: `linux/${name}`
    }))
    const manifest = { mediaType: '', form: 'index', kind: 'image', children, annotations: {} } as const
    contents.set(root.digest, { state: 'read', manifest })
  })
  return { package: somePackage, versions, contents }
}

const inputsOf = (given: Readonly<Record<string, string>>) =>
  readInputs({
    GITHUB_REPOSITORY: 'acme/app',
    INPUT_TOKEN: 'ghs_x',
    ...Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])
    )
  })

/** What a retention run knows to be in use. */
const worldOf = (inputs: Inputs, tags: readonly string[]): Usage => ({
  ...emptyUsage,
  inUse: [
    ...inputs.requiredTags.map(tag => ({ by: 'the input `required-tags`', tag })),
    ...protectedBy('git tag', tags, inputs)
  ]
})

const runs = runsOf(150)

test('R-14: given `protect: git-tags`, retention makes no expected image worse than it was', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(gitTag, { maxLength: 8 }),
      images,
      shared,
      deleting,
      (tags, all, both, rules) => {
        const before = inventoryOf(all)
        const checking = inputsOf({ mode: 'check', ...both })
        const cleaning = inputsOf({ ...both, ...rules })
        const plan = decide(before, policyFromInputs(cleaning), worldOf(cleaning, tags), NOW)
        const { expected } = expectTags(tags, checking)
        const statesIn = (inventory: Inventory) =>
          expected.map(one => tagState(one, holdersOf(inventory.versions), buildGraph(inventory), []))
        expect(statesIn(carriedOut(before, plan))).toEqual(statesIn(before))
      }
    ),
    runs
  )
})

/** The package when all steps are done. */
function carriedOut(inventory: Inventory, plan: ReturnType<typeof decide>): Inventory {
  const gone = new Set<Digest>()
  const stripped = new Set<string>()
  for (const step of plan.steps) {
    if (step.action === 'delete') gone.add(step.version.digest)
    if (step.action === 'untag') stripped.add(`${step.version.digest} ${step.tag}`)
  }
  const contents = new Map(inventory.contents)
  for (const digest of gone) contents.set(digest, { state: 'missing' })
  const versions = inventory.versions
    .filter(({ digest }) => !gone.has(digest))
    .map(one => ({ ...one, tags: one.tags.filter(tag => !stripped.has(`${one.digest} ${tag}`)) }))
  return { ...inventory, versions, contents }
}

test('the property can fail: without protection something expected is deleted', () => {
  const all = [
    { tags: ['1.0.0'], age: 400, lacks: [] },
    { tags: ['2.0.0'], age: 300, lacks: [] }
  ]
  const before = inventoryOf(all)
  const cleaning = inputsOf({ 'delete-tags': '*' })
  const plan = decide(before, policyFromInputs(cleaning), emptyUsage, NOW)
  expect(carriedOut(before, plan).versions.flatMap(({ tags }) => tags)).toEqual(['2.0.0'])
})
