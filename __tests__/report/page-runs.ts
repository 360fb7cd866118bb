import type { Content, PackageVersion } from '../../src/model/package.ts'
import type { PackageRun, RunResult } from '../../src/model/run.ts'
import { deletion, planOf, somePackage, version } from '../helpers/make.ts'
import { DAY, drop, keep, runOf } from './runs.ts'
import { EVIL } from './shown.ts'

/** Runs for the HTML report: packages of indexes with two platforms and a signature each. */

const index = (children: readonly PackageVersion[]): Content => ({
  state: 'read',
  manifest: {
    mediaType: 'application/vnd.oci.image.index.v1+json',
    form: 'index',
    kind: 'image',
    children: children.map(({ digest }, nth) => ({
      digest,
      index: false,
      platform: nth === 0 ? 'linux/amd64' : 'linux/arm64'
    })),
    annotations: {}
  }
})

const signature = (subject: PackageVersion): Content => ({
  state: 'read',
  manifest: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    form: 'manifest',
    kind: 'artifact',
    children: [],
    subject: subject.digest,
    artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    annotations: {}
  }
})

/** `deletions` versions go, four to an image, and ten images stay; spread over `packages` packages. */
export function pageRun(deletions: number, packages = 1, facts: Partial<RunResult> = {}): RunResult {
  const images = Math.ceil(deletions / 4 / packages)
  return runOf(
    Array.from({ length: packages }, (_, nth) => onePackage(`shop/service-${nth}`, images, deletions)),
    { dryRun: true, ...facts }
  )
}

function onePackage(name: string, images: number, most: number): PackageRun {
  const contents = new Map<PackageVersion['digest'], Content>()
  const image = (label: string, tag: string, days: number) => {
    const date = Date.parse('2026-03-01T04:05:06Z') - days * DAY
    const dates = { created: date, updated: date }
    const root = version(`${name} ${label}`, { tags: [tag], ...dates })
    const parts = ['amd64', 'arm64'].map(arch => version(`${name} ${label} ${arch}`, dates))
    const signed = version(`${name} ${label} signature`, dates)
    contents.set(root.digest, index(parts))
    contents.set(signed.digest, signature(root))
    return { root, parts, signed }
  }
  const going = Array.from({ length: images }, (_, nth) => {
    const tag = `sha-${(nth * 2_654_435).toString(16).padStart(7, '0').slice(0, 7)}`
    const { root, parts, signed } = image(`build ${nth}`, tag, 60 + (nth % 700))
    return [
      drop(root, { code: 'delete-rule', rule: 'builds', tags: [tag], age: (60 + (nth % 700)) * DAY }),
      ...parts.map(part => drop(part, { code: 'owned', role: 'child', of: tag })),
      drop(signed, { code: 'owned', role: 'referrer', of: tag })
    ]
  })
    .flat()
    .slice(0, most)
  const staying = Array.from({ length: 10 }, (_, nth) => {
    const tag = `v1.${nth}.0`
    const { root, parts, signed } = image(`release ${nth}`, tag, 10 + nth * 60)
    return [
      keep(root, { code: 'keep-rule', rule: 'releases', matched: tag }),
      ...parts.map(part => keep(part, { code: 'child', of: tag })),
      keep(signed, { code: 'referrer', of: tag })
    ]
  }).flat()
  const steps = going.map(({ version: one }) => deletion(one))
  return {
    package: { ...somePackage, name, url: `https://github.com/orgs/acme/packages/container/package/${name}` },
    plan: { ...planOf(steps), decisions: [...going, ...staying] },
    outcomes: steps.map(step => ({ step, status: 'planned', detail: '' }) as const),
    contents,
    warnings: []
  }
}

/** Names that try to break out of the page, wherever a name can stand. */
export function hostilePageRun(): RunResult {
  const runs = EVIL.map((evil, nth) => {
    const bad = version(`evil ${nth}`, { tags: [evil] })
    const steps = [deletion(bad)]
    return {
      package: { ...somePackage, name: evil, url: 'javascript:alert(1)' },
      plan: {
        ...planOf(steps),
        decisions: [drop(bad, { code: 'delete-rule', rule: evil, tags: [evil], age: 41 * DAY })]
      },
      outcomes: steps.map(step => ({ step, status: 'failed', detail: evil }) as const),
      warnings: [evil]
    }
  })
  return runOf(runs, { owner: EVIL[0] ?? '', warnings: EVIL })
}
