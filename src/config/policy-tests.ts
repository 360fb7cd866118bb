import { InputError } from '../errors.ts'
import type { Plan } from '../model/decision.ts'
import { type Digest, parseDigest, sha256Of } from '../model/digest.ts'
import type { Content, Inventory, PackageVersion } from '../model/package.ts'
import { emptyUsage, type InUse, type Usage } from '../model/usage.ts'
import { decide } from '../policy/plan.ts'
import { mismatch } from '../report/policy-test-phrases.ts'
import { present } from '../util/present.ts'
import { policyFor, policyOf } from './for-package.ts'
import type { PolicyFile } from './schema/policy-schema.ts'
import type { PolicyTest } from './schema/policy-test-schema.ts'

/**
 * Has the policy decide each case that it brings along, and compares.
 *
 * @returns the names of all cases
 * @throws InputError with a sentence for each thing that is not as a case expects, ExpectedError when a regular
 *   expression takes too long
 */
export function runPolicyTests(file: PolicyFile): string[] {
  const problems = file.tests.flatMap(test =>
    mismatches(file, test).map(sentence => `Policy test "${test.name}": ${sentence}`)
  )
  if (problems.length > 0) throw new InputError(problems)
  return file.tests.map(({ name }) => name)
}

function mismatches(file: PolicyFile, test: PolicyTest): string[] {
  const [first] = file.packages
  const policy = test.package === undefined ? first && policyOf(first) : policyFor(file, test.package)
  if (policy === undefined) return [mismatch.noPackage(test.package ?? '')]
  return compare(decide(inventoryOf(test), policy, usageOf(test), Date.parse(test.now)), test)
}

function compare({ decisions, steps, brakes }: Plan, { versions, expect }: PolicyTest): string[] {
  const names = new Map(versions.map(({ digest }) => [digestOf(digest), digest]))
  const nameOf = ({ digest }: PackageVersion): string => names.get(digest) ?? digest
  const found: string[] = []
  const expected = [...expect.delete, ...(expect.apply ?? []), ...Object.keys(expect.untag ?? {})]
  for (const version of new Set(expected)) {
    if (!versions.some(({ digest }) => digest === version)) found.push(mismatch.noVersion(version))
  }
  for (const decision of decisions) {
    const version = nameOf(decision.version)
    const wanted = expect.delete.includes(version) ? 'delete' : 'keep'
    if (decision.verdict !== wanted) found.push(mismatch.verdict(version, wanted, decision))
    const tags = expect.untag?.[version] ?? []
    const actual = decision.verdict === 'keep' ? decision.untag : []
    if (!sameSet(tags, actual)) found.push(mismatch.untag(version, tags, actual))
  }
  const stop = expect.stop ?? false
  if (stop !== brakes.length > 0) found.push(mismatch.stop(stop, brakes))
  const applied = steps.flatMap(step => (step.action === 'delete' ? [nameOf(step.version)] : []))
  if (expect.apply !== undefined && expect.apply.join('\n') !== applied.join('\n')) {
    found.push(mismatch.apply(expect.apply, applied))
  }
  return found
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every(one => b.includes(one))
}

/** A digest for a name, in the order of the names, for ties go by digest. */
function digestOf(name: string): Digest {
  const bytes = Buffer.from(name)
  const padded = `sha256:${bytes.toString('hex').padEnd(64, '0')}`
  return parseDigest(name) ?? parseDigest(padded) ?? sha256Of(bytes)
}

function inventoryOf({ package: name = 'app', versions }: PolicyTest): Inventory {
  const contents = new Map(versions.map(version => [digestOf(version.digest), contentOf(version)]))
  const named = versions.flatMap(({ children = [], subject }) => [...children, ...(subject ? [subject] : [])])
  for (const digest of named.map(digestOf)) {
    if (!contents.has(digest)) contents.set(digest, { state: 'missing' })
  }
  return {
    package: {
      owner: { login: 'test', kind: 'organization' },
      name,
      visibility: 'private',
      versionCount: versions.length,
      url: ''
    },
    versions: versions.map(({ digest, tags = [], created, updated = created }, index) => ({
      id: index + 1,
      digest: digestOf(digest),
      tags,
      created: Date.parse(created),
      updated: Date.parse(updated)
    })),
    contents
  }
}

function contentOf(version: PolicyTest['versions'][number]): Content {
  const { children = [], subject, kind = 'image', labels = {} } = version
  return {
    state: 'read',
    manifest: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      form: children.length > 0 ? 'index' : 'manifest',
      kind,
      children: children.map(child => ({ digest: digestOf(child), index: false })),
      ...(subject === undefined ? {} : { subject: digestOf(subject) }),
      annotations: labels
    }
  }
}

function usageOf(test: PolicyTest): Usage {
  const untagged = test.versions.filter(({ tags = [] }) => tags.length === 0)
  return {
    inUse: (test['in-use'] ?? []).map(({ by, tag, digest }) =>
      present<InUse>({ by, tag, digest: digest === undefined ? undefined : digestOf(digest) })
    ),
    pullRequests: new Map(
      Object.entries(test['pull-requests'] ?? {}).map(([number, { state, closed }]) => [
        Number(number),
        closed === undefined ? { state } : { state, closedAt: Date.parse(closed) }
      ])
    ),
    branches: test.branches === undefined ? emptyUsage.branches : new Set(test.branches),
    gitTags: test['git-tags'] === undefined ? emptyUsage.gitTags : new Set(test['git-tags']),
    // Nobody has looked before: what is untagged is taken to have been so since it was pushed.
    untaggedSince: new Map(untagged.map(({ digest, created }) => [digestOf(digest), Date.parse(created)])),
    labels: new Map(test.versions.map(({ digest, labels = {} }) => [digestOf(digest), labels]))
  }
}
