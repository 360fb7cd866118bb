/**
 * Prints our step for a step of another tool: `npm run translate -- <file>`, or the YAML on standard input. What is
 * given may be the step alone or a whole workflow; notes on what differs stand above each step.
 */
import { readFileSync } from 'node:fs'
import { write } from './translate/ours.ts'
import { stepsIn } from './translate/theirs.ts'
import { translate } from './translate/translate.ts'

try {
  const steps = stepsIn(readFileSync(process.argv[2] ?? 0, 'utf8'))
  const known = steps.filter(({ uses }) => !/^(?:actions\/(?!delete-package-versions)|docker\/)/.test(uses))
  if (known.length === 0) throw new Error('There is no step in it that cleans up packages.')
  for (const step of known) console.log(write(translate(step)))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
