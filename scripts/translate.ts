/**
 * Prints our step for a step of another tool: `npm run translate -- <file>`, or the YAML on standard input. What is
 * given may be the step alone or a whole workflow; notes on what differs stand above each step.
 */
import { readFileSync } from 'node:fs'
import { messageOf } from '../src/errors.ts'
import { plainLines, printError } from './print.ts'
import { write } from './translate/ours.ts'
import { stepsIn } from './translate/theirs.ts'
import { translate } from './translate/translate.ts'

const USAGE = 'npm run translate -- FILE prints our step for each step of another tool in a workflow.'
const [, , file] = process.argv

function given(): string {
  // A terminal would be waited for, without a word.
  if (file === undefined && process.stdin.isTTY) throw new Error(USAGE)
  const text = read()
  if (text.trim() === '')
    throw new Error(`There is nothing ${file === undefined ? 'on standard input' : `in ${file}`}. ${USAGE}`)
  return text
}

function read(): string {
  try {
    return readFileSync(file ?? 0, 'utf8')
  } catch {
    throw new Error(`${file ?? 'Standard input'} cannot be read. ${USAGE}`)
  }
}

function run(): void {
  if (file === '--help') {
    console.log(USAGE)
    return
  }
  const steps = stepsIn(given())
  const known = steps.filter(({ uses }) => !/^(?:actions\/(?!delete-package-versions)|docker\/)/.test(uses))
  if (known.length === 0) throw new Error('There is no step in it that cleans up packages.')
  for (const step of known) console.log(unchanged(write(translate(step))))
}

/** A step that would not be the same once it is safe to print deletes something else than it says. */
function unchanged(step: string): string {
  if (plainLines(step) === step) return step
  throw new Error(
    'A value of this step has characters that are not seen, such as tabs, a command to the runner (`::`), or more than ' +
      '8,000 characters in a line. Write it without them.'
  )
}

try {
  run()
} catch (error) {
  printError(messageOf(error))
  process.exitCode = 1
}
