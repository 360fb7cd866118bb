import type { BrokenState, Decision, Outcome, OutcomeStatus, Plan, Reason, Step } from '../model/decision.ts'
import { shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { ReadCounts, RunResult } from '../model/run.ts'
import { count, formatAge, formatNumber, ordinal, some, utcMinute } from '../util/format.ts'

/**
 * The only place with wording for reasons, outcomes and states. Everything here is plain text:
 * whoever prints it into Markdown, HTML or a log escapes it there.
 */

/** What manifests were read for, and why others were not, of several packages together. */
export function readsPhrase(reads: readonly ReadCounts[]): string {
  const sum = (key: keyof ReadCounts): number => reads.reduce((total, one) => total + one[key], 0)
  return (
    READS.flatMap(([key, text]) => (sum(key) > 0 ? [`${formatNumber(sum(key))} ${text}`] : [])).join(', ') ||
    'none was needed'
  )
}

const READS: readonly (readonly [keyof ReadCounts, string])[] = [
  ['tagged', 'tagged'],
  ['named', 'named by others'],
  ['untagged', 'untagged that could be indexes'],
  ['remembered', 'more remembered from earlier runs'],
  ['spared', 'more not needed']
]

/**
 * The part of a detail that says what happened, without what to do about it. Lines of the log that an annotation follows
 * have only this, because the annotation says the rest.
 */
export function causeOf(detail: string): string {
  return detail.split(/(?<=[.!?])\s+(?=[A-Z`])|(?<="): /, 1)[0] ?? detail
}

/** What a person calls a version: its tags, or its short digest when it has none. */
export function nameOf(version: PackageVersion): string {
  return version.tags.length > 0 ? some(version.tags, 5) : shortDigest(version.digest)
}

/** `kept: child of v1.2.3`, `deleted: untagged, pushed 41 days ago`; of several reasons the first. */
export function verdictPhrase(decision: Decision): string {
  return `${VERDICT[decision.verdict]}: ${phrase(decision.reasons[0])}`
}

/** What was decided, in a word. */
export const VERDICT: Readonly<Record<Decision['verdict'], string>> = {
  keep: 'kept',
  delete: 'deleted',
  restore: 'restored'
}

/** A reason as part of a sentence, without the verdict. */
export function phrase(reason: Reason): string {
  switch (reason.code) {
    case 'no-rule':
      return 'no rule asks for its deletion'
    case 'keep-rule':
      return `${quote(reason.matched)} is kept by rule ${quote(reason.rule)}`
    case 'newest':
      return `${rank(reason.rank)} of rule ${quote(reason.rule)}${
        reason.group === undefined ? '' : ` in group ${quote(reason.group)}`
      }`
    case 'within':
      return `pushed ${ago(reason.age)}, young enough for rule ${quote(reason.rule)}`
    case 'bucket':
      return `newest of ${reason.value} (${reason.bucket}) in rule ${quote(reason.rule)}`
    case 'other-tags':
      return `rule ${quote(reason.rule)} matches it, but not its ${
        reason.tags.length === 1 ? 'tag' : 'tags'
      } ${some(reason.tags, 5)}`
    case 'child':
      return `child of ${reason.of}`
    case 'referrer':
      return `describes ${reason.of}`
    case 'young':
      return `pushed ${ago(reason.age)}, within the grace of ${formatAge(reason.grace)}`
    case 'undated':
      return 'its date is missing or in the future'
    case 'in-use':
      return `in use by ${reason.by}`
    case 'unread':
      return `its manifest could not be read (${reason.cause})`
    case 'depends-on-unread':
      return `${reason.on} could not be read and may need it (${reason.cause})`
    case 'mentioned':
      return `${reason.by} mentions it, and is of an unknown kind, so nothing tells whether it is a part of that`
    case 'last-tagged':
      return 'the last tagged version, which GitHub does not delete'
    case 'cache':
      return 'a build cache, which only a rule for caches may delete'
    case 'odd':
    case 'stored':
      return reason.why
    case 'approved':
      return `the approved plan keeps it: ${reason.why}`
    case 'unplanned':
      return 'it is not in the approved plan'
    case 'not-named':
      return 'not named, and not part of what is named'
    case 'delete-rule':
      return `${reason.tags.length === 1 ? 'tag' : 'tags'} ${some(reason.tags, 5)} matched by rule ${quote(
        reason.rule
      )}, pushed ${ago(reason.age)}`
    case 'untagged':
      // GitHub does not tell since when a version is without a tag, only when it was pushed.
      return `untagged, pushed ${ago(reason.age)}`
    case 'broken':
      return `${BROKEN[reason.state]}, pushed ${ago(reason.age)}`
    case 'placeholder':
      return 'a placeholder of an earlier run that was killed'
    case 'owned':
      return reason.role === 'child'
        ? `child of ${reason.of}, which goes`
        : `describes ${reason.of}, which goes`
    case 'approved-deletion':
      return `approved: ${reason.why}`
    case 'purged':
      return reason.by === 'package' ? 'the whole package is purged' : `purged as ${reason.by}`
    case 'undo':
      return `undoes the run of ${utcMinute(reason.started)}`
    case 'asked-for':
      return 'asked for in `restore`'
    case 'needed':
      return reason.why
  }
}

/** True for what is kept only as a part of an image that stays. */
export function isPart({ code }: Reason): boolean {
  return code === 'child' || code === 'referrer'
}

/** What is wrong with a broken image. */
export const BROKEN: Readonly<Record<BrokenState, string>> = {
  ghost: 'broken: everything that it names is gone',
  partial: 'broken: some of what it names is gone',
  orphaned: 'orphaned: what it describes is gone'
}

/** An outcome in a word or two. */
export function outcomeWord({ step, status }: Outcome): string {
  return STATUS_OF[step.action][status] ?? STATUS[status]
}

const STATUS: Readonly<Record<OutcomeStatus, string>> = {
  done: 'deleted',
  already: 'already gone',
  planned: 'would be deleted',
  refused: 'refused by GitHub',
  skipped: 'skipped',
  left: 'left for the next run',
  failed: 'failed'
}

/** The outcomes that need another word, because the step does not delete. */
const STATUS_OF: Readonly<Record<Step['action'], Partial<typeof STATUS>>> = {
  delete: {},
  untag: { done: 'stripped', planned: 'would be stripped' },
  restore: { done: 'restored', planned: 'would be restored', already: 'there already' }
}

/** Why no run deletes what is more than the budget, and the way out: a sentence. */
export function stuckPhrase({ version, deletions }: NonNullable<Plan['stuck']>): string {
  return (
    `${nameOf(version)} can only be deleted as a whole, with ${count(deletions, 'version')}, and \`deletions-per-run\` is lower: ` +
    `set it to ${deletions} or more.`
  )
}

function rank(value: number): string {
  return value === 1 ? 'newest' : `${ordinal(value)} newest`
}

function ago(age: number): string {
  return `${formatAge(age)} ago`
}

/** A name that a user gave, as part of a sentence. */
export function quote(text: string): string {
  return `"${text}"`
}

/** Sentences about packages that are not there and need not be. */
export function absentPhrases({ absent = [], owner }: RunResult): string[] {
  return absent.map(
    name =>
      `GitHub finds no package ${name} of ${owner}, or the token may not see it; \`${name}?\` allows that.`
  )
}
