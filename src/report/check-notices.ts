import type { Dispatch, DispatchStatus } from '../model/check.ts'
import type { PackageRun } from '../model/run.ts'
import { count, some } from '../util/format.ts'
import { dispatchWord, statePhrase } from './check-phrases.ts'
import { missingImages } from './check-tally.ts'

/**
 * What of a check is told as an annotation although it makes nothing red: the missing images of each package with
 * their tags, and the rebuilds that were held back. One sentence for each kind.
 */
export function checkNotices(runs: readonly PackageRun[], dispatches: readonly Dispatch[]): string[] {
  return [...runs.flatMap(missing), ...HELD.flatMap(status => rebuildsThat(dispatches, status))]
}

const HELD: readonly DispatchStatus[] = ['held', 'exhausted']

function missing(run: PackageRun): string[] {
  const lacking = missingImages([run]).map(({ check }) => `${check.tag} (${statePhrase(check)})`)
  if (lacking.length === 0) return []
  return [`${run.package.name} lacks ${count(lacking.length, 'image')}: ${some(lacking, 10)}.`]
}

/** One sentence for all rebuilds that ended in this way, with the first of them. */
export function rebuildsThat(dispatches: readonly Dispatch[], status: DispatchStatus): string[] {
  const concerned = dispatches.filter(dispatch => dispatch.status === status)
  const [first] = concerned
  if (first === undefined) return []
  return [
    `${count(concerned.length, 'rebuild')} ${dispatchWord(status)}. The first is ${first.tag}: ${first.detail}`
  ]
}
