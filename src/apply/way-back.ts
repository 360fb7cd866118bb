import type { Outcome } from '../model/decision.ts'

/** What brings back a tag that no look showed. */
export const WAY_BACK =
  'If a tag is missing that was set right before the deletion, `mode: restore` with the report of this run restores it.'

/** The same where a placeholder has gone as well: no report has what was put on it. */
const WITH_PLACEHOLDER =
  'A tag may have gone with a placeholder: look whether the tags that move are where they belong.'

/** What to do where nobody could look behind these. */
export function wayBack(outcomes: readonly Outcome[]): string {
  const isDeleted = outcomes.some(({ step }) => step.action === 'delete')
  const isUntagged = outcomes.some(
    ({ step, status }) => step.action === 'untag' && (status === 'done' || status === 'failed')
  )
  const both = isUntagged ? [WAY_BACK, WITH_PLACEHOLDER] : [WAY_BACK]
  return (isDeleted ? both : both.slice(-1)).join(' ')
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
