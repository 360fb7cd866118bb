import * as z from 'zod'
import { TAG_STATES } from '../model/check.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import { isPackageName } from '../model/package.ts'
import { MODES } from '../model/run.ts'
import { listOf } from '../util/parse-foreign.ts'

/** Raised when a reader of the old form would misread the new one; added keys do not raise it. */
export const SCHEMA_VERSION = 1

const digest = z.custom<Digest>(
  value => typeof value === 'string' && parseDigest(value) !== undefined,
  'is not a full sha256: or sha512: digest'
)
const wholeNumber = z.number().int().nonnegative()
/** ISO 8601 in UTC, as `Date.toISOString` writes it; null where GitHub gave no date. */
const time = z.iso.datetime().nullable()

const version = z.object({
  id: wholeNumber,
  digest: digest,
  tags: listOf(z.string()),
  created: time,
  updated: time,
  verdict: z.enum(['keep', 'delete', 'restore']),
  phrase: z.string(),
  reasons: listOf(z.looseObject({ code: z.string() })).refine(reasons => reasons.length > 0, 'are none'),
  untag: listOf(z.string()).optional()
})

const step = z.discriminatedUnion('action', [
  z.object({
    action: z.enum(['delete', 'restore']),
    id: wholeNumber,
    digest: digest,
    /** Versions that must be gone, or back, before. */
    after: listOf(digest),
    /** The image that it goes, or comes back, with. */
    root: digest
  }),
  z.object({ action: z.literal('untag'), id: wholeNumber, digest: digest, tag: z.string() })
])

/** How a tag stands that should have an image. */
const check = z.object({
  tag: z.string(),
  images: listOf(z.string()),
  state: z.enum(TAG_STATES),
  lacks: listOf(z.string()),
  cause: z.string().optional()
})

const packageRecord = z.object({
  owner: z.object({ login: z.string(), kind: z.enum(['organization', 'user', 'self']) }),
  name: z.string().refine(isPackageName, 'is not the name of a package'),
  visibility: z.string(),
  repository: z.string().optional(),
  url: z.string(),
  error: z.string().optional(),
  warnings: listOf(z.string()),
  /** In a check, before anything was started; absent when the package was not reached. */
  checks: listOf(check).optional(),
  /** Manifests that were read and why, and those that were not. */
  reads: z
    .object({
      tagged: wholeNumber,
      named: wholeNumber,
      untagged: wholeNumber,
      remembered: wholeNumber,
      spared: wholeNumber
    })
    .optional(),
  /** `inventoryHash` of the versions; absent when nothing was decided. */
  inventory: z.string().optional(),
  /** `policyHash` of the policy that decided; absent where no policy did. */
  policy: z.string().optional(),
  versions: listOf(version),
  steps: listOf(step),
  left: wholeNumber,
  brakes: listOf(
    z.object({
      input: z.string(),
      limit: z.number().optional(),
      value: z.number().optional(),
      /** Of a pattern or a rule that keeps nothing, and of a rule without a limit. */
      rule: z.string().optional(),
      pattern: z.string().optional(),
      /** Of a keep rule that keeps nothing: what empties it. */
      field: z.string().optional(),
      byTags: z.boolean().optional(),
      /** Of a rule without a limit: how many versions would go. */
      going: wholeNumber.optional()
    })
  ),
  hits: listOf(
    z.object({ rule: z.string(), action: z.enum(['keep', 'delete']), pattern: z.string(), hits: wholeNumber })
  ),
  broken: listOf(z.object({ id: wholeNumber, digest: digest, state: z.string() })),
  unread: listOf(z.object({ digest: digest.optional(), ref: z.string(), cause: z.string() }))
})

const change = {
  at: z.iso.datetime(),
  package: z.string(),
  action: z.enum(['delete', 'untag', 'restore', 'tag']),
  id: wholeNumber,
  digest: digest,
  /** The tag that is stripped, or put back. */
  tag: z.string().optional()
}

const wholePackage = {
  at: z.iso.datetime(),
  package: z.string(),
  action: z.enum(['delete-package', 'restore-package'])
}

const build = {
  at: z.iso.datetime(),
  tag: z.string(),
  workflow: z.string(),
  /** `owner/name`. */
  repository: z.string()
}

const ending = { status: z.string(), url: z.string().optional(), detail: z.string() }

const entry = z.discriminatedUnion('event', [
  /** Written before the request goes out. One without an outcome may or may not have reached GitHub. */
  z.object({ event: z.literal('sent'), ...change }),
  z.object({ event: z.literal('outcome'), ...change, status: z.string(), detail: z.string() }),
  /** The same for a request that concerns a package as a whole. */
  z.object({ event: z.literal('package-sent'), ...wholePackage }),
  z.object({ event: z.literal('package-outcome'), ...wholePackage, status: z.string(), detail: z.string() }),
  /** The same for the start of a workflow. */
  z.object({
    event: z.literal('dispatch-sent'),
    ...build,
    ref: z.string(),
    inputs: z.record(z.string(), z.string())
  }),
  z.object({ event: z.literal('dispatch-outcome'), ...build, ...ending })
])

const finished = z.object({
  at: z.iso.datetime(),
  durationMs: z.number().nonnegative(),
  requests: z.object({ api: wholeNumber, points: wholeNumber, writes: wholeNumber, reads: wholeNumber }),
  incomplete: z.string().optional(),
  failures: listOf(z.string()),
  warnings: listOf(z.string()),
  packages: listOf(
    z.object({
      name: z.string(),
      error: z.string().optional(),
      warnings: listOf(z.string()),
      /** Bytes of what was deleted, or in a check of what was found; where `sizes` asks for it. */
      sizes: z
        .object({
          total: wholeNumber,
          unshared: wholeNumber,
          unread: wholeNumber,
          unreadStaying: wholeNumber
        })
        .optional(),
      /** In a check, after what was started and waited for. */
      checks: listOf(check).optional()
    })
  ),
  /** What a check started, or had a reason not to. */
  dispatches: listOf(
    z.object({ tag: z.string(), workflow: z.string(), repository: z.string(), ...ending })
  ).optional()
})

export const record = z.object({
  schema: z.literal(SCHEMA_VERSION),
  run: z.object({
    mode: z.enum(MODES),
    dryRun: z.boolean(),
    owner: z.string(),
    started: z.iso.datetime(),
    api: z.string(),
    registry: z.string(),
    /** The action's own version. */
    version: z.string()
  }),
  packages: listOf(packageRecord),
  /** In the order in which it happened. */
  journal: listOf(entry),
  /** Absent when the run was killed. */
  finished: finished.optional()
})

/** The JSON report of one run. */
export type RunRecord = z.infer<typeof record>
export type PackageRecord = z.infer<typeof packageRecord>
export type JournalEntry = z.infer<typeof entry>
export type FinishedRecord = z.infer<typeof finished>
