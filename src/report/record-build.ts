import { createHash } from 'node:crypto'
import type { Decision, Outcome, Step } from '../model/decision.ts'
import type { PackageVersion } from '../model/package.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { present } from '../util/present.ts'
import { verdictPhrase } from './phrases.ts'
import type { FinishedRecord, JournalEntry, PackageRecord, RunRecord } from './record.ts'
import { sizesOf } from './sizes.ts'
import { failures } from './verdict.ts'

/** What the report says about a run besides its result: the hosts, and the action's own version. */
export type RecordContext = Pick<RunRecord['run'], 'api' | 'registry' | 'version'>

/** The part of the report that stands before the packages. */
export function runRecord(
  { mode, dryRun, owner, started }: RunResult,
  context: RecordContext
): RunRecord['run'] {
  return { mode, dryRun, owner, started: new Date(started).toISOString(), ...context }
}

/** One package's part, without what it has thousands of. */
export function packageHead(run: PackageRun): Omit<PackageRecord, 'versions' | 'steps'> {
  const { owner, name, visibility, repository, url } = run.package
  const plan = run.plan
  const versions = plan?.decisions.map(decision => decision.version)
  return present<Omit<PackageRecord, 'versions' | 'steps'>>({
    owner: { login: owner.login, kind: owner.kind },
    name,
    visibility,
    repository,
    url,
    error: run.error,
    warnings: run.warnings,
    checks: run.checks,
    inventory: versions && inventoryHash(versions),
    policy: run.policy,
    reads: run.reads,
    left: plan?.left ?? 0,
    brakes: plan?.brakes ?? [],
    hits: plan?.hits ?? [],
    broken: plan?.broken.map(({ version: { id, digest }, state }) => ({ id, digest, state })) ?? [],
    unread: plan?.unread.map(({ namedBy: _, ...unread }) => unread) ?? []
  })
}

/** Every version's verdict and reasons, one at a time: together they would take as much memory as all that was decided. */
export function* versionRecords({ plan }: PackageRun): Generator<PackageRecord['versions'][number]> {
  for (const decision of plan?.decisions ?? []) yield versionRecord(decision)
}

/** What is meant to happen, in the same way. */
export function* stepRecords({ plan }: PackageRun): Generator<PackageRecord['steps'][number]> {
  for (const step of plan?.steps ?? []) yield stepRecord(step)
}

/** The journal's word that the request of a step is about to go out; `at` in milliseconds since 1970. */
export function sentEntry(packageName: string, step: Step, at: number): JournalEntry {
  return { event: 'sent', ...changeOf(packageName, step, at) }
}

/** The same of a request that concerns the package as a whole; with its outcome, what became of it. */
export function packageEntry(
  packageName: string,
  action: 'delete-package' | 'restore-package',
  at: number,
  outcome?: { readonly status: string; readonly detail: string }
): JournalEntry {
  const request = { at: new Date(at).toISOString(), package: packageName, action }
  if (outcome === undefined) return { event: 'package-sent', ...request }
  return { event: 'package-outcome', ...request, status: outcome.status, detail: outcome.detail }
}

/** The journal's word that a tag is about to be put on a version, and that it was. */
export function tagEntry(
  event: 'sent' | 'outcome',
  packageName: string,
  { id, digest }: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  at: number
): JournalEntry {
  const when = new Date(at).toISOString()
  const change = { at: when, package: packageName, action: 'tag' as const, id, digest, tag }
  return event === 'sent' ? { event, ...change } : { event, ...change, status: 'done', detail: '' }
}

/** The journal's word on what became of a step; `at` in milliseconds since 1970. */
export function outcomeEntry(packageName: string, outcome: Outcome, at: number): JournalEntry {
  const { step, status, detail } = outcome
  return { event: 'outcome', ...changeOf(packageName, step, at), status, detail }
}

/** What closes the report; `at` in milliseconds since 1970. */
export function finishedRecord(run: RunResult, at: number): FinishedRecord {
  return present<FinishedRecord>({
    at: new Date(at).toISOString(),
    durationMs: run.durationMs,
    requests: run.requests,
    incomplete: run.incomplete,
    failures: failures(run),
    warnings: run.warnings,
    packages: run.packages.map(one =>
      present<FinishedRecord['packages'][number]>({
        name: one.package.name,
        error: one.error,
        warnings: one.warnings,
        sizes: sizesOf([one], run.mode === 'check'),
        checks: one.checks
      })
    ),
    dispatches: run.check?.dispatches
  })
}

/** The same for the same versions with the same tags, in whatever order they were listed: `sha256:<hex>`. */
export function inventoryHash(versions: readonly PackageVersion[]): string {
  const hash = createHash('sha256')
  const sorted = [...versions].sort((a, b) => a.id - b.id)
  for (const { id, digest, tags } of sorted)
    hash.update(`${JSON.stringify([id, digest, [...tags].sort()])}\n`)
  return `sha256:${hash.digest('hex')}`
}

function versionRecord(decision: Decision): PackageRecord['versions'][number] {
  const { id, digest, tags, created, updated } = decision.version
  return {
    id,
    digest,
    tags,
    created: iso(created),
    updated: iso(updated),
    verdict: decision.verdict,
    phrase: verdictPhrase(decision),
    reasons: decision.reasons,
    ...(decision.verdict === 'keep' && decision.untag.length > 0 ? { untag: decision.untag } : {})
  }
}

function stepRecord(step: Step): PackageRecord['steps'][number] {
  const { id, digest } = step.version
  return step.action === 'untag'
    ? { action: 'untag', id, digest, tag: step.tag }
    : { action: step.action, id, digest, after: step.after, root: step.root }
}

function changeOf(packageName: string, step: Step, at: number) {
  const { id, digest } = step.version
  const change = { at: new Date(at).toISOString(), package: packageName, action: step.action, id, digest }
  return step.action === 'untag' ? { ...change, tag: step.tag } : change
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
