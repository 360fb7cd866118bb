import type { Mode, PackageRun, RunResult } from '../model/run.ts'
import { count, formatAge, formatDuration, formatNumber, quote, some } from '../util/format.ts'
import { troubleshooting } from '../util/links.ts'
import { meantTag, regexHint } from './brake-phrases.ts'
import { checkHeadline } from './check-summary.ts'
import { planDigest } from './page/data.ts'
import { groupOf, isOfPlan, isWanted, STATUS } from './phrases.ts'
import { imagesPhrase, imageTally, type Tally, total, unmatched } from './tally.ts'

/** GitHub's points allow 180 deletions a minute. */
export const DELETIONS_A_MINUTE = 180

/** Requests an hour that GitHub allows the job's own token, and a classic one. */
const QUOTAS = { job: 1_000, classic: 5_000 } as const

/** The first line of the log: what this is, and whether it changes anything. */
export function openingLine(mode: Mode, dryRun: boolean, owner: string, version: string): string {
  const what = dryRun ? 'a dry run, which changes nothing' : 'a real run'
  return `ghcr-steward ${version}: mode ${mode} on packages of ${owner}, ${what}.`
}

const NEXT = 'Next: look at the summary, then run without `dry-run`'

/** The last lines: what came out, and what comes next. `reportFile` is the report's path. */
export function closingLines(run: RunResult, reportFile: string): string[] {
  const report = `The report: ${reportFile}`
  const sums = total(run.packages)
  if (run.mode === 'check') {
    const starts = run.check?.dispatches.some(({ status }) => status === 'planned') ?? false
    return [`${checkHeadline(run)}. ${report}`, ...(starts ? [`${NEXT}.`] : [])]
  }
  if (run.mode === 'restore')
    return [`${restoredPhrase(run)}. ${report}`, ...(sums.planned > 0 ? [`${NEXT}.`] : [])]
  const images = imageTally(run.packages)
  const others = notDeleted(sums)
  const refused = sums.refused > 0 && run.mode === 'retain' ? [REFUSED] : []
  if (run.dryRun) {
    if (sums.planned + sums.untagPlanned === 0)
      return [`Nothing was changed, and a real run would delete nothing${others}. ${whyIdle(run)}${report}`]
    const isPlan = run.mode === 'retain' && !appliesPlan(run)
    const exactly = isPlan ? `, or apply exactly this plan with \`plan: ${reportFile}\`` : ''
    const confirm = run.confirm === undefined ? '' : ` and with \`confirm: ${run.confirm}\``
    const work = formatDuration((sums.planned / DELETIONS_A_MINUTE) * 60_000)
    return [
      `Nothing was changed. A real run would delete ${imagesPhrase(images.planned, '', sums.planned)} ` +
        `in about ${work}. Digest of the plan, to compare runs: ${planDigest(run)}`,
      ...quotaLines(run.requests.api, sums.planned),
      `${NEXT}${confirm}${exactly}.`
    ]
  }
  const back = sums.restored === 0 ? '' : `, ${count(sums.restored, 'version')} restored at once`
  if (sums.deleted === 0) return [`Nothing was deleted${back}${others}. ${whyIdle(run)}${report}`, ...refused]
  return [
    `${imagesPhrase(images.gone, 'deleted', sums.deleted)}${back}${others}. Digest of the plan, to compare runs: ${planDigest(run)}`,
    ...refused,
    `To undo it within 30 days: \`mode: restore\` with \`restore: ${reportFile}\`. Keep this file, for instance with actions/upload-artifact.`
  ]
}

/** True for a run with `plan`, whose report is no plan again. */
function appliesPlan({ packages }: RunResult): boolean {
  return packages.some(({ plan }) => plan?.decisions.some(({ reasons }) => reasons.some(isOfPlan)) ?? false)
}

/**
 * The usual reasons why nothing goes, as sentences with a blank behind each: a grace that holds what is young, and delete
 * patterns that no tag matches, often because a star is missing. Empty where something goes.
 */
export function whyIdle({ mode, packages }: RunResult): string {
  const { planned, deleted, untagged, untagPlanned } = total(packages)
  if (mode !== 'retain' || planned + deleted + untagged + untagPlanned > 0) return ''
  const plans = packages.flatMap(({ plan = [] }) => plan)
  const graced = plans.reduce((sum, plan) => sum + plan.graced, 0)
  const graces = plans.flatMap(({ decisions }) =>
    decisions.flatMap(({ reasons }) => reasons.flatMap(one => (one.code === 'young' ? [one.grace] : [])))
  )
  const patterns = unmatched(packages).filter(({ action }) => action === 'delete')
  const [are, them] = graced === 1 ? ['is', 'it'] : ['are', 'them']
  const longest = graces.reduce((most, grace) => Math.max(most, grace), 0)
  const young =
    `${count(graced, 'version')} ${are} younger than the grace of ${formatAge(longest)} ` +
    `(\`grace\`), so no rule deletes ${them}. `
  const names = patterns.map(({ pattern }) => quote(pattern))
  return [
    names.length === 0 ? '' : `No tag matches ${some(names, 5)}. `,
    ...patterns.map(hits => `${meantTag(hits)}${regexHint(hits.pattern)}`),
    whatKeeps(packages),
    graced === 0 ? '' : young
  ].join('')
}

/** Why that stays which a delete pattern matches, the most frequent reasons first; nothing where it matches nothing. */
function whatKeeps(packages: readonly PackageRun[]): string {
  const hits = packages.flatMap(({ plan }) => plan?.hits ?? [])
  if (!hits.some(one => one.action === 'delete' && one.hits > 0 && !one.pattern.startsWith('!'))) return ''
  const kept = packages
    .flatMap(({ plan }) => plan?.decisions ?? [])
    .filter(({ reasons: [reason] }) => isWanted(reason))
  const groups = [...Map.groupBy(kept, groupOf)].toSorted(([, a], [, b]) => b.length - a.length)
  const phrases = groups.map(([group, { length }]) => `${group} (${count(length, 'version')})`)
  return phrases.length === 0 ? '' : `Reasons to keep: ${some(phrases, 3)}. `
}

const REFUSED = `What GitHub refuses by a rule of its own stays, and is not a failure: ${troubleshooting('refused-by-github')}`

/** What a restore restored, or would restore, as a sentence without its end. @param where what the run was about */
export function restoredPhrase({ packages, dryRun }: RunResult, where = ''): string {
  const sums = total(packages)
  const { restored, there } = imageTally(packages)
  const dry = dryRun ? 'Dry run: ' : ''
  if (sums.already > 0 && sums.already === sums.versions) {
    const [number, what] = there > 0 ? [there, 'image'] : [sums.versions, 'version']
    const all = number === 1 ? `the ${what} is` : `all ${count(number, what)} are`
    return `${dryRun ? 'Dry run: nothing' : 'Nothing'} to restore${where}: ${all} there already`
  }
  const number = dryRun ? sums.planned : sums.restored
  if (number + sums.already === 0)
    return `${dryRun ? 'Dry run: nothing would be' : 'Nothing was'} restored${where}`
  const already = sums.already > 0 ? `, ${count(sums.already, 'version')} there already` : ''
  const what = dryRun
    ? imagesPhrase(restored, 'would be restored', sums.planned)
    : imagesPhrase(restored, 'restored', sums.restored)
  return `${dry}${what}${already}${where}`
}

/** What became of the deletions that were planned and not carried out, so that the numbers of the dry run add up. */
function notDeleted(sums: Tally): string {
  const words = { ...STATUS, held: 'held back by a brake' }
  const clauses = (['refused', 'failed', 'skipped', 'left', 'held'] as const).flatMap(key =>
    sums[key] > 0 ? [`${formatNumber(sums[key])} ${words[key]}`] : []
  )
  return clauses.length === 0 ? '' : `; other versions: ${clauses.join(', ')}`
}

/** API requests a deletion: its DELETE, and at most half a look before or after it. */
const REQUESTS_A_DELETION = 1.5

/** What a real run needs of the hourly quota, where one hour of GITHUB_TOKEN may not do. @param listing API requests of the dry run */
function quotaLines(listing: number, deletions: number): string[] {
  const needed = listing + deletions * REQUESTS_A_DELETION
  if (deletions === 0 || needed <= QUOTAS.job) return []
  const hours = (quota: number): string => count(Math.ceil(needed / quota), 'hour')
  return [
    `Including a new listing, that takes about ${formatNumber(Math.ceil(needed))} API requests: ${hours(QUOTAS.job)} of quota ` +
      `with \`GITHUB_TOKEN\` (${formatNumber(QUOTAS.job)} an hour), ${hours(QUOTAS.classic)} with a classic token ` +
      `(${formatNumber(QUOTAS.classic)}). Let it wait for them with \`patience: 1h\`.`
  ]
}
