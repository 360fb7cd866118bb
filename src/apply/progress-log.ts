import type { Log } from '../log.ts'
import type { Decision, Outcome, Step } from '../model/decision.ts'
import { shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { PackageRun } from '../model/run.ts'
import { explanationLines } from '../report/explanation.ts'
import { causeOf, nameOf, outcomeWord, phrase } from '../report/phrases.ts'
import { goesWithPackage } from '../report/tally.ts'
import { deletedOf, wayBackLine } from '../report/way-back.ts'
import { count } from '../util/format.ts'

/** What the log tells of one package while it is worked on. */
export interface ProgressLog {
  group<T>(work: () => Promise<T>): Promise<T>
  outcome(outcome: Outcome): void
}

/** Lines of one package; logs beyond a few megabytes cannot be read in the browser, and the report has all. */
const MOST_LINES = 1_000
/** Versions that the log names by id and full digest, for whoever has lost the report. */
const MOST_NAMED = 1_000

/**
 * Tells of the changes as they happen: one line an image once it and its parts are dealt with, one for each
 * part that fared otherwise, a thousand lines at most; ids and digests of what was deleted, as bounded; the progress.
 */
export function progressLog(run: PackageRun, log: Log): ProgressLog {
  const { package: pkg, plan, warnings, explanations = [] } = run
  const steps = plan?.steps ?? []
  const awaited = new Map<string, number>()
  // Of a package that goes as a whole nobody knows the images, so it has one line.
  const isWhole = plan?.decisions.some(({ reasons: [reason] }) => goesWithPackage(reason)) ?? false
  const keyOf = (step: Step): string => (isWhole ? 'package' : imageOf(step))
  for (const step of steps) awaited.set(keyOf(step), (awaited.get(keyOf(step)) ?? 0) + 1)
  const collected = new Map<string, Outcome[]>()
  const lines = outcomeLines(run, isWhole, log)
  let done = 0

  return {
    group: work =>
      log.group(headline(run), async () => {
        // What went wrong with the package as a whole is an annotation, which stands in the log by itself.
        // That there was no room stands at the end.
        if (run.left === undefined) for (const sentence of warnings) log.info(sentence)
        const done = await work()
        // Last, because that is what is looked for in a long list.
        for (const line of explanations.flatMap(explanationLines)) log.info(line)
        return done
      }),
    outcome(outcome) {
      const { step } = outcome
      const key = keyOf(step)
      const outcomes = [...(collected.get(key) ?? []), outcome]
      collected.set(key, outcomes)
      if (step.action === 'untag') {
        lines.tellTag(outcome, step.tag)
      } else if (outcomes.length >= (awaited.get(key) ?? 0)) {
        collected.delete(key)
        lines.tellImage(outcomes)
      }
      // A dry run changes nothing, and what comes back at once was not planned.
      if (outcome.status !== 'planned' && done < steps.length)
        log.progress(`${pkg.name}: ${++done} of ${count(steps.length, 'change')}`)
    }
  }
}

function headline({ package: pkg, plan }: PackageRun): string {
  if (plan === undefined) return `${pkg.name}: nothing was done`
  const kept = plan.decisions.filter(decision => decision.verdict === 'keep').length
  const due = plan.decisions.length - kept
  if (plan.decisions.some(decision => decision.verdict === 'restore')) {
    return `${pkg.name}: ${count(due, 'version')} to restore`
  }
  if (plan.decisions.length === 0) return `${pkg.name}: nothing to do`
  return `${pkg.name}: ${count(plan.decisions.length, 'version')}, of which ${kept} ${kept === 1 ? 'stays' : 'stay'} and ${due} ${due === 1 ? 'goes' : 'go'}`
}

/** Says what became of steps: a thousand lines at most, and each reason once. */
function outcomeLines({ package: pkg, plan }: PackageRun, isWhole: boolean, log: Log) {
  const decisions = new Map(plan?.decisions.map(decision => [decision.version.id, decision]))
  const told = new Set<string>()
  let lines = 0
  let named = 0

  function say(text: string): void {
    lines++
    if (lines <= MOST_LINES) log.info(text)
    else if (lines === MOST_LINES + 1) log.info('the rest is in the report')
  }

  /** Says what repeats itself, such as a lack of rights, only for the first change; the end says how to fix it. */
  function once({ status, detail: whole }: Outcome): string {
    const detail = status === 'failed' || status === 'skipped' ? causeOf(whole) : whole
    if (told.has(detail)) return 'for the same reason'
    told.add(detail)
    return detail
  }

  /** Why there was no room for the rest stands at the end of the log. */
  function why(outcome: Outcome): string {
    return outcome.status === 'left' || outcome.detail === '' ? '' : `: ${once(outcome)}`
  }

  function tellTag(outcome: Outcome, tag: string): void {
    say(`${outcomeWord(outcome)}: tag ${tag} of ${title(outcome.step.version)}${why(outcome)}`)
  }

  function tellImage(outcomes: readonly Outcome[]): void {
    // What comes back has its root last.
    const first = outcomes.find(({ step }) => imageOf(step).endsWith(step.version.digest)) ?? outcomes[0]
    if (first === undefined) return
    const like = outcomes.filter(({ status }) => status === first.status)
    const decided = isWhole ? undefined : decisions.get(first.step.version.id)
    // Why something went is not why it came back, which a warning says.
    const decision = first.step.action === 'restore' && decided?.verdict !== 'restore' ? undefined : decided
    const isLeft = first.status === 'left'
    const reason = isLeft ? '' : first.detail === '' ? reasonOf(decision) : once(first)
    const what = isWhole
      ? `the package ${pkg.name} with ${count(like.length, 'version')}`
      : `${title(first.step.version)}${parts(like.length - 1)}`
    say(`${outcomeWord(first)}: ${what}${reason === '' ? '' : `: ${reason}`}`)
    for (const outcome of outcomes) {
      if (outcome.status === first.status) continue
      say(`  ${outcomeWord(outcome)}: ${title(outcome.step.version)}${why(outcome)}`)
    }
    const deleted = deletedOf(outcomes).slice(0, MOST_NAMED - named)
    named += deleted.length
    if (deleted.length > 0) log.info(wayBackLine(deleted))
  }

  return { tellTag, tellImage }
}

/** What a step's line belongs to: the root that it goes or comes with, or itself where a tag is stripped. */
function imageOf(step: Step): string {
  return step.action === 'untag' ? `${step.version.id} ${step.tag}` : `${step.action} ${step.root}`
}

/** `v1.2.3 (sha256:0123456789ab)`, or the short digest alone. */
function title(version: PackageVersion): string {
  const digest = shortDigest(version.digest)
  return version.tags.length > 0 ? `${nameOf(version)} (${digest})` : digest
}

function parts(number: number): string {
  return number === 0 ? '' : ` and ${count(number, 'part')}`
}

function reasonOf(decision: Decision | undefined): string {
  return decision === undefined ? '' : phrase(decision.reasons[0])
}
