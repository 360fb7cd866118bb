/**
 * Prints our step for a step of another tool: `npm run translate -- <file>`, or the YAML on standard input. What is
 * given may be the step alone or a whole workflow; notes on what differs stand above each step.
 */
import { readFileSync } from 'node:fs'
import { answer, USAGE } from './translate/answer.ts'

const [, , file] = process.argv

function read(): string {
  // A terminal would be waited for, without a word.
  if (file === undefined && process.stdin.isTTY) throw new Error(USAGE)
  try {
    return readFileSync(file ?? 0, 'utf8')
  } catch {
    throw new Error(`${file ?? 'Standard input'} cannot be read. ${USAGE}`)
  }
}

if (file === '--help') console.log(USAGE)
else {
  const { status, stdout, stderr } = answer(file === undefined ? 'on standard input' : `in ${file}`, read)
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = status
}
