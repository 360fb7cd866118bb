import type { BlobReport } from './blob.ts'
import type { CheckFindings, TagCheck } from './check.ts'
import type { Explanation, Outcome, Plan } from './decision.ts'
import type { Inventory, Package } from './package.ts'

export const MODES = ['retain', 'check', 'purge', 'restore'] as const

export type Mode = (typeof MODES)[number]

/** Which manifests of one package were read and why, and which were not. GitHub counts each as a download. */
export interface ReadCounts {
  /** Tagged versions. */
  readonly tagged: number
  /** What these name or describe, where that does not tell what it is: indexes in indexes, unlisted manifests. */
  readonly named: number
  /** Untagged versions that nothing tagged led to: each may be an index that needs others. */
  readonly untagged: number
  /** Not read: earlier runs did. */
  readonly remembered: number
  /** Not read: an index that is known says what it is, or nothing that is decided depends on it. */
  readonly spared: number
}

/** What became of one package in one run. */
export interface PackageRun {
  readonly package: Package
  /** Undefined when nothing was decided; `error` then says why. */
  readonly plan: Plan | undefined
  /**
   * One for every step of the plan that was reached; a dry run's are `planned`. Behind them what was restored at
   * once, because it turned out to be needed.
   */
  readonly outcomes: readonly Outcome[]
  /** About the version that the input `explain` names, if it is in this package. */
  readonly explanations?: readonly Explanation[]
  /** What the decisions rest on: `policyHash` of the policy. */
  readonly policy?: string
  readonly reads?: ReadCounts
  /** What is known about the manifests, to show how they belong together. */
  readonly contents?: Inventory['contents']
  /** Where `sizes` asks for it. */
  readonly blobs?: BlobReport
  /** What could not be asked before, and what was wrong after the last change: sentences; each makes the run red. */
  readonly alarms?: readonly string[]
  /** In a check: one for every tag that should have an image here, newest first; undefined when not reached. */
  readonly checks?: readonly TagCheck[]
  /** Why nothing was decided, or why the work on the package stopped: a sentence for people. */
  readonly error?: string
  /** Why there was no room to look at it, which `warnings` say, too: a sentence. */
  readonly left?: string
  /** Sentences. */
  readonly warnings: readonly string[]
}

/** Requests that were sent, by what they count against. */
export interface RequestCounts {
  /** REST API requests, writes included. */
  readonly api: number
  /** Points of GitHub's secondary limit: 1 a read, 5 a write. */
  readonly points: number
  /** REST API requests that change something. */
  readonly writes: number
  /** Manifests read from the registry. */
  readonly reads: number
}

/** All there is to say about a finished run. The report, the summary, the outputs and the colour come from it alone. */
export interface RunResult {
  readonly mode: Mode
  readonly dryRun: boolean
  /** The owner's login, as given. */
  readonly owner: string
  /** In the order in which they were worked on. */
  readonly packages: readonly PackageRun[]
  /** Names of packages that GitHub does not find, and that need not exist. */
  readonly absent?: readonly string[]
  /** Why `packages` is empty, where it is: a sentence. */
  readonly noMatch?: string
  /** For a purge: the value of the input `confirm` that a real run needs. */
  readonly confirm?: string
  /** Sentences that concern no single package. */
  readonly warnings: readonly string[]
  /** Only in a check. */
  readonly check?: CheckFindings
  /** Why the run ended early: a sentence. Absent when it came to its end. */
  readonly incomplete?: string
  /** False where all was done and only a look is missing: no later run is sure to take it. */
  readonly goesOn?: boolean
  readonly requests: RequestCounts
  /** Milliseconds. */
  readonly durationMs: number
  /** Milliseconds since 1970. */
  readonly started: number
}
