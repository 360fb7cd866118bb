import { deletions } from '../../apply/applier.ts'
import type { PackageTask } from '../../apply/apply.ts'
import { readReport, selectedOf } from '../../config/earlier-run.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Policies } from '../../config/policies.ts'
import type { Context } from '../../context.ts'
import { ExpectedError } from '../../errors.ts'
import type { LoadedPackage } from '../../inventory/load.ts'
import type { Decision, Plan } from '../../model/decision.ts'
import { policyHash } from '../../policy/hash.ts'
import type { Policy } from '../../policy/rule.ts'
import { type Approved, applyApproved } from '../../policy/saved-plan.ts'
import { versionOf } from '../../report/deleted-by.ts'
import { count, phrase, some } from '../../report/phrases.ts'
import type { PackageRecord, RunRecord } from '../../report/record.ts'

/** What a dry run planned and somebody approved, by package. */
export type Approval = ReadonlyMap<string, Approved>

/**
 * Reads the plan that is to be applied.
 *
 * @param policyOf what this run says of packages; where it says nothing, the plan stands for itself
 * @throws ExpectedError when it is no plan, or one for another owner, package or policy
 */
export function readApproval(
  path: string,
  inputs: Inputs,
  { packages, policyOf }: Pick<Policies, 'packages' | 'policyOf'>
): Approval {
  const record = readReport(path, 'plan', inputs)
  refuseUnfit(record)
  const { selected, others } = selectedOf(record, packages)
  if (others.length > 0) {
    const names = others.map(({ name }) => name)
    throw new ExpectedError(
      `The plan is for ${some(names, 10)} as well, and \`packages\` does not name ${names.length === 1 ? 'it' : 'them'}. ` +
        'Give the same `packages` as the run that made the plan.'
    )
  }
  const unplanned = packages.names.filter(name => !selected.some(one => one.name === name))
  if (packages.patterns.length === 0 && unplanned.length > 0) {
    throw new ExpectedError(`The plan is not for ${some(unplanned, 10)}, which \`packages\` names.`)
  }
  const changed = selected.filter(one => {
    const policy = policyOf(one.name)
    return policy === undefined || (policy.rules.length > 0 && one.policy !== policyHash(policy))
  })
  if (changed.length > 0) {
    throw new ExpectedError(
      `The policy for ${some(
        changed.map(({ name }) => name),
        10
      )} has changed since the plan was made. Make a new plan; ` +
        'or leave the inputs of the policy out, and the plan is applied as it is.'
    )
  }
  return new Map(selected.map(one => [one.name, approvedOf(one)]))
}

function refuseUnfit({ run, finished }: RunRecord): void {
  const refuse = (why: string): never => {
    throw new ExpectedError(`The report in \`plan\` ${why}. Give the report of a dry run of mode \`retain\`.`)
  }
  if (run.mode !== 'retain') refuse(`is of a run of mode \`${run.mode}\``)
  if (!run.dryRun) refuse('is of a real run, which has done already what it planned')
  if (finished === undefined) refuse('is of a run that was killed')
  else if (finished.failures.length > 0) refuse(`is of a run that failed (${finished.failures[0]})`)
}

function approvedOf({ versions, steps }: PackageRecord): Approved {
  const strips = new Map<number, string[]>()
  for (const step of steps) {
    if (step.action === 'untag') strips.set(step.id, [...(strips.get(step.id) ?? []), step.tag])
  }
  return {
    versions: new Map(
      versions.map(row => [
        row.id,
        { version: versionOf(row), why: row.phrase.replace(/^(?:kept|deleted): /, '') }
      ])
    ),
    deletions: new Set(steps.flatMap(({ action, id }) => (action === 'delete' ? [id] : []))),
    strips
  }
}

/**
 * One package's part of an approved plan, as far as it still holds.
 *
 * @param fresh what the inputs of this run decide today: what they keep now stays, too
 */
export function applyTo(
  loaded: LoadedPackage,
  approved: Approved,
  fresh: Plan,
  policy: Policy,
  context: Context
): PackageTask {
  const { inventory } = loaded
  const { plan, skipped } = applyApproved(inventory, approved, keptNow(fresh, policy))
  const there = new Set(inventory.versions.map(({ id }) => id))
  const gone = [...approved.deletions].filter(id => !there.has(id)).length
  return {
    run: {
      package: inventory.package,
      plan,
      outcomes: [],
      policy: policyHash(policy),
      reads: loaded.reads,
      warnings:
        gone === 0 ? [] : [`${count(gone, 'version')} of the plan ${gone === 1 ? 'is' : 'are'} gone already.`]
    },
    changes: deletions(plan, loaded, context),
    deferred: false,
    settled: new Map([...skipped].map(([id, detail]) => [id, { status: 'skipped', detail }]))
  }
}

/** What stays by today's rules; where there are none, what is in use. */
function keptNow({ decisions }: Plan, { rules }: Policy): ReadonlyMap<number, string> {
  const reasonOf = (decision: Decision) => {
    if (decision.verdict !== 'keep') return undefined
    return rules.length > 0 ? decision.reasons[0] : decision.reasons.find(({ code }) => code === 'in-use')
  }
  return new Map(
    decisions.flatMap(decision => {
      const reason = reasonOf(decision)
      return reason === undefined ? [] : [[decision.version.id, `it is kept now: ${phrase(reason)}`] as const]
    })
  )
}
