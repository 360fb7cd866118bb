/**
 * Prints our step for a step of another tool: `npm run translate -- <file>`, or the YAML on standard input. What is
 * given may be the step alone or a whole workflow; notes on what differs stand above each step.
 */
import { readFileSync } from 'node:fs'
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
  for (const step of known) console.log(write(translate(step)))
}

try {
  run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
