import type { Plan } from '../../src/model/decision.ts'
import type { Digest } from '../../src/model/digest.ts'
import type { Kind } from '../../src/model/manifest.ts'
import type { Content, Inventory, PackageVersion } from '../../src/model/package.ts'
import { emptyUsage, type Usage } from '../../src/model/usage.ts'
import { decide } from '../../src/policy/plan.ts'
import type { Policy } from '../../src/policy/rule.ts'
import { expectLaws } from './laws.ts'
import { digestOf, somePackage } from './make.ts'
import { NOW } from './worlds.ts'

/** A package in a few lines: one line a manifest, by names that stand for digests. */
export interface Facts {
  readonly tags?: readonly string[]
  /** Days since it was pushed. */
  readonly age?: number
  /** Days since it was updated; as `age` unless said otherwise. */
  readonly updated?: number
  readonly undated?: true
  readonly children?: readonly string[]
  readonly subject?: string
  /** Its kind is unknown, so its children are mere mentions. */
  readonly odd?: true
  readonly kind?: Kind
  /** Our own, with the tag that it took. */
  readonly placeholder?: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly state?: 'missing' | 'unread' | 'named'
  /** Only named by an index. */
  readonly unlisted?: true
}

const DAY = 86_400_000

export function packageOf(manifests: Readonly<Record<string, Facts>>): Inventory {
  const versions: PackageVersion[] = []
  const contents = new Map<Digest, Content>()
  Object.entries(manifests).forEach(([name, facts], index) => {
    const { tags = [], age = 90, updated = age, unlisted, undated } = facts
    const digest = digestOf(name)
    const dates = undated
      ? { created: undefined, updated: undefined }
      : { created: NOW - age * DAY, updated: NOW - updated * DAY }
    if (!unlisted) versions.push({ id: index + 1, digest, tags, ...dates })
    contents.set(digest, contentOf(facts))
  })
  return { package: somePackage, versions, contents }
}

function contentOf({
  state,
  children = [],
  subject,
  odd,
  kind = 'image',
  annotations = {},
  placeholder
}: Facts): Content {
  if (state === 'unread') return { state, cause: 'the registry answered 500' }
  if (state !== undefined) return { state }
  return {
    state: 'read',
    manifest: {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      form: children.length > 0 || placeholder !== undefined ? 'index' : 'manifest',
      kind,
      children: children.map(child => ({ digest: digestOf(child), index: false })),
      ...(subject === undefined ? {} : { subject: digestOf(subject) }),
      ...(odd ? { unknown: 'it is of a kind that nobody knows' } : {}),
      annotations:
        placeholder === undefined ? annotations : { 'io.github.ghcr-steward.untagged': placeholder }
    }
  }
}

/** Decides, and holds the plan to all laws on the way. */
export function planFor(
  manifests: Readonly<Record<string, Facts>>,
  policy: Policy,
  world: Partial<Usage> = {}
): Plan {
  const inventory = packageOf(manifests)
  const plan = decide(inventory, policy, { ...emptyUsage, ...world }, NOW)
  expectLaws(inventory, plan)
  return plan
}

/** The names of what goes, in the order of the package. */
export function goes(manifests: Readonly<Record<string, Facts>>, plan: Plan): string[] {
  const gone = new Set(plan.decisions.flatMap(one => (one.verdict === 'delete' ? [one.version.digest] : [])))
  return Object.keys(manifests).filter(name => gone.has(digestOf(name)))
}

/** What is decided on one version. */
export function fateOf(plan: Plan, name: string): Plan['decisions'][number] {
  const decision = plan.decisions.find(({ version }) => version.digest === digestOf(name))
  if (decision === undefined) throw new Error(`there is no decision on ${name}`)
  return decision
}
