import type { PackageTask } from '../../apply/apply.ts'
import type { Brake, PatternHits } from '../../model/brake.ts'
import type { Decision, Plan, Reason, Step } from '../../model/decision.ts'
import type { PackageRun } from '../../model/run.ts'
import { catchAllRules, type Policy, type Rule } from '../../policy/rule.ts'
import { idleKeepPhrase, isProtective, unmatchedPhrase } from '../../report/brake-phrases.ts'
import { isWanted } from '../../report/phrases.ts'
import { unmatched } from '../../report/tally.ts'
import { DAY } from '../../util/format.ts'

/** A package with its plan, and the policy that decided on it. */
export interface Governed {
  readonly task: PackageTask
  readonly policy: Policy
}

/** What keeps nothing in any package of a run, though it is there to keep. */
interface Slips {
  /** Patterns that match no tag. */
  readonly patterns: readonly PatternHits[]
  /** Keep rules, by their text, that name something in a package of the run. */
  readonly rules: ReadonlySet<string>
}

/**
 * Finds the plans that rest on a slip of the pen, where a rule of the policy deletes whatever is tagged: a pattern that
 * is there to keep tags matches none in any package of the run, a keep rule keeps nothing in any of them, or nothing
 * at all limits what goes. Like any brake they hold a dry run too.
 *
 * @param isApproved whether somebody looked at what goes: then it goes as it is
 * @returns all of them, those that are held with a brake in place of their steps; and what must be said while it can still
 *   be stopped: sentences, for the log before the first DELETE
 */
export function forewarn(
  governed: readonly Governed[],
  isApproved: boolean
): { readonly held: readonly Governed[]; readonly warnings: string[] } {
  const runs = governed.map(({ task }) => task.run)
  const slips = { patterns: unmatched(runs).filter(isProtective), rules: idleKeeps(runs) }
  const held = isApproved ? governed : governed.map(one => holdSlips(one, slips))
  return { held, warnings: warningsOf(held, slips) }
}

function holdSlips(one: Governed, { patterns, rules }: Slips): Governed {
  const { plan } = one.task.run
  if (plan === undefined || !endangers(plan, one.policy)) return one
  const brake = idlePattern(plan, patterns) ?? idleKeep(plan, rules) ?? unlimitedRule(plan, one.policy)
  if (brake === undefined) return one
  const run = { ...one.task.run, plan: { ...plan, steps: [], left: 0, brakes: [brake] } }
  return { ...one, task: { ...one.task, run } }
}

function endangers({ steps }: Plan, policy: Policy): boolean {
  return steps.some(takesTags) && catchAllRules(policy).length > 0
}

function idlePattern({ hits }: Plan, idle: readonly PatternHits[]): Brake | undefined {
  const guard = idle.find(one =>
    hits.some(({ rule, pattern }) => rule === one.rule && pattern === one.pattern)
  )
  if (guard === undefined) return undefined
  const { rule, pattern, near } = guard
  return { input: 'keep-pattern', rule, pattern, ...(near === undefined ? {} : { near }) }
}

/** Keep rules, by their text, that name something in a package of the run and keep nothing in any. */
function idleKeeps(runs: readonly PackageRun[]): ReadonlySet<string> {
  const shares = runs.flatMap(run => run.plan?.keeps ?? [])
  const idle = new Set(shares.filter(share => share.idle !== undefined).map(share => share.written))
  for (const share of shares) if (share.idle === undefined) idle.delete(share.written)
  return idle
}

/** One that is only emptied by time, or by a kind that is not there yet, may be meant: it holds what it names to the last. */
function idleKeep({ keeps, decisions }: Plan, idle: ReadonlySet<string>): Brake | undefined {
  for (const { rule, written, idle: why } of keeps) {
    if (why === undefined || !idle.has(written)) continue
    const { field, byTags } = why
    const named = new Set(why.named)
    const isSpelled = ['labels', 'digests', 'tags', 'semver'].includes(field) || (field === 'kind' && byTags)
    if (isSpelled || decisions.every(one => !named.has(one.version.id) || !stays(one)))
      return { input: 'keep-rule', rule, field, byTags }
  }
  return undefined
}

/** The last tagged version stays whatever the rules say, because GitHub does not delete it. */
function stays({ verdict, reasons }: Decision): boolean {
  return verdict === 'keep' && reasons.some(({ code }) => code !== 'last-tagged')
}

/** A rule that takes every tagged version but what is younger than a day or less, and the last. */
function unlimitedRule({ decisions }: Plan, policy: Policy): Brake | undefined {
  const [first] = unlimitedRules(policy)
  if (first === undefined || policy.grace > DAY || policy.deletionsPerRun !== undefined) return undefined
  const tagged = decisions.filter(({ version }) => version.tags.length > 0)
  const isKept = (reason: Reason): boolean => isWanted(reason) || reason.code === 'no-rule'
  if (tagged.some(({ verdict, reasons }) => verdict === 'keep' && reasons.some(isKept))) return undefined
  const going = tagged.filter(({ verdict }) => verdict === 'delete').length
  return { input: 'unlimited', rule: first.name, going }
}

function warningsOf(governed: readonly Governed[], { patterns, rules }: Slips): string[] {
  const runs = governed.map(({ task }) => task.run)
  const losing = runs.filter(({ plan }) => plan?.steps.some(step => tagsTaken(step).includes('latest')))
  return [
    ...patterns.filter(hits => !holdsAny(hits, runs)).map(unmatchedPhrase),
    ...idleRules(runs, rules),
    ...losing.map(({ package: { name } }) => `${name}: ${LATEST}`),
    ...unlimited(governed)
  ]
}

const LATEST =
  'the tag `latest` is among the tags to be deleted. If images are pulled by it, add `latest` to `keep-tags`.'

/** Whether a pattern holds a package, which is told as its brake. */
function holdsAny({ rule, pattern }: PatternHits, runs: readonly PackageRun[]): boolean {
  return runs.some(({ plan }) =>
    plan?.brakes.some(
      brake => brake.input === 'keep-pattern' && brake.rule === rule && brake.pattern === pattern
    )
  )
}

/** Keep rules that keep nothing, where something goes that they name. */
function idleRules(runs: readonly PackageRun[], idle: ReadonlySet<string>): string[] {
  return runs.flatMap(({ package: { name }, plan }) => {
    const going = (plan?.steps ?? []).flatMap(step => (step.action === 'delete' ? [step.version] : []))
    return (plan?.keeps ?? []).flatMap(({ rule, written, idle: why }) => {
      if (why === undefined || !idle.has(written)) return []
      const named = new Set(why.named)
      const lost = going.filter(({ id }) => named.has(id))
      return lost.length === 0 ? [] : [`${name}: ${idleKeepPhrase(rule, why, lost)}`]
    })
  })
}

/** A policy that deletes whatever is tagged, with nothing that would stop it but the age. */
function unlimited(governed: readonly Governed[]): string[] {
  const names = governed
    .filter(
      ({ task: { run }, policy }) =>
        (run.plan?.steps ?? []).some(takesTags) && unlimitedRules(policy).length > 0 && !usageKeeps(run)
    )
    .map(({ task }) => task.run.package.name)
  const [first] = names
  if (first === undefined) return []
  const more = names.length === 1 ? '' : ` and ${names.length - 1} more`
  return [
    `Only \`grace\` limits what is deleted from ${first}${more}: no rule keeps anything, and there is no brake. Set ` +
      '`keep-tags`, `keep-at-least` or `max-deletions`.'
  ]
}

/** The rules of a policy without keep rules and brakes that delete all that is tagged. */
function unlimitedRules(policy: Policy): Rule[] {
  const { rules, minRemaining, maxDeletions, maxDeletionPercent } = policy
  if (rules.some(({ action }) => action === 'keep')) return []
  if ([minRemaining, maxDeletions, maxDeletionPercent].some(limit => limit !== undefined)) return []
  return catchAllRules(policy).filter(
    ({ keep, match }) =>
      (keep.atLeast ?? 0) === 0 &&
      keep.within === undefined &&
      keep.periods.size === 0 &&
      match.olderThan === undefined &&
      match.kinds === undefined &&
      !match.tags?.sources.some(source => source.startsWith('!'))
  )
}

function usageKeeps({ plan }: PackageRun): boolean {
  return (plan?.decisions ?? []).some(
    decision => decision.verdict === 'keep' && decision.reasons.some(({ code }) => code === 'in-use')
  )
}

function takesTags(step: Step): boolean {
  return tagsTaken(step).length > 0
}

function tagsTaken(step: Step): readonly string[] {
  if (step.action === 'untag') return [step.tag]
  return step.action === 'delete' ? step.version.tags : []
}
