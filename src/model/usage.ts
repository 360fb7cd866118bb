import type { Digest } from './digest.ts'

/** A reference to an image of the package, found where images are used. */
export interface InUse {
  /** Where it was found, for people: `deploy/prod.yaml:14`, `release v1.2.3`. */
  readonly by: string
  readonly tag?: string
  readonly digest?: Digest
  /** True in place of a digest that is not known: it may be any. */
  readonly anyDigest?: boolean
}

export interface PullRequest {
  readonly state: 'open' | 'closed'
  /** Milliseconds since 1970. */
  readonly closedAt?: number
}

/** What was asked elsewhere, before deciding. What is not in it is unknown, and unknown is never deleted for. */
export interface Usage {
  readonly inUse: readonly InUse[]
  readonly pullRequests: ReadonlyMap<number, PullRequest>
  /** Every branch of the repository; undefined when nobody asked, or the answer is not complete. */
  readonly branches: ReadonlySet<string> | undefined
  /** Every git tag of the repository; undefined likewise. */
  readonly gitTags: ReadonlySet<string> | undefined
  /** When a version was first seen without a tag, milliseconds since 1970. */
  readonly untaggedSince: ReadonlyMap<Digest, number>
  /** Config labels and annotations; a digest that is not in it has unknown ones. */
  readonly labels: ReadonlyMap<Digest, Readonly<Record<string, string>>>
}

/** Nothing was asked. */
export const emptyUsage: Usage = {
  inUse: [],
  pullRequests: new Map(),
  branches: undefined,
  gitTags: undefined,
  untaggedSince: new Map(),
  labels: new Map()
}
