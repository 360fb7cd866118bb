import type { Dispatch, DispatchStatus } from '../model/check.ts'
import type { PackageRun, RunResult } from '../model/run.ts'
import { count, some } from '../util/format.ts'
import { DISPATCH_WORD } from './check-phrases.ts'
import { missingTags } from './tally.ts'

/**
 * Why a check is red: what could not be read, what could not be rebuilt, and what is missing where that was asked
 * to be a failure.
 */
export function checkFailures(run: RunResult): string[] {
  const { check } = run
  if (check === undefined) return []
  return [
    ...run.packages.flatMap(unreadable),
    ...FAILED.flatMap(status => unbuilt(check.dispatches, status)),
    ...check.errors,
    ...(check.failOnMissing ? missingSentence(run) : [])
  ]
}

/** What a check found that does not make it red: what is missing, and what was not started for a reason. */
export function checkWarnings(run: RunResult): string[] {
  const { check } = run
  if (check === undefined) return []
  return [
    ...(check.failOnMissing ? [] : missingSentence(run)),
    ...HELD.flatMap(status => unbuilt(check.dispatches, status))
  ]
}

const HELD: readonly DispatchStatus[] = ['held', 'exhausted']

function missingSentence(run: RunResult): string[] {
  const missing = missingTags(run)
  if (missing.length === 0) return []
  return [
    `${count(missing.length, 'tag')} ${missing.length === 1 ? 'lacks its' : 'lack their'} image: ${some(missing, 10)}.`
  ]
}

const FAILED: readonly DispatchStatus[] = ['failed', 'not-built', 'cancelled']

/** A package that could not be read as a whole has said so already. */
function unreadable({ package: pkg, checks = [], error }: PackageRun): string[] {
  const unread = checks.filter(({ state }) => state === 'unreadable')
  const [first] = unread
  if (first === undefined || error !== undefined) return []
  return [
    `${pkg.name}: ${count(unread.length, 'expected image')} could not be read, so whether they are there is not ` +
      `known. The first is ${first.tag}: ${first.cause ?? 'no reason given'}.`
  ]
}

function unbuilt(dispatches: readonly Dispatch[], status: DispatchStatus): string[] {
  const concerned = dispatches.filter(dispatch => dispatch.status === status)
  const [first] = concerned
  if (first === undefined) return []
  return [
    `${count(concerned.length, 'rebuild')} ${DISPATCH_WORD[status]}. The first is ${first.tag}: ${first.detail}`
  ]
}
