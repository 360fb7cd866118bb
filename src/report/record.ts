import { readFileSync, statSync } from 'node:fs'
import * as z from 'zod'
import { ExpectedError, messageOf } from '../errors.ts'
import { TAG_STATES } from '../model/check.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import { MODES } from '../model/run.ts'

/** Raised when a reader of the old form would misread the new one; added keys do not raise it. */
export const SCHEMA_VERSION = 1

const digest = z.custom<Digest>(
  value => typeof value === 'string' && parseDigest(value) !== undefined,
  'is no full sha256: or sha512: digest'
)
const wholeNumber = z.number().int().nonnegative()
/** ISO 8601 in UTC, as `Date.toISOString` writes it; null where GitHub gave no date. */
const time = z.iso.datetime().nullable()

const version = z.object({
  id: wholeNumber,
  digest: digest,
  tags: z.array(z.string()),
  created: time,
  updated: time,
  verdict: z.enum(['keep', 'delete', 'restore']),
  phrase: z.string(),
  reasons: z.array(z.looseObject({ code: z.string() })).min(1),
  untag: z.array(z.string()).optional()
})

const step = z.discriminatedUnion('action', [
  z.object({
    action: z.enum(['delete', 'restore']),
    id: wholeNumber,
    digest: digest,
    /** Versions that must be gone, or back, before. */
    after: z.array(digest),
    /** The image that it goes, or comes back, with. */
    root: digest
  }),
  z.object({ action: z.literal('untag'), id: wholeNumber, digest: digest, tag: z.string() })
])

/** How a tag stands that should have an image. */
const check = z.object({
  tag: z.string(),
  images: z.array(z.string()),
  state: z.enum(TAG_STATES),
  lacks: z.array(z.string()),
  cause: z.string().optional()
})

/** It becomes a part of addresses. */
function isPathless(name: string): boolean {
  return !/^$|[\s\\?#%]|(?:^|\/)(?:\.{0,2})(?:\/|$)/.test(name)
}

const packageRecord = z.object({
  owner: z.object({ login: z.string(), kind: z.enum(['organization', 'user', 'self']) }),
  name: z.string().refine(isPathless, 'is no name of a package'),
  visibility: z.string(),
  repository: z.string().optional(),
  url: z.string(),
  error: z.string().optional(),
  warnings: z.array(z.string()),
  /** In a check, before anything was started; absent when the package was not come to. */
  checks: z.array(check).optional(),
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
  versions: z.array(version),
  steps: z.array(step),
  left: wholeNumber,
  brakes: z.array(
    z.object({
      input: z.string(),
      limit: z.number().optional(),
      value: z.number().optional(),
      /** Of a pattern that keeps nothing. */
      rule: z.string().optional(),
      pattern: z.string().optional()
    })
  ),
  hits: z.array(
    z.object({ rule: z.string(), action: z.enum(['keep', 'delete']), pattern: z.string(), hits: wholeNumber })
  ),
  broken: z.array(z.object({ id: wholeNumber, digest: digest, state: z.string() })),
  unread: z.array(z.object({ digest: digest.optional(), ref: z.string(), cause: z.string() }))
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
  failures: z.array(z.string()),
  warnings: z.array(z.string()),
  packages: z.array(
    z.object({
      name: z.string(),
      error: z.string().optional(),
      warnings: z.array(z.string()),
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
      checks: z.array(check).optional()
    })
  ),
  /** What a check started, or had a reason not to. */
  dispatches: z
    .array(z.object({ tag: z.string(), workflow: z.string(), repository: z.string(), ...ending }))
    .optional()
})

const record = z.object({
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
  packages: z.array(packageRecord),
  /** In the order in which it happened. */
  journal: z.array(entry),
  /** Absent when the run was killed. */
  finished: finished.optional()
})

/** The JSON report of one run. */
export type RunRecord = z.infer<typeof record>
export type PackageRecord = z.infer<typeof packageRecord>
export type JournalEntry = z.infer<typeof entry>
export type FinishedRecord = z.infer<typeof finished>

/** Twice what the report of a run over 500,000 versions has. */
const MOST_BYTES = 500 * 1024 * 1024

/**
 * Reads a report file.
 *
 * @throws ExpectedError that says what is wrong with the file: missing, cut short, foreign, newer, tampered with
 */
export function readRecord(path: string): RunRecord {
  let text: string
  try {
    const found = statSync(path)
    // A device or a pipe may never end.
    if (!found.isFile()) throw new Error('it is no file')
    if (found.size > MOST_BYTES) {
      throw new Error(`it has more than ${MOST_BYTES / 1024 / 1024} MiB, which no run writes`)
    }
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new ExpectedError(`The report ${path} cannot be read: ${messageOf(error)}.`)
  }
  return parseRecord(text, path)
}

/** The same from text; `name` is what messages call it. */
export function parseRecord(text: string, name: string): RunRecord {
  const value = parseJson(text, name)
  const found = z.object({ schema: z.unknown(), run: z.unknown() }).safeParse(value)
  if (!found.success || found.data.schema === undefined) {
    throw new ExpectedError(
      `${name} is not a report of ghcr-steward. Give the file that the output \`report\` names.`
    )
  }
  if (typeof found.data.schema === 'number' && found.data.schema > SCHEMA_VERSION) {
    throw new ExpectedError(
      `The report ${name} has schema ${found.data.schema}, and this version of ghcr-steward reads up to ` +
        `${SCHEMA_VERSION}. Use the version that wrote it.`
    )
  }
  const parsed = record.safeParse(value)
  if (!parsed.success) throw damaged(name, parsed.error.issues.map(issueSentence))
  const strays = strayReferences(parsed.data)
  if (strays.length > 0) throw damaged(name, strays)
  return parsed.data
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const mended = withoutTornEnd(text)
    if (mended !== undefined) return mended
    throw new ExpectedError(
      `The report ${name} is no complete JSON (${messageOf(error)}): it was cut short, or it is another file. ` +
        'Download it again, or give the file that the output `report` names.'
    )
  }
}

/** How many lines a kill in the midst of one write can leave unfinished. */
const TORN_LINES = 3

/**
 * A run that was killed while it wrote may leave the beginning of its last write. What was written before is
 * complete lines of the journal, and each request was in there before it was sent.
 */
function withoutTornEnd(text: string): unknown {
  const start = text.indexOf('\n"journal":[')
  let end = text.length
  for (let torn = 0; torn < TORN_LINES && start >= 0; torn++) {
    end = text.lastIndexOf('\n', end - 1)
    if (end <= start) return undefined
    try {
      return JSON.parse(`${text.slice(0, end)}\n]}`)
    } catch {
      // One line more.
    }
  }
  return undefined
}

function issueSentence(issue: z.core.$ZodIssue): string {
  return `${issue.path.length === 0 ? 'the file' : issue.path.join('.')}: ${issue.message}`
}

/** A step must mean a version that the report has, under the same digest, and do what its verdict says; nothing comes twice. */
function strayReferences(report: RunRecord): string[] {
  const packages = report.packages.map(({ name }) => `package ${name}`)
  return [
    ...repeated(packages).map(name => `${name} comes twice`),
    ...report.packages.flatMap(({ name, versions, steps }) => {
      const twice = [
        ...repeated(versions.map(({ id }) => `version ${id}`)),
        ...repeated(
          steps.map(step => `the step to ${step.action} ${'tag' in step ? `${step.tag} of ` : ''}${step.id}`)
        )
      ]
      return [...twice.map(what => `${what} of ${name} comes twice`), ...straySteps(name, versions, steps)]
    })
  ]
}

function straySteps(
  name: string,
  versions: PackageRecord['versions'],
  steps: PackageRecord['steps']
): string[] {
  const known = new Map(versions.map(row => [row.id, row]))
  return steps.flatMap(({ action, id, digest }) => {
    const row = known.get(id)
    if (row?.digest !== digest) {
      return [`a step of ${name} means version ${id} as ${digest}, which it does not list`]
    }
    return row.verdict === VERDICT_OF[action]
      ? []
      : [`a step of ${name} is to ${action} version ${id}, whose verdict is ${row.verdict}`]
  })
}

function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>()
  return texts.filter(text => seen.size === seen.add(text).size)
}

/** What was decided on a version that a step is about. */
const VERDICT_OF = { delete: 'delete', restore: 'restore', untag: 'keep' } as const

function damaged(name: string, problems: readonly string[]): ExpectedError {
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : ''
  return new ExpectedError(
    `The report ${name} is damaged or was edited: ${problems.slice(0, 5).join('; ')}${more}. ` +
      'Use the file as the run wrote it.'
  )
}
