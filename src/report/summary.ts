import type { PatternHits } from '../model/brake.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { capitalized, count, formatDuration, formatNumber, some } from '../util/format.ts'
import { checkBlocks, checkHeadline } from './check-summary.ts'
import { DELETIONS_A_MINUTE, restoredPhrase, whyIdle } from './log-lines.ts'
import { alert, code, details, LEFT, listing, prose, RIGHT, safe, share } from './markdown.ts'
import { absentPhrases, readsPhrase } from './phrases.ts'
import { sizesPhrase } from './sizes.ts'
import { isUnchanged, packageFold, tallyTable } from './summary-package.ts'
import { imagesPhrase, imageTally, patternHits, stayPhrase, type Tally, total } from './tally.ts'
import { failures, leftUndone, warningsOf } from './verdict.ts'
import { wayBackNote } from './way-back.ts'

/** GitHub shows no summary at all beyond 1,024 KiB; other steps of ours may add to the same file. */
const MOST_BYTES = 900 * 1024
/** Long lists of one kind of sentence say nothing that their beginning does not. */
const MOST_LINES = 50

/**
 * The job summary, as GitHub's Markdown: the answer first, then the numbers, then why, package by package.
 * Always below GitHub's size limit; what does not fit is left out whole, and a note says so.
 */
export function renderSummary(run: RunResult): string {
  const sums = total(run.packages)
  const isCheck = run.mode === 'check'
  const blocks = [
    `## ${isCheck ? checkHeadline(run) : headline(run, sums)}`,
    dryRunNote(run, sums),
    prose(whyIdle(run)),
    box('CAUTION', 'This run failed.', failures(run)),
    incompleteBox(run, sums),
    box('WARNING', 'Worth a look.', warningsOf(run)),
    absentPhrases(run).map(prose).join(' '),
    ...(isCheck ? checkBlocks(run) : [tallyTable(run, sums), changedShare(run, sums)]),
    sizesPhrase(run),
    wayBackNote(run.packages)
  ]
  const after = [patternPart(run), footer(run)]
  const folds = packageFolds(run, MOST_BYTES - sizeOf([...blocks, ...after]))
  return withinLimit([...blocks, ...folds, ...after].filter(block => block !== ''))
}

/** Rows of each list, from as many as anybody reads to none. */
const ROWS = [1_000, 500, 200, 100, 50, 20, 10, 5, 1, 0]

/**
 * A fold for each package that there is something to tell of. Room is shared fairly: all lists are cut to the same
 * length, so that no package lacks its title and counts because another has many rows.
 */
function packageFolds({ packages }: RunResult, room: number): string[] {
  const unchanged = packages.length > 1 ? packages.filter(isUnchanged) : []
  const told = packages.filter(one => !unchanged.includes(one))
  const names = unchanged.map(one => code(one.package.name))
  const line =
    names.length === 0
      ? ''
      : `Nothing changes in ${count(names.length, 'package')}: ${some(names, MOST_LINES)}.`
  for (const most of ROWS) {
    const folds = foldsIn(told, most, most === 0 ? Number.POSITIVE_INFINITY : room - sizeOf([line]))
    if (folds !== undefined) return [...folds, line]
  }
  return [line]
}

/** The folds of some packages; undefined as soon as they need more room than there is: thousands are long to write. */
function foldsIn(packages: readonly PackageRun[], most: number, room: number): string[] | undefined {
  const folds: string[] = []
  let left = room
  for (const one of packages) {
    const fold = packageFold(one, most)
    left -= sizeOf([fold])
    if (left < 0) return undefined
    folds.push(fold)
  }
  return folds
}

function sizeOf(blocks: readonly string[]): number {
  return blocks.reduce((sum, block) => sum + Buffer.byteLength(block) + 2, 0)
}

function headline(run: RunResult, sums: Tally): string {
  const where = `in ${count(run.packages.length, 'package')} of ${safe(run.owner)}`
  const failed = failures(run).length > 0 ? 'Failed: ' : ''
  if (run.mode === 'restore') {
    const phrase = restoredPhrase(run, ` ${where}`)
    return failed === '' ? phrase : `${failed}${phrase.charAt(0).toLowerCase()}${phrase.slice(1)}`
  }
  const images = imageTally(run.packages)
  if (run.dryRun) {
    const would = imagesPhrase(images.planned, 'would be deleted', sums.planned)
    return `${failed}Dry run: ${would} ${where}, ${stayPhrase(run.packages)}`
  }
  const tags = sums.untagged > 0 ? `, ${count(sums.untagged, 'tag')} stripped` : ''
  const back = sums.restored > 0 ? `, ${count(sums.restored, 'version')} restored at once` : ''
  const refused = sums.refused > 0 ? `, ${formatNumber(sums.refused)} refused by GitHub` : ''
  const also = `${tags}${back}${refused}`
  const stay = stayPhrase(run.packages)
  if (sums.deleted > 0) {
    return `${failed}${imagesPhrase(images.gone, 'deleted', sums.deleted)}${also} ${where}, ${stay}`
  }
  const nothing = sums.versions > sums.kept || failed !== '' ? 'nothing was deleted' : 'nothing to delete'
  const sentence = `${nothing}${also} ${where}, ${stay}`
  return failed === '' ? capitalized(sentence) : failed + sentence
}

function dryRunNote(run: RunResult, sums: Tally): string {
  if (!run.dryRun) return ''
  if (run.mode === 'check') return alert('NOTE', ['**Nothing was started.**'])
  if (run.mode === 'restore') {
    const what = `A real run would restore ${count(sums.planned, 'version')}.`
    return alert('NOTE', [`**Nothing was changed.** ${what}`])
  }
  const tags = sums.untagPlanned > 0 ? ` and strip ${count(sums.untagPlanned, 'tag')}` : ''
  const confirm =
    run.confirm === undefined || sums.planned === 0 ? '' : ` It needs \`confirm\`: ${code(run.confirm)}.`
  return alert('NOTE', [
    `**Nothing was deleted.** A real run would delete ${formatNumber(sums.planned)} of ` +
      `${count(sums.versions, 'version')}${tags}, and keep the rest.${confirm}`
  ])
}

function box(kind: 'CAUTION' | 'WARNING', title: string, sentences: readonly string[]): string {
  return sentences.length === 0 ? '' : alert(kind, [`**${title}**`, '', ...bullets(sentences)])
}

function incompleteBox(run: RunResult, sums: Tally): string {
  if (leftUndone(run).length > 0) return ''
  const lines: string[] = []
  if (run.incomplete !== undefined) lines.push(`**This run ended early.** ${prose(run.incomplete)}`)
  if (sums.left > 0)
    lines.push(`**${count(sums.left, 'deletion')} left for later runs.** ${outlook(sums.left)}`)
  return lines.length === 0 ? '' : alert('NOTE', lines.join('\n\n').split('\n'))
}

/** How long the rest takes; beyond some hundreds the hourly quota is what counts. */
function outlook(left: number): string {
  const work = formatDuration((left / DELETIONS_A_MINUTE) * 60_000)
  const pace = `At ${DELETIONS_A_MINUTE} deletions a minute, the most that GitHub allows, that takes ${work}.`
  if (left < 500) return pace
  const hours = (quota: number) => count(Math.ceil(left / quota), 'hour')
  return (
    `${pace} The hourly quota stretches it to about ${hours(1_000)} with \`GITHUB_TOKEN\` ` +
    `(1,000 requests an hour) or ${hours(5_000)} with a classic token (5,000).`
  )
}

/** How much goes, as a bar. */
function changedShare({ mode, dryRun }: RunResult, sums: Tally): string {
  if (mode === 'restore') return ''
  const goes = sums.planned + sums.deleted + sums.already
  const due = sums.refused + sums.skipped + sums.failed + sums.held + sums.left
  const word = goes === 0 ? 'are due' : dryRun ? 'would be deleted' : 'were deleted'
  return share(goes > 0 ? goes : due, sums.versions, `the versions ${word}`)
}

/** A keep pattern that matched nothing is a warning, too; that a delete pattern did may be as it should. */
function patternPart(run: RunResult): string {
  const all = patternHits(run.packages)
  if (all.length === 0) return ''
  const silent = all.filter(({ hits }) => hits === 0).length
  const title = `Patterns: ${formatNumber(all.length)}${silent > 0 ? `, of which ${formatNumber(silent)} matched no tag` : ''}`
  const columns = [
    LEFT('Pattern', ({ pattern }: PatternHits) => safe(pattern)),
    LEFT('Rule', ({ rule }: PatternHits) => safe(rule)),
    LEFT('Action', ({ action }: PatternHits) => action),
    RIGHT('Tags matched', ({ hits }: PatternHits) => formatNumber(hits))
  ]
  return details(title, listing(all, 'pattern', columns, MOST_LINES))
}

function footer(run: RunResult): string {
  const { api, points, writes, reads } = run.requests
  const sent = `${count(api, 'API request')} (${count(writes, 'write')}, ${count(points, 'point')})`
  const told =
    run.mode === 'check' ? 'The state of every expected tag is' : "Every version's verdict and reason is"
  return (
    `<sub>Mode ${run.mode}, started ${new Date(run.started).toISOString().slice(0, 16)}Z, took ${formatDuration(run.durationMs)}: ${sent}, ` +
    `${count(reads, 'manifest')} read${whyRead(run)}. ${told} in the JSON report.</sub>`
  )
}

/** Reading counts as a download, so it is said what for. */
function whyRead({ packages }: RunResult): string {
  const all = packages.flatMap(({ reads }) => (reads === undefined ? [] : [reads]))
  return all.length === 0 ? '' : ` (${readsPhrase(all)})`
}

function bullets(sentences: readonly string[]): string[] {
  const lines = sentences.slice(0, MOST_LINES).map(sentence => `- ${prose(sentence)}`)
  const more = sentences.length - MOST_LINES
  return more > 0 ? [...lines, `- and ${formatNumber(more)} more, in the JSON report`] : lines
}

/** Blocks are whole pieces of Markdown, so leaving one out never leaves another open. */
function withinLimit(blocks: readonly string[]): string {
  const kept: string[] = []
  let bytes = 0
  let dropped = 0
  for (const block of blocks) {
    const size = Buffer.byteLength(block) + 2
    if (bytes + size > MOST_BYTES) dropped++
    else {
      kept.push(block)
      bytes += size
    }
  }
  if (dropped > 0)
    kept.push(`…${count(dropped, 'part')} left out, because GitHub shows no summary beyond 1 MiB.`)
  return `${kept.join('\n\n')}\n`
}
