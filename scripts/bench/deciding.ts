import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { table } from './measure.ts'

const VERSIONS = 100_000

/** Deciding alone: a process of its own, so that its memory is that of the decision and of what it is about. */
export async function deciding(): Promise<string[]> {
  const child = spawnSync(process.execPath, [resolve(import.meta.dirname, 'decide.ts'), `${VERSIONS}`], {
    encoding: 'utf8'
  })
  if (child.status !== 0) throw new Error(child.stderr)
  const { seconds, peak, versions, deletions, rules } = JSON.parse(child.stdout) as Record<string, number>
  return [
    'A package in memory, and a policy with families of versions, calendars, regular expressions and pull requests:',
    '',
    ...table(
      ['versions', 'rules', 'deletions', 'seconds', 'MiB at most, the package included'],
      [[`${versions}`, `${rules}`, `${deletions}`, (seconds ?? 0).toFixed(2), (peak ?? 0).toFixed(0)]]
    )
  ]
}
