/** Decides once on a large package, and prints what that took as JSON. `node decide.ts 100000`. */
import { createHash } from 'node:crypto'
import { policyFor } from '../../src/config/for-package.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { Content, Inventory, PackageVersion } from '../../src/model/package.ts'
import { emptyUsage } from '../../src/model/usage.ts'
import { decide } from '../../src/policy/plan.ts'

const NOW = Date.parse('2026-06-30T00:00:00Z')
const HOUR = 3_600_000
/** An index, two platforms, an attestation each. */
const PARTS = 4

const POLICY = `
version: 1
packages:
  - match: app
    rules:
      - { name: channels, action: keep, match: { tags: [latest, dev, prod] } }
      - { name: majors, action: keep, match: { semver: '*' }, group-by: semver-major, keep-at-least: 1 }
      - { name: patches, action: delete, match: { semver: '*', variants: [alpine] }, group-by: semver-minor, keep-at-least: 2 }
      - { name: candidates, action: delete, match: { semver: '*', prerelease: only }, keep-within: 30d }
      - { name: nightlies, action: delete, match: { tags: 'nightly-*' }, keep-daily: 7, keep-weekly: 4, keep-monthly: 6 }
      - { name: branches, action: delete, match: { tags: '/^(?<branch>.+)-[0-9a-f]{7}$/' }, group-by: branch, keep-at-least: 5 }
      - { name: pulls, action: delete, match: { tags: '/^pr-(?<pr>\\d+)$/', pull-request: closed } }
      - { name: builds, action: delete, match: { tags: 'sha-*' }, keep-at-least: 1000 }
      - { name: untagged, action: delete, match: { untagged: true, older-than: 7d } }
      - { name: broken, action: delete, match: { state: [ghost, orphaned] } }
`

const inventory = packageOf(Number(process.argv[2]))
const policy = policyFor(parsePolicyFile(POLICY, 'policy.yml'), 'app')
if (policy === undefined) throw new Error('the policy matches no package')
const pullRequests = new Map(
  Array.from({ length: 2_000 }, (_, index) => [
    index,
    { state: index % 3 === 0 ? 'open' : 'closed' } as const
  ])
)
const start = performance.now()
const plan = decide(inventory, policy, { ...emptyUsage, pullRequests }, NOW)
const seconds = (performance.now() - start) / 1_000
const peak = process.resourceUsage().maxRSS / 1_024
const numbers = {
  versions: inventory.versions.length,
  rules: policy.rules.length,
  deletions: plan.steps.length
}
console.log(JSON.stringify({ ...numbers, seconds, peak }))

/** Images of four versions each, of all the kinds that the policy speaks of, an hour apart. */
function packageOf(size: number): Inventory {
  const versions: PackageVersion[] = []
  const contents = new Map<Digest, Content>()
  const add = (name: string, tags: readonly string[], at: number, children: readonly Digest[]): Digest => {
    const digest = `sha256:${createHash('sha256').update(name).digest('hex')}` as Digest
    versions.push({ id: versions.length + 1, digest, tags, created: at, updated: at })
    const form = children.length > 0 ? 'index' : 'manifest'
    const entries = children.map(child => ({ digest: child, index: false }))
    contents.set(
      digest,
      children.length > 0
        ? {
            state: 'read',
            manifest: { mediaType: 'index', form, kind: 'image', children: entries, annotations: {} }
          }
        : { state: 'named' }
    )
    return digest
  }
  for (let image = 0; versions.length + PARTS <= size; image++) {
    const at = NOW - (size / PARTS - image) * HOUR
    const children = Array.from({ length: PARTS - 1 }, (_, part) => add(`${image} ${part}`, [], at, []))
    add(`${image}`, tagsOf(image), at, children)
  }
  const owner = { login: 'acme', kind: 'organization' } as const
  const pkg = { owner, name: 'app', visibility: 'public', versionCount: versions.length, url: '' }
  return { package: pkg, versions, contents }
}

function tagsOf(image: number): string[] {
  const commit = image.toString(16).padStart(7, '0')
  const number = Math.floor(image / 8)
  const [major, minor, patch] = [Math.floor(number / 400), Math.floor(number / 20) % 20, number % 20]
  switch (image % 8) {
    case 0:
      return [`v${major}.${minor}.${patch}`, `sha-${commit}`]
    case 1:
      return [`${major}.${minor}.${patch}-alpine`]
    case 2:
      return [`${major}.${minor}.${patch}-rc.1`]
    case 3:
      return [`nightly-${number}`]
    case 4:
      return [`feature-${number % 100}-${commit}`]
    case 5:
      return [`pr-${number % 2_000}`]
    case 6:
      return [`sha-${commit}`]
    default:
      return []
  }
}
