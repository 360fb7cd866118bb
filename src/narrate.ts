import type { Log } from './log.ts'
import type { Decision, Outcome } from './model/decision.ts'
import { shortDigest } from './model/digest.ts'
import type { PackageRun } from './model/run.ts'
import { count, nameOf, phrase, statusWord, untagWord } from './report/phrases.ts'

/** What the log tells of one package while it is worked on. */
export interface Narrator {
  group<T>(work: () => Promise<T>): Promise<T>
  outcome(outcome: Outcome): void
}

/** Lines of one package; logs beyond a few megabytes cannot be read in the browser, and the report has all. */
const MOST_LINES = 1_000

/** Tells of every change with its reason, up to a thousand, and of the progress beyond. */
export function narrator({ package: pkg, plan, error, warnings }: PackageRun, log: Log): Narrator {
  const decisions = new Map(plan?.decisions.map(decision => [decision.version.id, decision]))
  const steps = plan?.steps.length ?? 0
  let told = 0

  function headline(): string {
    if (plan === undefined) return `${pkg.name}: nothing was decided`
    const kept = plan.decisions.filter(decision => decision.verdict === 'keep').length
    const due = plan.decisions.length - kept
    return `${pkg.name}: ${count(plan.decisions.length, 'version')}, ${count(kept, 'version')} to keep, ${count(due, 'version')} to delete`
  }

  return {
    group: work =>
      log.group(headline(), () => {
        for (const sentence of [error, ...warnings]) if (sentence !== undefined) log.info(sentence)
        return work()
      }),
    outcome(outcome) {
      told++
      if (told <= MOST_LINES) log.info(line(outcome, decisions.get(outcome.step.version.id)))
      else if (told === MOST_LINES + 1) log.info(`the other ${steps - MOST_LINES} changes are in the report`)
      log.progress(`${pkg.name}: ${told} of ${count(steps, 'change')}`)
    }
  }
}

/** `deleted sha256:0123456789ab (sha-1a2b3c4): tag sha-1a2b3c4 matched by …`. */
function line({ step, status, detail }: Outcome, decision: Decision | undefined): string {
  const { version } = step
  const name =
    version.tags.length > 0
      ? `${shortDigest(version.digest)} (${nameOf(version)})`
      : shortDigest(version.digest)
  const why = detail !== '' || decision === undefined ? detail : phrase(decision.reasons[0])
  if (step.action === 'delete') return `${statusWord(status)} ${name}: ${why}`
  return `tag ${step.tag} of ${name}: ${untagWord(status)}${detail === '' ? '' : `, ${detail}`}`
}
