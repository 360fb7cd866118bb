import type { TagState } from '../model/check.ts'
import type { PackageRun, RunResult } from '../model/run.ts'

/** How many tags stand how, in some packages together. */
export function countStates(runs: readonly PackageRun[]): Record<TagState, number> {
  const counts = { present: 0, absent: 0, incomplete: 0, unreadable: 0 }
  for (const { state } of runs.flatMap(({ checks = [] }) => checks)) counts[state]++
  return counts
}

/** Every missing image, package by package, newest tags first. */
export function missingImages(runs: readonly PackageRun[]) {
  return runs.flatMap(run =>
    (run.checks ?? [])
      .filter(({ state }) => state === 'absent' || state === 'incomplete')
      .map(check => ({ run, check }))
  )
}

/** Tags that at least one package lacks, each once, newest first. */
export function missingTags({ packages, check }: Pick<RunResult, 'packages' | 'check'>): string[] {
  const missing = new Set(missingImages(packages).map(lacking => lacking.check.tag))
  return (check?.expected ?? []).filter(tag => missing.has(tag))
}
