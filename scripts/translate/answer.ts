import { messageOf } from '../../src/errors.ts'
import { plainLines } from '../print.ts'
import { write } from './ours.ts'
import { stepsIn } from './theirs.ts'
import { translate } from './translate.ts'

export const USAGE = 'npm run translate -- FILE prints our step for each step of another tool in a workflow.'

interface Said {
  /** The exit code. */
  readonly status: 0 | 1
  readonly stdout: string
  readonly stderr: string
}

/**
 * What the command prints for a text.
 *
 * @param place where the text is from, as in "there is nothing …"
 * @param read gives the text; what it throws is said
 */
export function answer(place: string, read: () => string): Said {
  let stdout = ''
  try {
    for (const step of foreignSteps(place, read())) stdout += `${unchanged(write(translate(step)))}\n`
    return { status: 0, stdout, stderr: '' }
  } catch (error) {
    return { status: 1, stdout, stderr: `${plainLines(messageOf(error))}\n` }
  }
}

function foreignSteps(place: string, text: string): ReturnType<typeof stepsIn> {
  if (text.trim() === '') throw new Error(`There is nothing ${place}. ${USAGE}`)
  const known = stepsIn(text).filter(
    ({ uses }) => !/^(?:actions\/(?!delete-package-versions)|docker\/)/.test(uses)
  )
  if (known.length === 0) throw new Error('There is no step in it that cleans up packages.')
  return known
}

/** A step that would not be the same once it is safe to print deletes something else than it says. */
function unchanged(step: string): string {
  if (plainLines(step) === step) return step
  throw new Error(
    'A value of this step has characters that are not seen, such as tabs, a command to the runner (`::`), or more than ' +
      '8,000 characters in a line. Write it without them.'
  )
}
