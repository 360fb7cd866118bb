import type { KeepReason } from '../model/decision.ts'
import type { PackageVersion } from '../model/package.ts'
import type { Usage } from '../model/usage.ts'
import { type Graph, versionAt } from './graph.ts'
import type { Policy } from './rule.ts'
import { ageOf } from './time.ts'

/** All that a decision rests on: one snapshot, which no rule changes for another. */
export interface EvaluationInput {
  readonly graph: Graph
  readonly policy: Policy
  readonly usage: Usage
  /** Milliseconds since 1970. */
  readonly now: number
  /** Layer 0: what stays for its own sake, and so stands alone once what points to it goes; see `protectedVersions`. */
  readonly protection: Reasons<KeepReason>
}

/** Reasons by the place of the node; there may be several. */
export type Reasons<R> = ReadonlyMap<number, readonly R[]>

/** The age that rules compare with, in milliseconds; undefined when it is not known. */
export function ruleAge({ graph, policy, now }: EvaluationInput, place: number): number | undefined {
  return ageOf(versionAt(graph, place), policy.ageFrom, now)
}

/** Newest first; of two of the same moment the smaller digest, so that no listing order matters. */
export function byNewest(a: PackageVersion, b: PackageVersion): number {
  return (b.created ?? 0) - (a.created ?? 0) || byDigest(a, b)
}

/** Oldest first; of two of the same moment the smaller digest. */
export function byOldest(a: PackageVersion, b: PackageVersion): number {
  return (a.created ?? 0) - (b.created ?? 0) || byDigest(a, b)
}

function byDigest(a: PackageVersion, b: PackageVersion): number {
  return a.digest < b.digest ? -1 : a.digest > b.digest ? 1 : 0
}
