import type { Dispatch, DispatchStatus, TagCheck } from '../model/check.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { capitalized, count, formatNumber } from '../util/format.ts'
import { DISPATCH_WORD, STATES, statePhrase } from './check-phrases.ts'
import { code, details, LEFT, link, listing, packageTable, safe, share } from './markdown.ts'
import { countStates, missingTags } from './tally.ts'
import { failures } from './verdict.ts'

/** What a check found, in one line. */
export function checkHeadline(run: RunResult): string {
  const red = failures(run).length > 0 ? 'Failed: ' : ''
  const dry = run.dryRun ? 'Dry run: ' : ''
  const missing = missingTags(run).length
  const unread = countStates(run.packages).unreadable
  const found = missing === 0 ? (unread > 0 ? 'none known to be missing' : 'all there') : `${missing} missing`
  const dispatches = run.check?.dispatches ?? []
  const counted = (word: string, ...of: readonly DispatchStatus[]): string => {
    const some = dispatches.filter(({ status }) => of.includes(status)).length
    return some > 0 ? `, ${formatNumber(some)} ${word}` : ''
  }
  const rebuilt = counted('rebuilt', 'built') + counted('being built', 'dispatched', 'running')
  const where = `in ${count(run.packages.length, 'package')} of ${safe(run.owner)}`
  const expected = run.check?.expected.length ?? 0
  const result = expected === 0 ? 'no tag was expected' : `${count(expected, 'expected tag')}, ${found}`
  return `${red}${dry}${result}${rebuilt} ${where}`
}

/** The parts of the summary that only a check has; empty ones where there is nothing to say. */
export function checkBlocks(run: RunResult): string[] {
  return [
    packageTable(run.packages, ['Expected', ...STATES.map(capitalized)], numbers),
    share(countStates(run.packages).present, numbers(run.packages)[0] ?? 0, 'the expected images are there'),
    dispatchPart(run.check?.dispatches ?? []),
    ...run.packages.flatMap(one => packageParts(one, run.check?.dispatches ?? [])),
    unmappedPart(run.check?.unmapped ?? [])
  ]
}

/** How many tags are expected, and how they stand. */
function numbers(runs: readonly PackageRun[]): number[] {
  const counts = STATES.map(state => countStates(runs)[state])
  return [counts.reduce((sum, one) => sum + one, 0), ...counts]
}

const TAG = LEFT('Tag', ({ tag }: { readonly tag: string }) => code(tag))
const STATE = LEFT('State', (check: TagCheck) => safe(statePhrase(check)))

/** What was started, with links to the runs. */
function dispatchPart(dispatches: readonly Dispatch[]): string {
  if (dispatches.length === 0) return ''
  const list = listing(dispatches, 'tag', [
    TAG,
    LEFT('Rebuild', ({ status }) => safe(DISPATCH_WORD[status])),
    LEFT('Workflow run', ({ workflow, url = '' }) => link(code(workflow), url)),
    LEFT('Why', ({ detail }) => safe(detail))
  ])
  return `### Rebuilds\n\n${list}`
}

/** What is not there comes first and open; what is, folded. */
function packageParts(run: PackageRun, dispatches: readonly Dispatch[]): string[] {
  const { checks = [], package: pkg } = run
  const amiss = checks.filter(({ state }) => state !== 'present')
  const present = checks.filter(({ state }) => state === 'present')
  const parts: string[] = []
  const rebuildOf = (check: TagCheck): string => {
    const dispatch = dispatches.find(({ tag }) => tag === check.tag)
    return dispatch === undefined ? '' : safe(DISPATCH_WORD[dispatch.status])
  }
  const rebuild = dispatches.length > 0 ? [LEFT('Rebuild', rebuildOf)] : []
  if (amiss.length > 0) parts.push(listing(amiss, 'tag', [TAG, STATE, ...rebuild]))
  if (present.length > 0)
    parts.push(details(`Present: ${count(present.length, 'tag')}`, listing(present, 'tag', [TAG])))
  return parts.length === 0 ? [] : [`### ${code(pkg.name)}`, ...parts]
}

function unmappedPart(unmapped: readonly string[]): string {
  if (unmapped.length === 0) return ''
  const list = listing(unmapped, 'git tag', [LEFT('Git tag', code)])
  return details(`Git tags that give no image tag: ${formatNumber(unmapped.length)}`, list)
}
