import { ExpectedError } from '../src/errors.ts'
import { plain } from '../src/util/format.ts'

/** Prints text that may come from outside: nothing in it is a command to a terminal or to a runner. */
export function print(text: string): void {
  console.log(plainLines(text))
}

/** The same for what went wrong; a bug is shown with its stack. */
export function printError(error: unknown): void {
  const isSentence = typeof error === 'string' || error instanceof ExpectedError
  console.error(isSentence ? plainLines(String(error instanceof Error ? error.message : error)) : error)
}

/** Text of several lines, each of them safe to print. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n')
}
