import { hash } from 'node:crypto'
import type { Plan, Step } from '../../src/model/decision.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { Package, PackageVersion } from '../../src/model/package.ts'

/** Small makers of model values for tests: one line a fact, everything else a believable default. */

export const digestOf = (name: string): Digest => `sha256:${hash('sha256', name)}` as Digest

let ids = 1_000

export function version(name: string, facts: Partial<PackageVersion> = {}): PackageVersion {
  const created = Date.parse('2026-01-01T00:00:00Z')
  return { id: ids++, digest: digestOf(name), tags: [], created, updated: created, ...facts }
}

export const somePackage: Package = {
  owner: { login: 'acme', kind: 'organization' },
  name: 'app',
  visibility: 'public',
  versionCount: 0,
  url: 'https://github.com/orgs/acme/packages/container/package/app'
}

export const deletion = (
  version: PackageVersion,
  after: readonly PackageVersion[] = []
): Step & { action: 'delete' } => ({
  action: 'delete',
  version,
  after: after.map(parent => parent.digest),
  root: version.digest
})

export const planOf = (steps: readonly Step[]): Plan => ({
  package: somePackage,
  decisions: [],
  steps,
  left: 0,
  brakes: [],
  counted: [],
  graced: 0,
  keeps: [],
  hits: [],
  broken: [],
  unread: []
})
