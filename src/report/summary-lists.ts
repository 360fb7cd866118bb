import type { Decision, Outcome, OutcomeStatus, Plan, Reason, Step } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { capitalized, count, formatAge, formatNumber } from '../util/format.ts'
import { troubleshooting } from '../util/links.ts'
import { type Column, code, LEFT, prose, RIGHT, safe, section, versionPage } from './markdown.ts'
import { BROKEN, groupOf, isPart, outcomeWord, phrase } from './phrases.ts'
import { GONE } from './tally.ts'

/** Lists in the part of the summary that a package has: what is due, what stays and why, and what went wrong. */

/** Images that are due and were not reached, by a brake or a budget: what the next run would do. */
export function duePart(
  decisions: readonly Decision[],
  outcomes: readonly Outcome[],
  most: number,
  pkg: Package
): string {
  const reached = new Set(outcomes.map(({ step, status }) => (status === 'left' ? 0 : step.version.id)))
  const roots = decisions.filter(
    ({ verdict, version, reasons: [reason] }) =>
      verdict === 'delete' && reason.code !== 'owned' && !reached.has(version.id)
  )
  const link = roots.length <= FEW_ROWS ? pkg : undefined
  return imagesPart(`Due, but not deleted: ${count(roots.length, 'image')}`, roots, most, RULE, link)
}

/** One row an image that stays; what is kept only as a part of one is counted among the reasons. */
export function keptPart(decisions: readonly Decision[], stay: number, most: number, pkg: Package): string {
  const roots = decisions.filter(({ verdict, reasons: [reason] }) => verdict === 'keep' && !isPart(reason))
  // What was due and is still there stays as well, and has a list of its own.
  const of = roots.length < stay ? ` of the ${formatNumber(stay)} that stay` : ''
  return imagesPart(`Kept: ${count(roots.length, 'image')}${of}`, roots, most, WHY, pkg)
}

function imagesPart(
  title: string,
  images: readonly Decision[],
  most: number,
  columns: ReasonColumns,
  pkg: Package | undefined
): string {
  const image = LEFT('Image', ({ version }: Decision) => versionCell(version, pkg))
  return section(title, images, 'image', most, [image, ...columns])
}

export function troublePart(
  verdicts: Verdicts,
  outcomes: readonly Outcome[],
  status: OutcomeStatus,
  most: number,
  pkg: Package
): string {
  const concerned = outcomes.filter(outcome => outcome.status === status)
  const word = concerned[0] === undefined ? '' : outcomeWord(concerned[0])
  const list = section(
    `${capitalized(word)}: ${count(concerned.length, 'change')}`,
    concerned,
    'change',
    most,
    [
      LEFT('Version', ({ step }) => versionCell(step.version, pkg) + belonging(verdicts, step)),
      LEFT('Change', ({ step }) => (step.action === 'untag' ? `strip ${code(step.tag)}` : step.action)),
      LEFT('Why', ({ detail }) => safe(detail))
    ]
  )
  return list !== '' && status === 'refused' ? `${list}\n\n${NOBODY}` : list
}

const NOBODY = prose(`Nobody can delete these. See ${troubleshooting('refused-by-github')}`)

export function untaggedPart(outcomes: readonly Outcome[], most: number): string {
  const stripped = outcomes.filter(({ step, status }) => step.action === 'untag' && GONE.includes(status))
  const title = outcomes.some(outcome => outcome.status === 'planned') ? 'Would be stripped' : 'Stripped'
  return section(`${title}: ${count(stripped.length, 'tag')} of versions that stay`, stripped, 'tag', most, [
    LEFT('Tag', ({ step }) => (step.action === 'untag' ? code(step.tag) : '')),
    LEFT('Of', ({ step }) => versionCell(step.version))
  ])
}

export function brokenPart(broken: Plan['broken'], most: number, pkg: Package): string {
  const list = section(`Found broken: ${count(broken.length, 'version')}`, broken, 'version', most, [
    LEFT('Version', ({ version }) => versionCell(version, pkg)),
    LEFT('What is wrong', ({ state }) => BROKEN[state])
  ])
  return (
    list &&
    `${list}\n\nBroken images take no place of \`keep-at-least\`. Build and push again what is still needed; \`delete-broken\` deletes the rest.`
  )
}

export function unreadPart(unread: Plan['unread'], most: number): string {
  return section(`Could not be read: ${count(unread.length, 'manifest')}`, unread, 'manifest', most, [
    LEFT('Manifest', ({ ref }) => code(ref)),
    LEFT('Why', ({ cause }) => safe(cause))
  ])
}

/** How many versions each reason accounts for, the weightiest first. */
export function reasonsPart(
  title: string,
  decisions: readonly Decision[],
  verdict: Decision['verdict'],
  most: number
): string {
  const groups = Map.groupBy(
    decisions.filter(decision => decision.verdict === verdict),
    groupOf
  )
  // A single reason stands in the list of images already.
  if (groups.size < 2) return ''
  const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length)
  return section(title, sorted, 'reason', most, [
    LEFT('Reason', ([reason]) => safe(reason)),
    RIGHT('Versions', ([, of]) => formatNumber(of.length))
  ])
}

/** Cells in the tables of a package's part of the summary: which version it is, and why it goes or stays. */

/** Lists of anything but deleted images are cut after this many rows. */
export const FEW_ROWS = 100

/** What was decided on each version of a package. */
export type Verdicts = ReadonlyMap<Digest, Decision>

/** The rule by which an image goes, or the reason where that is none. */
function ruleCell(reason: Reason): string {
  switch (reason.code) {
    case 'delete-rule':
    case 'untagged':
      return safe(reason.rule)
    case 'broken':
      return `${safe(reason.rule)}: ${BROKEN[reason.state]}`
    default:
      return safe(phrase(reason))
  }
}

/** What columns say of an image. */
type OfReason = { readonly reasons: readonly [Reason, ...Reason[]] }
export type ReasonColumns = readonly Column<OfReason>[]

const BY_RULE = LEFT('Rule', ({ reasons: [reason] }: OfReason) => ruleCell(reason))
/** The columns that say why an image goes, and those that say why it stays. */
export const RULE: ReasonColumns = [
  BY_RULE,
  RIGHT('Age', ({ reasons: [reason] }) => ('age' in reason ? formatAge(reason.age) : ''))
]
export const WHY: ReasonColumns = [LEFT('Why', ({ reasons: [reason] }) => safe(phrase(reason)))]

/** The former for these images, without what none of them has. */
export function columnsFor(reasons: readonly Reason[]): ReasonColumns {
  if (reasons.some(reason => 'age' in reason)) return RULE
  return reasons.some(reason => 'rule' in reason) ? [BY_RULE] : WHY
}

/** The image that a child or a referrer goes with, because its digest alone tells nobody anything. */
function belonging(verdicts: Verdicts, step: Step): string {
  if (step.action === 'untag' || step.root === step.version.digest) return ''
  const root = verdicts.get(step.root)?.version
  return root === undefined ? '' : ` of ${versionCell(root)}`
}

/** Its tags or its digest; the first of them leads to its page where there is one, in the package `pkg`. */
export function versionCell(version: PackageVersion, pkg?: Package): string {
  const names = version.tags.length === 0 ? [shortDigest(version.digest)] : version.tags
  const [first = '', ...others] = names.slice(0, 5).map(name => code(name))
  const page = pkg === undefined ? undefined : versionPage(pkg, version)
  const more = names.length - 1 - others.length
  return (
    [page === undefined ? first : `[${first}](${page})`, ...others].join(' ') +
    (more > 0 ? ` and ${formatNumber(more)} more` : '')
  )
}
