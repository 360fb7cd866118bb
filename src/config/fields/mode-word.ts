import { MODES, type Mode } from '../../model/run.ts'
import { nearest } from '../../util/suggest.ts'
import { refuseText, single } from './read.ts'

/** Other words for a mode. None stands for `purge`, to which nobody may be led by a guess. */
const MEANT: readonly (readonly [words: RegExp, mode: Mode])[] = [
  [/^(?:clean(?:[-_]?up)?|delete|gc|keep|prune|remove|retention)$/i, 'retain'],
  [/^(?:audit|list|missing|test|validate|verify)$/i, 'check'],
  [/^(?:recover|roll[-_]?back|undelete|undo)$/i, 'restore']
]

/** The mode; what is none is answered with the one that was meant, and what each of them does. */
export const modeWord = single(
  given => MODES.find(mode => mode === given) ?? refuseText(given, `is not a mode. ${advice(given)}`)
)

function advice(given: string): string {
  if (/^(?:dry[-_]?run|plan|preview)$/i.test(given))
    return 'Leave `mode` out, and write `dry-run: true` to delete nothing.'
  const near = MEANT.find(([words]) => words.test(given))?.[1] ?? nearest(given, MODES)
  return (
    `${near === undefined ? '' : `Did you mean \`${near}\`? `}The modes are \`retain\` (deletes by policy), \`check\` (finds ` +
    'missing images), `purge` (deletes what the input `purge` names) and `restore` (undoes).'
  )
}
