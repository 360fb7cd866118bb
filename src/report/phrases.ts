import {
  type BrokenState,
  type Decision,
  type Outcome,
  type OutcomeStatus,
  type Plan,
  type Reason,
  type Step,
  WHOLE_PACKAGE
} from '../model/decision.ts'
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
export function nameOf(version: Pick<PackageVersion, 'digest' | 'tags'>): string {
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
  return (PHRASES[reason.code] as (reason: Reason) => string)(reason)
}

type Phrases = { readonly [C in Reason['code']]: (reason: Extract<Reason, { code: C }>) => string }

const PHRASES: Phrases = {
  'no-rule': () => 'no rule asks for its deletion',
  'keep-rule': ({ matched, rule }) => `${quote(matched)} is kept by rule ${quote(rule)}`,
  newest: ({ rank, rule, group }) =>
    `${ranked(rank)} of rule ${quote(rule)}${group === undefined ? '' : ` in group ${quote(group)}`}`,
  within: ({ age, rule }) => `pushed ${ago(age)}, young enough for rule ${quote(rule)}`,
  bucket: ({ value, bucket, rule }) => `newest of ${value} (${bucket}) in rule ${quote(rule)}`,
  'other-tags': ({ rule, tags }) => `rule ${quote(rule)} matches it, but not its ${listed(tags)}`,
  child: ({ of }) => `child of ${of}`,
  referrer: ({ of }) => `describes ${of}`,
  young: ({ age, grace }) => `pushed ${ago(age)}, within the grace of ${formatAge(grace)}`,
  undated: () => 'its date is missing or in the future',
  'in-use': ({ by }) => `in use by ${by}`,
  unread: ({ cause }) => `its manifest could not be read (${cause})`,
  'depends-on-unread': ({ on, cause }) => `${on} could not be read and may need it (${cause})`,
  mentioned: ({ by }) =>
    `${by} mentions it, and is of an unknown kind, so nothing tells whether it is a part of that`,
  'last-tagged': () => 'the last tagged version, which GitHub does not delete',
  cache: () => 'a build cache, which only a rule for caches may delete',
  odd: ({ why }) => why,
  stored: ({ why }) => why,
  approved: ({ why }) => `the approved plan keeps it: ${why}`,
  unplanned: () => 'it is not in the approved plan',
  'not-named': () => 'not named, and not part of what is named',
  'delete-rule': ({ tags, rule, age }) =>
    `${listed(tags)} matched by rule ${quote(rule)}, pushed ${ago(age)}`,
  // GitHub does not tell since when a version is without a tag, only when it was pushed.
  untagged: ({ age }) => `untagged, pushed ${ago(age)}`,
  broken: ({ state, age }) => `${BROKEN[state]}, pushed ${ago(age)}`,
  placeholder: () => 'a placeholder of an earlier run that did not end its work',
  owned: ({ role, of }) => `${role === 'child' ? 'child of' : 'describes'} ${of}, which goes`,
  'approved-deletion': ({ why }) => `approved: ${why}`,
  purged: ({ by }) => (by === WHOLE_PACKAGE ? 'the whole package is purged' : `purged as ${by}`),
  undo: ({ started }) => `undoes the run of ${utcMinute(started)}`,
  'asked-for': () => 'asked for in `restore`',
  needed: ({ why }) => why
}

/** True for what is kept only as a part of an image that stays. */
export function isPart({ code }: Reason): boolean {
  return code === 'child' || code === 'referrer'
}

/** True for what stays because somebody wants to keep it, so that no delete rule takes it. */
export function isWanted({ code }: Reason): boolean {
  return ['keep-rule', 'newest', 'within', 'bucket', 'in-use', 'other-tags'].includes(code)
}

/** True for what a run says that applies a plan. */
export function isOfPlan({ code }: { readonly code: string }): boolean {
  return ['approved', 'approved-deletion', 'unplanned'].includes(code)
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

export const STATUS: Readonly<Record<OutcomeStatus, string>> = {
  done: 'deleted',
  already: 'already gone',
  planned: 'would be deleted',
  refused: 'refused by GitHub',
  skipped: 'skipped',
  left: 'left for later',
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

function ranked(rank: number): string {
  return rank === 1 ? 'newest' : `${ordinal(rank)} newest`
}

function listed(tags: readonly string[]): string {
  return `${tags.length === 1 ? 'tag' : 'tags'} ${some(tags, 5)}`
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

/** Versions whose verdict has the same reason are counted together under this: by rule or holder, not by version. */
export function groupOf({ reasons: [reason] }: Decision): string {
  const group = GROUPS[reason.code] as ((reason: Reason) => string) | string | undefined
  return typeof group === 'function' ? group(reason) : (group ?? phrase(reason))
}

const byRule = ({ rule }: { readonly rule: string }): string => `rule ${quote(rule)}`

/** What is not here has a phrase that fits all of them. */
const GROUPS: {
  readonly [C in Reason['code']]?: string | ((reason: Extract<Reason, { code: C }>) => string)
} = {
  'keep-rule': ({ rule }) => `keep rule ${quote(rule)}`,
  newest: ({ rule }) => `newest of rule ${quote(rule)}`,
  within: ({ rule }) => `young enough for rule ${quote(rule)}`,
  bucket: ({ bucket, rule }) => `newest of its period (${bucket}) in rule ${quote(rule)}`,
  'other-tags': ({ rule }) => `has tags that rule ${quote(rule)} does not match`,
  child: 'part of a kept image',
  referrer: 'describes a kept image',
  young: 'within the grace',
  undated: 'date missing or in the future',
  unread: 'could not be read',
  'depends-on-unread': 'may be needed by something unreadable',
  mentioned: 'mentioned by something of unknown kind',
  'last-tagged': 'last tagged version of the package',
  cache: 'build cache',
  odd: 'not clear yet what it is',
  stored: 'describes what may be in another package',
  approved: 'kept by the approved plan',
  unplanned: 'not in the approved plan',
  'not-named': 'not named for the purge',
  'delete-rule': byRule,
  untagged: byRule,
  broken: byRule,
  owned: 'part of a deleted image, or describing it',
  'approved-deletion': ({ why }) => `the approved plan (${why})`
}

/** How a person puts a tag on an image. */
export const putBy = (tag: string, digest: string): string =>
  `\`docker buildx imagetools create -t <image>:${tag} <image>@${digest}\``
