import type { Log } from '../../log.ts'
import type { Dispatch } from '../../model/check.ts'
import type { PackageRun } from '../../model/run.ts'
import { DISPATCH_WORD, statePhrase } from '../../report/check-phrases.ts'
import { causeOf } from '../../report/phrases.ts'
import { count } from '../../util/format.ts'

/** Lines of one package, or of one list; the report has all. */
const MOST_LINES = 1_000

/** Tells how the expected tags of each package stand; what several packages lack for the same reason is told of the first. */
export async function narrateChecks(runs: readonly PackageRun[], log: Log): Promise<void> {
  const told = new Set<string>()
  for (const run of runs) {
    if (run.error === undefined || !told.has(run.error)) await narrateCheck(run, log)
    if (run.error !== undefined) told.add(run.error)
  }
}

/** Tells how the expected tags of a package stand: one line for each that is not there. */
async function narrateCheck(run: PackageRun, log: Log): Promise<void> {
  const checks = run.checks ?? []
  const amiss = checks.filter(({ state }) => state !== 'present')
  const title = `${run.package.name}: ${count(checks.length, 'expected tag')}, ${checks.length - amiss.length} present`
  await log.group(title, async () => {
    for (const sentence of [run.error, ...run.warnings])
      if (sentence !== undefined) log.info(causeOf(sentence))
    // Of a package that could not be read that is said of each of them.
    if (run.error === undefined)
      tell(
        amiss.map(check => `${check.tag}: ${causeOf(statePhrase(check))}`),
        log
      )
  })
}

/** Tells what was started, or why not. */
export function narrateDispatches(dispatches: readonly Dispatch[], log: Log): void {
  tell(
    dispatches.map(({ tag, status, url, detail }) =>
      [`build of ${tag}: ${DISPATCH_WORD[status]}`, causeOf(detail), url ?? '']
        .filter(part => part !== '')
        .join(' – ')
    ),
    log
  )
}

function tell(lines: readonly string[], log: Log): void {
  for (const line of lines.slice(0, MOST_LINES)) log.info(line)
  if (lines.length > MOST_LINES) log.info(`and ${lines.length - MOST_LINES} more, which the report has`)
}
