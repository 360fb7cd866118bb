import type { Decision, Outcome, OutcomeStatus, Plan, Step } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Package } from '../model/package.ts'
import type { PackageRun } from '../model/run.ts'
import { count, formatNumber } from '../util/format.ts'
import { troubleshooting } from '../util/links.ts'
import { explanationPart } from './explanation.ts'
import { groupOf } from './group-phrases.ts'
import { code, details, type Head, LEFT, listing, prose, RIGHT, safe } from './markdown.ts'
import { BROKEN, isPart, outcomeWord } from './phrases.ts'
import { belonging, RULE, type Verdicts, versionCell, WHY } from './summary-cells.ts'
import { deletionsIn, GONE, hidesImages, imagesPhrase, imageTally, stayPhrase, tally } from './tally.ts'
import { wayBackPart } from './way-back.ts'

/** Lists of anything but deleted images are cut after this many rows. */
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
  const { package: pkg, plan, outcomes } = run
  if (plan === undefined) return ''
  const happened = whatHappened(run)
  if (most === 0) return `- ${code(pkg.name)}: ${happened}`
  const verdicts: Verdicts = new Map(plan.decisions.map(decision => [decision.version.digest, decision]))
  const few = Math.min(MOST_ROWS, most)
  const parts = [
    ...(run.explanations ?? []).map(explanationPart),
    deletedPart(verdicts, outcomes, most, pkg),
    wayBackPart(outcomes, most),
    ...TROUBLES.map(status => troublePart(verdicts, outcomes, status, few, pkg)),
    restoredPart(verdicts, outcomes, most),
    untaggedPart(outcomes, few),
    brokenPart(plan.broken, few, pkg),
    unreadPart(plan.unread, few),
    duePart(plan.decisions, outcomes, most, pkg),
    keptPart(plan.decisions, imageTally([run]).remaining, Math.min(MOST_KEPT, most), pkg),
    reasonsPart('Reasons to keep', plan.decisions, 'keep', few),
    reasonsPart('Reasons to delete', plan.decisions, 'delete', few)
  ].filter(part => part !== '')
  return parts.length === 0 ? '' : details(`<code>${safe(pkg.name)}</code>: ${happened}`, parts.join('\n\n'))
}

function whatHappened(run: PackageRun): string {
  const sums = tally(run)
  const { gone, planned, restored } = imageTally([run])
  const due = sums.held + sums.left
  const undoes = run.plan?.decisions.some(({ verdict }) => verdict === 'restore') ?? false
  const clauses = [
    sums.deleted + sums.already > 0 ? imagesPhrase(gone, 'deleted', sums.deleted + sums.already) : '',
    sums.planned > 0
      ? imagesPhrase(planned + restored, undoes ? 'would be restored' : 'would be deleted', sums.planned)
      : '',
    sums.restored > 0 ? imagesPhrase(restored, 'restored', sums.restored) : '',
    due > 0 ? `${count(due, 'version')} due, but not deleted` : '',
    sums.refused > 0 ? `${formatNumber(sums.refused)} refused` : '',
    sums.skipped > 0 ? `${formatNumber(sums.skipped)} skipped` : '',
    sums.failed > 0 ? `${formatNumber(sums.failed)} failed` : '',
    undoes ? '' : stayPhrase([run])
  ].filter(clause => clause !== '')
  return clauses.join(', ') || count(sums.versions, 'version')
}

/** The first `most` of some items within the fold of their package, a row each; nothing where there are none. */
function section<T>(
  title: string,
  items: readonly T[],
  what: string,
  most: number,
  heads: readonly Head[],
  row: (item: T) => readonly string[]
): string {
  if (items.length === 0) return ''
  return `**${title}**\n\n${listing(heads, items.slice(0, most).map(row), items.length, what)}`
}

const TROUBLES: readonly OutcomeStatus[] = ['failed', 'refused', 'skipped']

/** Roots of images that were changed, and how many of the changed versions are parts of each. */
function imagesIn(changes: readonly { readonly step: Step }[]): { root: Digest; parts: number }[] {
  const images = new Map<Digest, number>()
  for (const { step } of changes) {
    if (step.action === 'untag') continue
    images.set(step.root, (images.get(step.root) ?? 0) + (step.version.digest === step.root ? 0 : 1))
  }
  return [...images].map(([root, parts]) => ({ root, parts }))
}

/** `2 images, and 4 parts of them …`: says what the column of parts counts. */
function withParts(images: number, versions: number): string {
  const parts = versions - images
  const them = images === 1 ? 'it' : 'them'
  const of =
    parts === 0 ? '' : `, and ${count(parts, 'part')} of ${them} (platforms, attestations, signatures)`
  return `${count(images, 'image')}${of}`
}

/** One row an image: a root, and how many of its children and referrers go with it. */
function deletedPart(verdicts: Verdicts, outcomes: readonly Outcome[], most: number, pkg: Package): string {
  const went = deletionsIn(outcomes, GONE)
  const isPlanned = went.some(outcome => outcome.status === 'planned')
  // What is gone has no page; a link in each of thousands of rows would leave room for half of them.
  const link = isPlanned && imagesIn(went).length <= MOST_ROWS ? pkg : undefined
  return changedPart(isPlanned ? 'Would be deleted' : 'Deleted', went, verdicts, most, RULE, link)
}

/** The same of what is restored. */
function restoredPart(verdicts: Verdicts, outcomes: readonly Outcome[], most: number): string {
  const back = outcomes.filter(
    ({ step, status }) => step.action === 'restore' && (status === 'done' || status === 'planned')
  )
  const title = back.some(({ status }) => status === 'planned') ? 'Would be restored' : 'Restored'
  return changedPart(title, back, verdicts, most, { heads: [], cells: () => [] })
}

/** A row for each image that was changed, or for each version where nobody knows the images. */
function changedPart(
  title: string,
  changes: readonly Outcome[],
  verdicts: Verdicts,
  most: number,
  columns: typeof RULE,
  link?: Package
): string {
  const images = imagesIn(changes)
  const versions = new Map(changes.map(({ step: { version } }) => [version.digest, version]))
  const first = changes[0] && verdicts.get(changes[0].step.version.digest)?.reasons[0]
  const isHidden = first !== undefined && hidesImages(first)
  const hasParts = changes.length > images.length
  return section(
    `${title}: ${isHidden ? count(changes.length, 'version') : withParts(images.length, changes.length)}`,
    images,
    isHidden ? 'version' : 'image',
    most,
    [LEFT(isHidden ? 'Version' : 'Image'), ...(hasParts ? [RIGHT('Parts')] : []), ...columns.heads],
    ({ root, parts }) => {
      const decision = verdicts.get(root)
      const version = versions.get(root) ?? decision?.version
      return [
        version === undefined ? code(shortDigest(root)) : versionCell(version, link),
        ...(hasParts ? [parts === 0 ? '' : `+${formatNumber(parts)}`] : []),
        ...(decision === undefined ? columns.heads.map(() => '') : columns.cells(decision.reasons[0]))
      ]
    }
  )
}

/** Images that are due and were not reached, by a brake or a budget: what the next run would do. */
function duePart(
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
  const link = roots.length <= MOST_ROWS ? pkg : undefined
  return imagesPart(`Due, but not deleted: ${count(roots.length, 'image')}`, roots, most, RULE, link)
}

/** One row an image that stays; what is kept only as a part of one is counted among the reasons. */
function keptPart(decisions: readonly Decision[], stay: number, most: number, pkg: Package): string {
  const roots = decisions.filter(({ verdict, reasons: [reason] }) => verdict === 'keep' && !isPart(reason))
  // What was due and is still there stays as well, and has a list of its own.
  const of = roots.length < stay ? ` of the ${formatNumber(stay)} that stay` : ''
  return imagesPart(`Kept: ${count(roots.length, 'image')}${of}`, roots, most, WHY, pkg)
}

function imagesPart(
  title: string,
  images: readonly Decision[],
  most: number,
  { heads, cells }: typeof RULE,
  pkg: Package | undefined
): string {
  return section(title, images, 'image', most, [LEFT('Image'), ...heads], ({ version, reasons }) => [
    versionCell(version, pkg),
    ...cells(reasons[0])
  ])
}

function troublePart(
  verdicts: Verdicts,
  outcomes: readonly Outcome[],
  status: OutcomeStatus,
  most: number,
  pkg: Package
): string {
  const concerned = outcomes.filter(outcome => outcome.status === status)
  const word = concerned[0] === undefined ? '' : outcomeWord(concerned[0])
  const list = section(
    `${word.charAt(0).toUpperCase()}${word.slice(1)}: ${count(concerned.length, 'change')}`,
    concerned,
    'change',
    most,
    [LEFT('Version'), LEFT('Change'), LEFT('Why')],
    ({ step, detail }) => [
      versionCell(step.version, pkg) + belonging(verdicts, step),
      step.action === 'untag' ? `strip ${code(step.tag)}` : step.action,
      safe(detail)
    ]
  )
  return list !== '' && status === 'refused' ? `${list}\n\n${NOBODY}` : list
}

const NOBODY = prose(`Nobody can delete these. See ${troubleshooting('refused-by-github')}`)

function untaggedPart(outcomes: readonly Outcome[], most: number): string {
  const stripped = outcomes.filter(({ step, status }) => step.action === 'untag' && GONE.includes(status))
  const title = outcomes.some(outcome => outcome.status === 'planned') ? 'Would be stripped' : 'Stripped'
  return section(
    `${title}: ${count(stripped.length, 'tag')} of versions that stay`,
    stripped,
    'tag',
    most,
    [LEFT('Tag'), LEFT('Of')],
    ({ step }) => [step.action === 'untag' ? code(step.tag) : '', versionCell(step.version)]
  )
}

function brokenPart(broken: Plan['broken'], most: number, pkg: Package): string {
  const list = section(
    `Found broken: ${count(broken.length, 'version')}`,
    broken,
    'version',
    most,
    [LEFT('Version'), LEFT('What is wrong')],
    ({ version, state }) => [versionCell(version, pkg), BROKEN[state]]
  )
  return (
    list &&
    `${list}\n\nBroken images take no place of \`keep-at-least\`. Build and push again what is still needed; \`delete-broken\` deletes the rest.`
  )
}

function unreadPart(unread: Plan['unread'], most: number): string {
  return section(
    `Could not be read: ${count(unread.length, 'manifest')}`,
    unread,
    'manifest',
    most,
    [LEFT('Manifest'), LEFT('Why')],
    ({ ref, cause }) => [code(ref), safe(cause)]
  )
}

/** How many versions each reason accounts for, the weightiest first. */
function reasonsPart(
  title: string,
  decisions: readonly Decision[],
  verdict: Decision['verdict'],
  most: number
): string {
  const counts = new Map<string, number>()
  for (const decision of decisions) {
    if (decision.verdict !== verdict) continue
    const reason = groupOf(decision)
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  // A single reason stands in the list of images already.
  if (counts.size < 2) return ''
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  const heads = [LEFT('Reason'), RIGHT('Versions')]
  return section(title, sorted, 'reason', most, heads, ([reason, n]) => [safe(reason), formatNumber(n)])
}
