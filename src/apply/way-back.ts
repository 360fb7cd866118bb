import type { Outcome } from '../model/decision.ts'
import { isUserTag } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'

/** What brings back a tag that no look showed. */
export const WAY_BACK =
  'If a tag is missing that was set right before the deletion, `mode: restore` with the report of this run restores it.'

/** The same where a placeholder has gone as well: no report has what was put on it. */
const WITH_PLACEHOLDER =
  'A tag may have gone with a placeholder: look whether the tags that move are where they belong.'

/**
 * What to do where nobody could look behind what a run took away.
 *
 * @param earlier what earlier runs deleted and left to this one: its report has none of that
 */
export function wayBack(outcomes: readonly Outcome[], earlier: readonly PackageVersion[]): string {
  const isDeleted = outcomes.some(({ step }) => step.action === 'delete')
  const isUntagged = outcomes.some(
    ({ step, status }) => step.action === 'untag' && (status === 'done' || status === 'failed')
  )
  const ways = [
    ...(isDeleted ? [WAY_BACK] : []),
    ...(earlier.length > 0 ? [ofEarlier(earlier)] : []),
    ...(isUntagged ? [WITH_PLACEHOLDER] : [])
  ]
  return ways.join(' ')
}

/** So many digests are named. */
const MOST = 5

function ofEarlier(versions: readonly PackageVersion[]): string {
  const images = versions.filter(({ tags }) => tags.some(isUserTag))
  const digests = (images.length > 0 ? images : versions).map(({ digest }) => digest)
  return (
    'If a tag is missing that was set right before an earlier run deleted something, `mode: restore` with ' +
    `\`restore: ${digests.slice(0, MOST).join(' ')}\` restores it.`
  )
}

/** What one package has to say. */
interface Told {
  readonly run: { readonly alarms?: readonly string[] }
  readonly warnings?: readonly string[]
}

/**
 * The way back is the same for all that a run deleted, so it is said once, however much could not be checked in
 * however many packages: by the first alarm that has it, or else by the first warning.
 */
export function wayBackOnce<T extends Told>(tasks: readonly T[]): readonly T[] {
  let said = false
  const once = (text: string): string => {
    if (!text.includes(WAY_BACK)) return text
    const [before = '', ...rest] = text.split(WAY_BACK)
    const told = said ? `${before.trimEnd()}${rest.join('')}` : text
    said = true
    return told
  }
  const alarmed = tasks.map(task => {
    const { alarms } = task.run
    return alarms === undefined ? task : { ...task, run: { ...task.run, alarms: alarms.map(once) } }
  })
  return alarmed.map(task =>
    task.warnings === undefined ? task : { ...task, warnings: task.warnings.map(once) }
  )
}
