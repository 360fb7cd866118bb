/**
 * How one tag that should have an image stands in one package.
 * - `present`: one of its images and everything that it names can be pulled.
 * - `absent`: none of its image tags is there.
 * - `incomplete`: it is there, but something that it names is gone, or a platform is not in it.
 * - `unreadable`: that could not be found out. It never counts as missing.
 */
export const TAG_STATES = ['present', 'absent', 'incomplete', 'unreadable'] as const

export type TagState = (typeof TAG_STATES)[number]

/** What an image may be asked to be signed with: cosign's signature, an attestation, or either. */
export const SIGNATURES = ['cosign', 'attestation', 'any'] as const

export type Signature = (typeof SIGNATURES)[number]

export interface TagCheck {
  /** The git tag, or the image tag that was asked for by name. */
  readonly tag: string
  /** Image tags any of which would do. */
  readonly images: readonly string[]
  readonly state: TagState
  /** What an incomplete image lacks: digests, and platforms as `os/architecture[/variant]`. */
  readonly lacks: readonly string[]
  /** Why it is unreadable: a phrase for people. */
  readonly cause?: string
}

/**
 * What became of the rebuilding of a missing tag.
 * - `planned`: a dry run would start it.
 * - `dispatched`: a workflow run was started, and nobody waits for it.
 * - `built`: its run came to an end, and the image is there and whole now.
 * - `not-built`: its run came to an end, and the image is still missing.
 * - `cancelled`: its run was cancelled before it came to an end.
 * - `running`: the time of `wait` is over, and the run is not.
 * - `held`: not started, because a run for the tag is queued or running already.
 * - `exhausted`: not started, because so many runs for it have ended without an image.
 * - `left`: not started in this run, because of a limit.
 * - `failed`: GitHub refused to start it, or it is not known whether it was started.
 */
export type DispatchStatus =
  | 'planned'
  | 'dispatched'
  | 'built'
  | 'not-built'
  | 'cancelled'
  | 'running'
  | 'held'
  | 'exhausted'
  | 'left'
  | 'failed'

export interface Dispatch {
  readonly tag: string
  /** The workflow's file name, and `owner/name` of the repository that it is in. */
  readonly workflow: string
  readonly repository: string
  readonly status: DispatchStatus
  /** The run's page; the workflow's where the run is not known, and absent where nothing was started. */
  readonly url?: string
  /** A sentence for people; empty where the status says it all. */
  readonly detail: string
}

/** A run of a workflow, as far as GitHub tells: not with which inputs it was started. */
export interface WorkflowRun {
  readonly id: number
  /** What `run-name` made of it; else the workflow's or the commit's. */
  readonly title: string
  /** The branch or tag that it was started on. */
  readonly branch: string
  readonly event: string
  /** `completed`, or something before that. */
  readonly status: string
  /** How it ended: `success`, `failure`, `cancelled`, … */
  readonly conclusion: string | undefined
  readonly url: string
}

/** What a check found out besides the states of the tags. */
export interface CheckFindings {
  /** Every tag that must have an image in some package, newest first. */
  readonly expected: readonly string[]
  /** Newest tags first. */
  readonly dispatches: readonly Dispatch[]
  /** Git tags that give no image tag: nothing can be expected of them. */
  readonly unmapped: readonly string[]
  /** Whether missing images make the run red. */
  readonly failOnMissing: boolean
  /** What makes the run red besides that: sentences. */
  readonly errors: readonly string[]
}
