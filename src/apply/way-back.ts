/** What brings back a tag that no look showed. */
export const WAY_BACK =
  'If a tag is missing that was set right before the deletion, `mode: restore` with the report of this run restores it.'

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
