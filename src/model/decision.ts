import type { Brake, KeepShare, PatternHits } from './brake.ts'
import type { Digest } from './digest.ts'
import type { Package, PackageVersion } from './package.ts'

/** What is wrong with a root: all its children are gone (or itself), some are, or its subject is. */
export const BROKEN_STATES = ['ghost', 'partial', 'orphaned'] as const

export type BrokenState = (typeof BROKEN_STATES)[number]

/** Names in a repository whose images stay. */
export const PROTECT_SOURCES = ['git-tags', 'releases', 'branches', 'pull-requests'] as const

export type ProtectSource = (typeof PROTECT_SOURCES)[number]

/** Another version by the name that a person knows it by: its first user tag, else its short digest. */
export type Ref = string

/** Why a version stays. Ages and times are milliseconds. */
export type KeepReason =
  | { readonly code: 'no-rule' }
  | { readonly code: 'keep-rule'; readonly rule: string; readonly matched: string }
  | { readonly code: 'newest'; readonly rule: string; readonly rank: number; readonly group?: string }
  | { readonly code: 'within'; readonly rule: string; readonly age: number }
  | { readonly code: 'bucket'; readonly rule: string; readonly bucket: string; readonly value: string }
  | { readonly code: 'other-tags'; readonly rule: string; readonly tags: readonly string[] }
  | { readonly code: 'child'; readonly of: Ref }
  | { readonly code: 'referrer'; readonly of: Ref }
  | { readonly code: 'young'; readonly age: number; readonly grace: number }
  | { readonly code: 'undated' }
  | { readonly code: 'in-use'; readonly by: string }
  | { readonly code: 'unread'; readonly cause: string }
  | { readonly code: 'depends-on-unread'; readonly on: Ref; readonly cause: string }
  | { readonly code: 'mentioned'; readonly by: Ref }
  | { readonly code: 'last-tagged' }
  | { readonly code: 'cache' }
  /** GitHub's list is odd about it; `why` is a phrase. */
  | { readonly code: 'odd'; readonly why: string }
  /** A signature or the like whose subject is in another package, or may be; `why` is a phrase. */
  | { readonly code: 'stored'; readonly why: string }
  /** A plan that was approved keeps it; `why` is the reason that it gave. */
  | { readonly code: 'approved'; readonly why: string }
  /** It came after the plan that is applied. */
  | { readonly code: 'unplanned' }
  /** A purge does not name it, and it is no part of what it names. */
  | { readonly code: 'not-named' }

/** What one that goes with another is to that. */
export const ROLES = ['child', 'referrer'] as const

export type Role = (typeof ROLES)[number]

/** Why a version goes. */
export type DeleteReason =
  | {
      readonly code: 'delete-rule'
      readonly rule: string
      readonly tags: readonly string[]
      readonly age: number
    }
  | { readonly code: 'untagged'; readonly rule: string; readonly age: number }
  | { readonly code: 'broken'; readonly rule: string; readonly state: BrokenState; readonly age: number }
  /** Our own placeholder, left behind by a run that did not end its work when it took a tag off an image. */
  | { readonly code: 'placeholder' }
  | { readonly code: 'owned'; readonly role: Role; readonly of: Ref }
  /** A plan that was approved lets it go; `why` is the reason that it gave. */
  | {
      readonly code: 'approved-deletion'
      readonly why: string
      /** Of what was `owned`. */
      readonly role?: Role | undefined
      /** Of what goes only because it was broken: the `BrokenState`. */
      readonly brokenAs?: string | undefined
    }
  /** A purge names it, as `by`, which may be `WHOLE_PACKAGE`. */
  | { readonly code: 'purged'; readonly by: string }

/** The word that stands for a package as a whole, where versions are named. */
export const WHOLE_PACKAGE = 'package'

/** Why a version comes back. */
export type RestoreReason =
  /** The run that is undone deleted it, perhaps with the whole package; `started` in milliseconds since 1970. */
  | { readonly code: 'undo'; readonly started: number; readonly whole: boolean }
  | { readonly code: 'asked-for' }
  /** It was deleted, and turned out to be needed. `why` is a phrase. */
  | { readonly code: 'needed'; readonly why: string }

export type Reason = KeepReason | DeleteReason | RestoreReason

/** The verdict on one version; there is one for every version, and none without a reason. */
export type Decision =
  | {
      readonly verdict: 'keep'
      readonly version: PackageVersion
      readonly reasons: readonly [KeepReason, ...KeepReason[]]
      /** Tags to strip from it, where a rule says `untag`; mostly empty. */
      readonly untag: readonly string[]
    }
  | {
      readonly verdict: 'delete'
      readonly version: PackageVersion
      readonly reasons: readonly [DeleteReason, ...DeleteReason[]]
    }
  | {
      /** It was deleted before; only a run that undoes has these. */
      readonly verdict: 'restore'
      readonly version: PackageVersion
      readonly reasons: readonly [RestoreReason, ...RestoreReason[]]
    }

/** One change to make. Steps of a plan run in order, each after the ones that it names. */
export type Step =
  | {
      readonly action: 'delete'
      readonly version: PackageVersion
      /** Versions that must be confirmed gone first: indexes that name it, subjects that it describes. */
      readonly after: readonly Digest[]
      /** The root that it goes with; its own digest for a root. */
      readonly root: Digest
    }
  | {
      readonly action: 'restore'
      readonly version: PackageVersion
      /** Versions that come back first: those that it names, and what describes it. */
      readonly after: readonly Digest[]
      /** The image that it comes back with; its own digest for a root. */
      readonly root: Digest
      /** True where what comes after it follows even if this does not come back: it describes it, or nobody knows. */
      readonly optional?: boolean
    }
  | { readonly action: 'untag'; readonly version: PackageVersion; readonly tag: string }

/** What one rule made of a version. */
export interface RuleWord {
  readonly rule: string
  readonly action: 'keep' | 'delete'
  /**
   * Why it is not about the version: `part` of another image, or the field of its match that does not hold;
   * undefined when it is about it.
   */
  readonly mismatch?: string
  /** What it says for keeping it, and what against. */
  readonly keeps: readonly KeepReason[]
  readonly deletes: readonly DeleteReason[]
}

/** Everything that decides on one version. */
export interface Explanation {
  readonly decision: Decision
  /** In the order of the policy. */
  readonly rules: readonly RuleWord[]
  /** What it names as an index, and which indexes name it. */
  readonly needs: readonly Ref[]
  readonly neededBy: readonly Ref[]
  readonly describes: readonly Ref[]
  readonly describedBy: readonly Ref[]
  /** What of its own is gone. */
  readonly lacks: readonly Ref[]
}

/** What one run means to do to one package: plain data that can be printed, stored, compared and applied. */
export interface Plan {
  readonly package: Package
  /** One for every version, in the order of the inventory. */
  readonly decisions: readonly Decision[]
  /** What this run does, in order; within the budget, and when a brake holds nothing but what it skips anyway. */
  readonly steps: readonly Step[]
  /** How many more deletions the decisions ask for than the budget allows. */
  readonly left: number
  /** The first root that no run can delete, because with what it owns it is more than the budget allows. */
  readonly stuck?: { readonly version: PackageVersion; readonly deletions: number }
  readonly brakes: readonly Brake[]
  /** Images that remain and on which `min-remaining` rests. */
  readonly counted: readonly Digest[]
  readonly hits: readonly PatternHits[]
  /** How many versions a delete rule is about that the grace holds. */
  readonly graced: number
  /** One for each keep rule that is about tagged versions. */
  readonly keeps: readonly KeepShare[]
  /** Roots whose own children or subject are gone, whatever was decided on them. */
  readonly broken: readonly { readonly version: PackageVersion; readonly state: BrokenState }[]
  /**
   * Manifests that could not be read; without a digest where nobody knows what a tag stands on. What they could need
   * stays.
   */
  readonly unread: readonly {
    readonly digest?: Digest
    /** What names it, where GitHub does not list it: only that can be deleted. */
    readonly namedBy?: Digest
    readonly ref: Ref
    readonly cause: string
  }[]
}

/** A plan that decides nothing and does nothing. */
export function emptyPlan(pkg: Package): Plan {
  return {
    package: pkg,
    decisions: [],
    steps: [],
    left: 0,
    brakes: [],
    counted: [],
    hits: [],
    graced: 0,
    keeps: [],
    broken: [],
    unread: []
  }
}

/**
 * What became of a step.
 * - `done`: GitHub confirmed it, or it was confirmed after a lost answer.
 * - `already`: it was gone, or back, before we came.
 * - `planned`: a dry run would do it.
 * - `refused`: GitHub refuses it by rule (downloads, last tagged version); not an error.
 * - `skipped`: not tried, because the world had changed or a parent stayed.
 * - `left`: not reached before a limit or the end of the time.
 * - `failed`: tried, and not known to be done.
 */
export type OutcomeStatus = 'done' | 'already' | 'planned' | 'refused' | 'skipped' | 'left' | 'failed'

export interface Outcome {
  readonly step: Step
  readonly status: OutcomeStatus
  /** A sentence for people; empty for `done` and `planned`. */
  readonly detail: string
}
