import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { stringify } from 'yaml'
import { policyFor } from '../../src/config/for-package.ts'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import type { Plan } from '../../src/model/decision.ts'
import { type Digest, referrerTag } from '../../src/model/digest.ts'
import type { Content, Inventory, PackageVersion } from '../../src/model/package.ts'
import { emptyUsage, type Usage } from '../../src/model/usage.ts'
import { decide } from '../../src/policy/plan.ts'
import { expectLaws } from '../helpers/laws.ts'
import { somePackage } from '../helpers/make.ts'

/** The acceptance data of the policy language: every case from YAML to plan, with its rules in both orders. */

interface Example {
  id: string
  title: string
  now: string
  policy: { rules: object[] }
  versions: {
    digest: string
    tags: string[]
    created: string
    updated?: string
    children?: string[]
    subject?: string
  }[]
  'in-use'?: [by: string, reference: string][]
  git?: { 'pull-requests': Record<string, { state: 'open' | 'closed'; closed?: string }> }
  expect: { delete: string[]; untag?: Record<string, string[]>; stop?: boolean; apply?: string[] }
}

const examples = JSON.parse(readFileSync(new URL('./examples.json', import.meta.url), 'utf8')) as Example[]

/** `sha256:a1` as a whole digest that sorts as the short one does. */
function full(short: string): Digest {
  const hex = [...short.slice('sha256:'.length)].map(letter =>
    letter.charCodeAt(0).toString(16).padStart(2, '0')
  )
  return `sha256:${hex.join('').padEnd(64, '0')}` as Digest
}

function inventoryOf(example: Example): Inventory {
  const versions = example.versions.map(
    (version, index): PackageVersion => ({
      id: index + 1,
      digest: full(version.digest),
      tags: version.tags.map(tag =>
        tag.startsWith('sha256-') ? referrerTag(full(tag.replace('-', ':'))) : tag
      ),
      created: Date.parse(version.created),
      updated: Date.parse(version.updated ?? version.created)
    })
  )
  const contents = new Map(
    example.versions.map(({ digest, children = [], subject }): [Digest, Content] => [
      full(digest),
      {
        state: 'read',
        manifest: {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          form: children.length > 0 ? 'index' : 'manifest',
          kind: 'image',
          children: children.map(child => ({ digest: full(child), index: false })),
          ...(subject === undefined ? {} : { subject: full(subject) }),
          annotations: {}
        }
      }
    ])
  )
  return { package: somePackage, versions, contents }
}

function worldOf(example: Example): Usage {
  const pullRequests = Object.entries(example.git?.['pull-requests'] ?? {})
  return {
    ...emptyUsage,
    inUse: (example['in-use'] ?? []).map(([by, reference]) =>
      reference.startsWith('sha256:') ? { by, digest: full(reference) } : { by, tag: reference }
    ),
    pullRequests: new Map(
      pullRequests.map(([number, { state, closed }]) => [
        Number(number),
        closed === undefined ? { state } : { state, closedAt: Date.parse(closed) }
      ])
    )
  }
}

function decideExample(example: Example, rules: object[]): Plan {
  const { rules: _, ...defaults } = example.policy
  const yaml = stringify({ version: 1, defaults, packages: [{ match: '**', rules }] })
  const policy = policyFor(parsePolicyFile(yaml, 'policy.yml'), 'app')
  if (policy === undefined) throw new Error('the policy matches no package')
  const inventory = inventoryOf(example)
  const plan = decide(inventory, policy, worldOf(example), Date.parse(example.now))
  expectLaws(inventory, plan)
  return plan
}

describe.each(examples.map(example => [example.id, example.title, example] as const))(
  'example %s: %s',
  (_, __, example) => {
    const directions: [string, object[]][] = [
      ['as written', example.policy.rules],
      ['with its rules reversed', example.policy.rules.toReversed()]
    ]
    test.each(directions)('%s', (__, rules) => {
      const plan = decideExample(example, rules)
      const deleted = plan.decisions.flatMap(({ verdict, version }) =>
        verdict === 'delete' ? [version.digest] : []
      )
      expect(deleted.toSorted()).toEqual(example.expect.delete.map(full).toSorted())
      const untagged = plan.decisions.flatMap(decision =>
        decision.verdict === 'keep' && decision.untag.length > 0
          ? [[decision.version.digest, decision.untag] as const]
          : []
      )
      const expected = Object.entries(example.expect.untag ?? {}).map(([digest, tags]) => [
        full(digest),
        tags
      ])
      expect(Object.fromEntries(untagged)).toEqual(Object.fromEntries(expected))
      expect(plan.brakes.length > 0).toBe(example.expect.stop ?? false)
      const steps = plan.steps.flatMap(step => (step.action === 'delete' ? [step.version.digest] : []))
      if (example.expect.apply === undefined) expect(steps.toSorted()).toEqual(deleted.toSorted())
      else expect(steps).toEqual(example.expect.apply.map(full))
    })
  }
)
