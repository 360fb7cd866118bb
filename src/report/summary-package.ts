import type { BrokenState, Decision, Outcome, OutcomeStatus, Reason, Step } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import type { PackageRun } from '../model/run.ts'
import { count, formatAge, formatNumber } from '../util/format.ts'
import { explanationPart } from './explanation.ts'
import { code, details, LEFT, listing, RIGHT, safe, versionPage } from './markdown.ts'
import { brokenPhrase, deleteGroup, keepGroup, phrase, statusWord } from './phrases.ts'
import { broughtBack, imageTally, increment, tally } from './tally.ts'
import { wayBackPart } from './way-back.ts'

/** Of lists that are not of deleted images the beginning says it all. */
const MOST_ROWS = 100
const MOST_KEPT = 50

/** True for a package of which there is nothing to tell but that all of it stays. */
export function isUnchanged({ plan, outcomes, explanations, error, warnings }: PackageRun): boolean {
  return (
    plan !== undefined &&
    [outcomes, explanations ?? [], warnings, plan.broken, plan.unread].every(list => list.length === 0) &&
    error === undefined &&
    plan.decisions.every(({ verdict }) => verdict === 'keep')
  )
}

/**
 * One package's part of the summary: a fold whose title has its counts; nothing where nothing was decided.
 *
 * @param most rows of each of its lists; 0 leaves the title alone
 */
export function packageFold(run: PackageRun, most: number): string {
  if (run.plan === undefined) return ''
  const happened = whatHappened(run)
  if (most === 0) return `- ${code(run.package.name)}: ${happened}`
  const verdicts = new Map(run.plan.decisions.map(decision => [decision.version.digest, decision]))
  const rows = (limit: number): number => Math.min(limit, most)
  const parts = [
    ...(run.explanations ?? []).map(explanationPart),
    deletedPart(verdicts, run.outcomes, most, run.package),
    wayBackPart(run.outcomes, most),
    ...TROUBLES.map(status => troublePart(verdicts, run.outcomes, status, rows(MOST_ROWS), run.package)),
    restoredPart(run.outcomes, most),
    untaggedPart(run.outcomes, rows(MOST_ROWS)),
    brokenPart(run.plan.broken, rows(MOST_ROWS), run.package),
    unreadPart(run.plan.unread, rows(MOST_ROWS)),
    duePart(run.plan.decisions, run.outcomes, most, run.package),
    keptPart(run.plan.decisions, rows(MOST_KEPT), run.package),
    reasonsPart('Reasons to keep', run.plan.decisions, keptBecause, rows(MOST_ROWS)),
    reasonsPart('Reasons to delete', run.plan.decisions, dueBecause, rows(MOST_ROWS))
  ].filter(part => part !== '')
  return parts.length === 0
    ? ''
    : details(`<code>${safe(run.package.name)}</code>: ${happened}`, parts.join('\n\n'))
}

function whatHappened(run: PackageRun): string {
  const sums = tally(run)
  const { gone, planned, kept } = imageTally([run])
  const due = sums.held + sums.left
  const clauses = [
    gone > 0 ? `${count(gone, 'image')} deleted (${count(sums.deleted + sums.already, 'version')})` : '',
    planned > 0 && sums.restored === 0
      ? `${count(planned, 'image')} would be deleted (${count(sums.planned, 'version')})`
      : '',
    sums.restored > 0 ? `${count(sums.restored, 'version')} restored` : '',
    due > 0 ? `${count(due, 'version')} due, but not deleted` : '',
    sums.refused > 0 ? `${formatNumber(sums.refused)} refused` : '',
    sums.skipped > 0 ? `${formatNumber(sums.skipped)} skipped` : '',
    sums.failed > 0 ? `${formatNumber(sums.failed)} failed` : '',
    kept > 0 ? `${count(kept, 'image')} ${kept === 1 ? 'stays' : 'stay'}` : ''
  ].filter(clause => clause !== '')
  return clauses.join(', ') || count(sums.versions, 'version')
}

/** A list within the fold of its package. */
function section(title: string, body: string): string {
  return `**${title}**\n\n${body}`
}

type Verdicts = ReadonlyMap<Digest, Decision>

const TROUBLES: readonly OutcomeStatus[] = ['failed', 'refused', 'skipped']
const GONE: readonly OutcomeStatus[] = ['done', 'already', 'planned']

/** One row an image: a root, and how many of its children and referrers go with it. */
function deletedPart(verdicts: Verdicts, outcomes: readonly Outcome[], most: number, pkg: Package): string {
  const back = broughtBack(outcomes)
  const went = outcomes.filter(
    ({ step, status }) => step.action === 'delete' && GONE.includes(status) && !back.has(step.version.id)
  )
  const images = new Map<Digest, number>()
  for (const { step } of went) {
    if (step.action !== 'delete') continue
    images.set(step.root, (images.get(step.root) ?? 0) + (step.version.digest === step.root ? 0 : 1))
  }
  if (images.size === 0) return ''
  const hasParts = went.length > images.size
  const isPlanned = went.some(outcome => outcome.status === 'planned')
  // What is gone has no page; a link in each of thousands of rows would leave room for half of them.
  const link = isPlanned && images.size <= MOST_ROWS ? pkg : undefined
  const heads = [LEFT('Image'), ...(hasParts ? [RIGHT('Parts')] : []), LEFT('Rule'), RIGHT('Age')]
  const rows = [...images].slice(0, most).map(([root, owned]) => {
    const decision = verdicts.get(root)
    return [
      decision === undefined ? code(shortDigest(root)) : versionCell(decision.version, link),
      ...(hasParts ? [owned === 0 ? '' : formatNumber(owned)] : []),
      ...(decision === undefined ? ['', ''] : [ruleCell(decision.reasons[0]), ageCell(decision.reasons[0])])
    ]
  })
  const title = isPlanned ? 'Would be deleted' : 'Deleted'
  return section(
    `${title}: ${count(images.size, 'image')}, ${count(went.length, 'version')} in all`,
    listing(heads, rows, images.size, 'image')
  )
}

/** The rule by which an image goes, or the reason where that is none. */
function ruleCell(reason: Reason): string {
  switch (reason.code) {
    case 'delete-rule':
    case 'untagged':
      return safe(reason.rule)
    case 'broken':
      return `${safe(reason.rule)}: ${brokenPhrase(reason.state)}`
    default:
      return safe(phrase(reason))
  }
}

function ageCell(reason: Reason): string {
  return 'age' in reason ? formatAge(reason.age) : ''
}

/** Images that are due and were not reached, by a brake or a budget: what the next run would do. */
function duePart(
  decisions: readonly Decision[],
  outcomes: readonly Outcome[],
  most: number,
  pkg: Package
): string {
  const reached = new Set(outcomes.map(({ step, status }) => (status === 'left' ? 0 : step.version.id)))
  const roots = decisions.flatMap(({ verdict, version, reasons: [reason] }) =>
    verdict === 'delete' && reason.code !== 'owned' && !reached.has(version.id) ? [{ version, reason }] : []
  )
  return imagesPart('Due, but not deleted', roots, most, roots.length <= MOST_ROWS ? pkg : undefined)
}

/** One row an image that stays; what is kept only as a part of one is counted among the reasons. */
function keptPart(decisions: readonly Decision[], most: number, pkg: Package): string {
  const roots = decisions.flatMap(({ verdict, version, reasons: [reason] }) =>
    verdict === 'keep' && !PARTS.includes(reason.code) ? [{ version, reason }] : []
  )
  return imagesPart('Kept', roots, most, pkg)
}

function imagesPart(
  title: string,
  images: readonly { readonly version: PackageVersion; readonly reason: Reason }[],
  most: number,
  pkg: Package | undefined
): string {
  if (images.length === 0) return ''
  const rows = images
    .slice(0, most)
    .map(({ version, reason }) => [versionCell(version, pkg), safe(phrase(reason))])
  const body = listing([LEFT('Image'), LEFT('Why')], rows, images.length, 'image')
  return section(`${title}: ${count(images.length, 'image')}`, body)
}

const PARTS: readonly Reason['code'][] = ['child', 'referrer']

function troublePart(
  verdicts: Verdicts,
  outcomes: readonly Outcome[],
  status: OutcomeStatus,
  most: number,
  pkg: Package
): string {
  const concerned = outcomes.filter(outcome => outcome.status === status)
  if (concerned.length === 0) return ''
  const rows = concerned
    .slice(0, most)
    .map(({ step, detail }) => [
      versionCell(step.version, pkg) + belonging(verdicts, step),
      step.action === 'untag' ? `strip ${code(step.tag)}` : step.action,
      safe(detail)
    ])
  const word = statusWord(status)
  return section(
    `${word.charAt(0).toUpperCase()}${word.slice(1)}: ${count(concerned.length, 'change')}`,
    listing([LEFT('Version'), LEFT('Change'), LEFT('Why')], rows, concerned.length, 'change')
  )
}

function restoredPart(outcomes: readonly Outcome[], most: number): string {
  const back = outcomes.filter(
    ({ step, status }) => step.action === 'restore' && (status === 'done' || status === 'planned')
  )
  if (back.length === 0) return ''
  const roots = new Map<Digest, { version: PackageVersion; parts: number }>()
  for (const { step } of back) {
    if (step.action !== 'restore') continue
    const known = roots.get(step.root)
    const isRoot = step.root === step.version.digest
    roots.set(step.root, {
      version: isRoot || known === undefined ? step.version : known.version,
      parts: (known?.parts ?? 0) + 1
    })
  }
  const rows = [...roots.values()].map(({ version, parts }) => [
    versionCell(version),
    parts === 1 ? '' : formatNumber(parts - 1)
  ])
  const title = back.some(({ status }) => status === 'planned') ? 'Would be restored' : 'Restored'
  return section(
    `${title}: ${count(roots.size, 'image')}, ${count(back.length, 'version')} in all`,
    listing([LEFT('Image'), RIGHT('Versions with it')], rows.slice(0, most), roots.size, 'image')
  )
}

function untaggedPart(outcomes: readonly Outcome[], most: number): string {
  const rows = outcomes.flatMap(({ step, status }) =>
    step.action === 'untag' && GONE.includes(status) ? [[code(step.tag), versionCell(step.version)]] : []
  )
  if (rows.length === 0) return ''
  const title = outcomes.some(outcome => outcome.status === 'planned') ? 'Would be stripped' : 'Stripped'
  return section(
    `${title}: ${count(rows.length, 'tag')} of versions that stay`,
    listing([LEFT('Tag'), LEFT('Of')], rows.slice(0, most), rows.length, 'tag')
  )
}

function brokenPart(
  broken: readonly { version: PackageVersion; state: BrokenState }[],
  most: number,
  pkg: Package
): string {
  if (broken.length === 0) return ''
  const rows = broken.slice(0, most).map(one => [versionCell(one.version, pkg), brokenPhrase(one.state)])
  const body = listing([LEFT('Version'), LEFT('What is wrong')], rows, broken.length, 'version')
  return section(
    `Found broken: ${count(broken.length, 'version')}`,
    `${body}\n\nBuild and push what is still wanted once more; \`delete-broken\` lets go of the rest.`
  )
}

function unreadPart(unread: readonly { ref: string; cause: string }[], most: number): string {
  if (unread.length === 0) return ''
  const rows = unread.slice(0, most).map(one => [code(one.ref), safe(one.cause)])
  return section(
    `Could not be read: ${count(unread.length, 'manifest')}`,
    listing([LEFT('Manifest'), LEFT('Why')], rows, unread.length, 'manifest')
  )
}

/** How many versions each reason accounts for, the weightiest first. */
function reasonsPart(
  title: string,
  decisions: readonly Decision[],
  because: (decision: Decision) => string | undefined,
  most: number
): string {
  const counts = new Map<string, number>()
  for (const decision of decisions) {
    const reason = because(decision)
    if (reason !== undefined) increment(counts, reason)
  }
  // A single reason stands in the list of images already.
  if (counts.size < 2) return ''
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  const rows = sorted.slice(0, most).map(([reason, versions]) => [safe(reason), formatNumber(versions)])
  return section(title, listing([LEFT('Reason'), RIGHT('Versions')], rows, sorted.length, 'reason'))
}

function keptBecause(decision: Decision): string | undefined {
  return decision.verdict === 'keep' ? keepGroup(decision.reasons[0]) : undefined
}

function dueBecause(decision: Decision): string | undefined {
  return decision.verdict === 'delete' ? deleteGroup(decision.reasons[0]) : undefined
}

/** The image that a child or a referrer goes with, for its digest alone tells nobody anything. */
function belonging(verdicts: Verdicts, step: Step): string {
  if (step.action === 'untag' || step.root === step.version.digest) return ''
  const root = verdicts.get(step.root)
  return root === undefined ? '' : ` of ${versionCell(root.version)}`
}

/** Its tags or its digest; the first of them leads to its page where there is one, in the package `pkg`. */
function versionCell(version: PackageVersion, pkg?: Package): string {
  const names = version.tags.length === 0 ? [shortDigest(version.digest)] : version.tags
  const [first = '', ...others] = names.slice(0, 5).map(name => code(name))
  const page = pkg === undefined ? undefined : versionPage(pkg, version)
  const more = names.length - 1 - others.length
  return (
    [page === undefined ? first : `[${first}](${page})`, ...others].join(' ') +
    (more > 0 ? ` and ${formatNumber(more)} more` : '')
  )
}
