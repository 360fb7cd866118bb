import { messageOf } from '../errors.ts'
import { REPOSITORY } from './links.ts'

/**
 * Tells of a bug: whoever repairs it needs its stack.
 *
 * @param info told each line of the stack
 * @param error told the sentence behind it
 */
export function tellBug(
  thrown: unknown,
  info: (line: string) => void,
  error: (sentence: string) => void
): void {
  const stack = thrown instanceof Error && thrown.stack !== undefined ? thrown.stack : String(thrown)
  for (const line of stack.split('\n')) info(line)
  error(
    `ghcr-steward has a bug: ${messageOf(thrown)}. Please report it with the lines above: ${REPOSITORY}/issues`
  )
}
