import { timeIsOver } from '../errors.ts'
import type { Dispatch, DispatchStatus } from '../model/check.ts'
import type { Plan } from '../model/decision.ts'
import type { Mode, PackageRun, RunResult } from '../model/run.ts'
import { count, some } from '../util/format.ts'
import { grouped } from '../util/grouped.ts'
import { troubleshooting } from '../util/links.ts'
import { brakePhrase, isProtective, unmatchedPhrase } from './brake-phrases.ts'
import { DISPATCH_WORD } from './check-phrases.ts'
import { absentPhrases, nameOf, stuckPhrase } from './phrases.ts'
import { missingTags, UNDONE, unmatched } from './tally.ts'

/**
 * Why the run is red: one sentence for each kind of trouble of each package; empty when it is green.
 * What GitHub refuses by rule, what changed meanwhile and what is left for the next run is not a failure, but in a
 * restore or a purge, which nobody schedules.
 */
export function failures(run: RunResult): string[] {
  if (run.packages.length === 0 && absentPhrases(run).length === 0 && run.incomplete === undefined) {
    const { noMatch = `No package of ${run.owner} matches the input \`packages\`, so nothing was done.` } =
      run
    return [`${noMatch} See ${troubleshooting('a-package-is-not-found')}`]
  }
  const shared = sharedErrors(run.packages)
  const ofPackages = run.packages.flatMap(packageRun => {
    const { name } = packageRun.package
    return [...errors(packageRun), ...unpurged(run.mode, packageRun)].flatMap(trouble => {
      const names = trouble === packageRun.error ? (shared.get(trouble) ?? [name]) : [name]
      return names[0] === name ? [`${some(names, MOST_NAMED)}: ${trouble}`] : []
    })
  })
  return [...ofPackages, ...leftUndone(run), ...checkFailures(run)]
}

/** How many packages a sentence names. */
const MOST_NAMED = 5

/** The packages of each error, so that one that several have is told once. */
function sharedErrors(runs: readonly PackageRun[]): ReadonlyMap<string, readonly string[]> {
  return grouped(
    runs.flatMap(({ error, package: pkg }) => (error === undefined ? [] : [[error, pkg.name] as const]))
  )
}

/** What deserves a look in a run, red or green: sentences. */
export function warningsOf({ mode, warnings, packages }: RunResult): string[] {
  return [
    ...warnings,
    ...unmatched(packages).filter(isProtective).map(unmatchedPhrase),
    // What a restore or a purge had no room for is a failure.
    ...packages.flatMap(one =>
      one.left !== undefined && ONE_OFF[mode] !== undefined
        ? []
        : one.warnings.map(warning => `${one.package.name}: ${warning}`)
    )
  ]
}

/** A purge that leaves anything has failed, whatever the reason, and so has one that brought back what it named. */
function unpurged(mode: Mode, { outcomes, plan }: PackageRun): string[] {
  const named = new Set(
    plan?.decisions.flatMap(({ reasons: [{ code }], version }) => (code === 'purged' ? [version.id] : []))
  )
  const stayed = outcomes.filter(({ step, status }) =>
    step.action === 'restore' ? status === 'done' && named.has(step.version.id) : UNDONE.includes(status)
  )
  const [first] = stayed
  // Of one that ended early it is said when to start it again.
  if (mode !== 'purge' || first === undefined || stayed.some(({ status }) => status === 'left')) return []
  return [
    `${count(stayed.length, 'version')} that should be purged ${stayed.length === 1 ? 'is' : 'are'} still there. ` +
      `The first is ${nameOf(first.step.version)}: ${first.detail || 'it was restored at once, so purge it again'}`
  ]
}

function wayOut({ digest, namedBy = digest, ref }: Plan['unread'][number]): string {
  return digest === undefined
    ? `Run again later. If this continues and ${ref} is a tag, push it again or delete it. To delete what is kept only because of it, use \`mode: purge\` with its digest.`
    : `If this continues and nobody needs it, delete ${namedBy === digest ? 'it' : 'what names it'} with \`mode: purge\` and \`purge: ${namedBy}\`.`
}

function errors(run: PackageRun): string[] {
  const sentences: string[] = []
  if (run.error !== undefined) sentences.push(run.error)
  const unread = run.plan?.unread ?? []
  const [first] = unread
  if (first !== undefined) {
    sentences.push(
      `${count(unread.length, 'manifest')} could not be read, so ${unread.length === 1 ? 'it' : 'each'} is kept with everything that it may need. ` +
        `The first is ${first.ref}: ${first.cause}. ${wayOut(first)} See ${troubleshooting('a-manifest-could-not-be-read')}`
    )
  }
  for (const brake of run.plan?.brakes ?? []) {
    sentences.push(`${brakePhrase(brake)} See ${troubleshooting('a-brake-held')}`)
  }
  const { plan } = run
  if (plan?.stuck !== undefined && plan.steps.length === 0) sentences.push(stuckPhrase(plan.stuck))
  const failed = run.outcomes.filter(outcome => outcome.status === 'failed')
  const [worst] = failed
  if (worst !== undefined) {
    sentences.push(
      `${count(failed.length, 'change')} failed. The first is ${nameOf(worst.step.version)}: ${worst.detail}`
    )
  }
  return [...sentences, ...(run.alarms ?? [])]
}

/** What the runs do that nobody schedules: what one of them leaves undone no next run does. */
export const ONE_OFF: Readonly<Partial<Record<Mode, 'restored' | 'purged'>>> = {
  restore: 'restored',
  purge: 'purged'
}

/** What a restore or a purge had no room for, and when to start it again: one sentence or two a package. */
export function leftUndone({ mode, packages }: RunResult): string[] {
  const done = ONE_OFF[mode]
  if (done === undefined) return []
  return packages.flatMap(one => {
    const sentence = leftIn(one, done)
    return sentence === undefined ? [] : [`${one.package.name}: ${sentence}`]
  })
}

function leftIn({ left, outcomes }: PackageRun, done: 'restored' | 'purged'): string | undefined {
  if (left !== undefined) return nothingYet(done, left)
  const first = outcomes.find(({ status }) => status === 'left')
  if (first === undefined) return undefined
  const waiting = outcomes.filter(({ status }) => UNDONE.includes(status)).length
  return (
    `${count(waiting, 'version')} ${waiting === 1 ? 'is' : 'are'} not ${done} yet. ` +
    `The first is ${nameOf(first.step.version)}: ${first.detail} ${startAgain(first.detail)}`
  )
}

/** @param cause why there was no room: a sentence */
export function nothingYet(done: 'restored' | 'purged', cause: string): string {
  return `Nothing is ${done} yet. ${cause} ${startAgain(cause)}`
}

function startAgain(cause: string): string {
  if (cause === timeIsOver().message) return 'Start the same run again, which goes on with the rest.'
  const [, time = 'that time'] = / before (\d{4}-\S+ \S+ UTC)/.exec(cause) ?? []
  const reserved = cause.includes('`reserve-requests`') ? ' or `reserve-requests: 0`' : ''
  return `Start the same run again after ${time}, or at once with a classic token${reserved}.`
}

/**
 * Why a check is red: what could not be read, what could not be rebuilt, and what is missing where that was asked
 * to be a failure.
 */
function checkFailures(run: RunResult): string[] {
  const { check } = run
  if (check === undefined) return []
  return [
    ...run.packages.flatMap(unreadable),
    ...FAILED.flatMap(status => unbuilt(check.dispatches, status)),
    ...check.errors,
    ...(check.failOnMissing ? missingSentence(run) : [])
  ]
}

/** What a check found that does not make it red: what is missing, and what was not started for a reason. */
export function checkWarnings(run: RunResult): string[] {
  const { check } = run
  if (check === undefined) return []
  return [
    ...(check.failOnMissing ? [] : missingSentence(run)),
    ...HELD.flatMap(status => unbuilt(check.dispatches, status))
  ]
}

const HELD: readonly DispatchStatus[] = ['held', 'exhausted']

function missingSentence(run: RunResult): string[] {
  const missing = missingTags(run)
  if (missing.length === 0) return []
  return [
    `${count(missing.length, 'tag')} ${missing.length === 1 ? 'lacks its' : 'lack their'} image: ${some(missing, 10)}.`
  ]
}

const FAILED: readonly DispatchStatus[] = ['failed', 'not-built', 'cancelled']

/** A package that could not be read as a whole has said so already. */
function unreadable({ package: pkg, checks = [], error }: PackageRun): string[] {
  const unread = checks.filter(({ state }) => state === 'unreadable')
  const [first] = unread
  if (first === undefined || error !== undefined) return []
  return [
    `${pkg.name}: ${count(unread.length, 'expected image')} could not be read, so whether they are there is not ` +
      `known. The first is ${first.tag}: ${first.cause ?? 'no reason given'}.`
  ]
}

function unbuilt(dispatches: readonly Dispatch[], status: DispatchStatus): string[] {
  const concerned = dispatches.filter(dispatch => dispatch.status === status)
  const [first] = concerned
  if (first === undefined) return []
  return [
    `${count(concerned.length, 'rebuild')} ${DISPATCH_WORD[status]}. The first is ${first.tag}: ${first.detail}`
  ]
}
