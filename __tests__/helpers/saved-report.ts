import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ActionRun } from './run-action.ts'

/** Writes the report of a run to a file of its own, as a later job has it, and gives the path. */
export function reportOf(
  { report, temp }: Pick<ActionRun, 'report' | 'temp'>,
  edit: (text: string) => string = text => text
): string {
  const path = join(temp, 'earlier.json')
  writeFileSync(path, edit(JSON.stringify(report)))
  return path
}
