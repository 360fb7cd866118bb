import type { PackageTask } from '../../apply/apply.ts'
import type { PatternHits, Plan, Step } from '../../model/decision.ts'
import type { PackageRun } from '../../model/run.ts'
import type { Policy, Rule } from '../../policy/rule.ts'
import { catchAllRules } from '../../policy/rule.ts'
import { isProtective, unmatchedPhrase } from '../../report/phrases.ts'
import { unmatched } from '../../report/tally.ts'

/** A package with its plan, and the policy that decided on it. */
export interface Governed {
  readonly task: PackageTask
  readonly policy: Policy
}

/**
 * Holds the plans that rest on a slip of the pen: a pattern that is there to keep tags matches none in any package
 * of the run, and a rule of the same policy deletes whatever is tagged. Like any brake it holds a dry run too.
 *
 * @returns all of them, those that are held with a brake in place of their steps
 */
export function holdIdlePatterns(governed: readonly Governed[]): Governed[] {
  const idle = unmatched(governed.map(({ task }) => task.run)).filter(isProtective)
  return governed.map(one => {
    const { plan } = one.task.run
    const guard = idle.find(({ rule, pattern }) =>
      plan?.hits.some(hits => hits.rule === rule && hits.pattern === pattern)
    )
    if (plan === undefined || guard === undefined || !endangers(plan, one.policy)) return one
    const { rule, pattern } = guard
    const brakes: Plan['brakes'] = [{ input: 'keep-pattern', rule, pattern }]
    const run = { ...one.task.run, plan: { ...plan, steps: [], left: 0, brakes } }
    return { ...one, task: { ...one.task, run } }
  })
}

function endangers({ steps }: Plan, policy: Policy): boolean {
  return steps.some(step => takesTag(step)) && catchAllRules(policy).length > 0
}

/** What must be said while it can still be stopped: sentences, for the log before the first DELETE. */
export function forewarnings(governed: readonly Governed[]): string[] {
  const runs = governed.map(({ task }) => task.run)
  return [
    ...idlePatterns(runs).map(unmatchedPhrase),
    ...governed.flatMap(({ task: { run } }) =>
      (run.plan?.steps ?? []).some(step => takesTag(step, 'latest'))
        ? [
            `${run.package.name}: the tag \`latest\` is among the tags to be deleted. If images are pulled by it, add \`latest\` to \`keep-tags\`.`
          ]
        : []
    ),
    ...unlimited(governed)
  ]
}

/** Patterns that keep nothing; what holds a package is told as its brake. */
function idlePatterns(runs: readonly PackageRun[]): PatternHits[] {
  const brakes = runs.flatMap(run => run.plan?.brakes ?? [])
  const holds = ({ rule, pattern }: PatternHits) =>
    brakes.some(brake => brake.input === 'keep-pattern' && brake.rule === rule && brake.pattern === pattern)
  return unmatched(runs).filter(hits => isProtective(hits) && !holds(hits))
}

/** A policy that deletes whatever is tagged, with nothing that would stop it but the age. */
function unlimited(governed: readonly Governed[]): string[] {
  const names = governed
    .filter(
      ({ task: { run }, policy }) =>
        (run.plan?.steps ?? []).some(step => takesTag(step)) && isUnlimited(policy) && !usageKeeps(run)
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

function isUnlimited(policy: Policy): boolean {
  const { rules, minRemaining, maxDeletions, maxDeletionPercent } = policy
  const isWhole = ({ keep, match }: Rule) =>
    (keep.atLeast ?? 0) === 0 &&
    keep.within === undefined &&
    keep.periods.size === 0 &&
    !match.tags?.sources.some(source => source.startsWith('!'))
  return (
    catchAllRules(policy).some(isWhole) &&
    rules.every(({ action }) => action === 'delete') &&
    [minRemaining, maxDeletions, maxDeletionPercent].every(limit => limit === undefined)
  )
}

function usageKeeps({ plan }: PackageRun): boolean {
  return (plan?.decisions ?? []).some(
    decision => decision.verdict === 'keep' && decision.reasons.some(({ code }) => code === 'in-use')
  )
}

function takesTag(step: Step, tag?: string): boolean {
  if (step.action === 'untag') return tag === undefined || step.tag === tag
  return (
    step.action === 'delete' &&
    (tag === undefined ? step.version.tags.length > 0 : step.version.tags.includes(tag))
  )
}
