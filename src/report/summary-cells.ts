import type { Decision, Reason, Step } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { formatAge, formatNumber } from '../util/format.ts'
import { type Column, code, LEFT, RIGHT, safe, versionPage } from './markdown.ts'
import { BROKEN, phrase } from './phrases.ts'

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
export function belonging(verdicts: Verdicts, step: Step): string {
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
