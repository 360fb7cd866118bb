import { deletions } from '../../apply/applier.ts'
import type { PackageTask } from '../../apply/apply.ts'
import { selectedOf } from '../../config/earlier-run.ts'
import { type DeclaredInputs, isDefault, nameOf } from '../../config/input-table.ts'
import { entriesOf, type PackageSelection } from '../../config/package-selection.ts'
import type { Policies } from '../../config/policies.ts'
import { ExpectedError } from '../../errors.ts'
import type { LoadedPackage } from '../../inventory/load.ts'
import { type Decision, type Plan, ROLES } from '../../model/decision.ts'
import type { Inventory } from '../../model/package.ts'
import { type Policy, policyHash } from '../../policy/rule.ts'
import { type Application, type Approved, applyApproved } from '../../policy/saved-plan.ts'
import { versionOf } from '../../report/deleted-by.ts'
import { isOfPlan, phrase } from '../../report/phrases.ts'
import type { PackageRecord, RunRecord } from '../../report/record.ts'
import { code, count, some } from '../../util/format.ts'
import { grouped } from '../../util/grouped.ts'
import { VERSION } from '../../util/version.ts'

/** What a dry run planned and somebody approved. */
export interface Approval {
  /** By name; packages that the dry run did not reach are not among them. */
  readonly packages: ReadonlyMap<string, Approved>
  /** Sentences. */
  readonly warnings: readonly string[]
}

/**
 * Reads the plan that is to be applied.
 *
 * @param policyOf what this run says about packages; where it says nothing but brakes, the plan stands for itself
 * @throws ExpectedError when it is no plan, or one for another package or policy
 */
export function readApproval(
  record: RunRecord,
  inputs: DeclaredInputs,
  { packages, policyOf }: Pick<Policies, 'packages' | 'policyOf'>
): Approval {
  refuseUnfit(record)
  const { selected, others } = selectedOf(record, packages)
  refuseOthers(selected, others, packages)
  const decided = selected.filter(one => one.policy !== undefined)
  const undecided = selected.filter(one => one.policy === undefined).map(({ name }) => name)
  if (decided.length === 0) {
    throw new ExpectedError(
      `The dry run in \`plan\` ended before it decided on anything. ${record.finished?.incomplete ?? ''} Make another plan.`
    )
  }
  refuseChanged(decided, record.run.version, inputs, policyOf)
  return {
    packages: new Map(decided.map(one => [one.name, approvedOf(one)])),
    warnings:
      undecided.length === 0
        ? []
        : [
            `The dry run in \`plan\` ended before it decided on ${some(undecided, 10)}, so nothing of ` +
              `${undecided.length === 1 ? 'it' : 'them'} is deleted. Make another plan for the rest.`
          ]
  }
}

/** Refuses a plan that covers other packages than this run is about. */
function refuseOthers(
  selected: readonly PackageRecord[],
  others: readonly PackageRecord[],
  packages: PackageSelection
): void {
  const planned = [...selected, ...others].map(({ name }) => name)
  const asked = some(entriesOf(packages), 10)
  if (others.length > 0) {
    throw new ExpectedError(
      `The plan covers ${some(planned, 10)}, and this run is about ${asked}${selected.length > 0 ? ' only' : ''}. Write the ` +
        'same `packages` as in the run that made the plan, or make a new plan.'
    )
  }
  if (packages.patterns.length > 0) return
  const unplanned = packages.names.filter(
    name => !planned.includes(name) && packages.optional?.includes(name) !== true
  )
  if (unplanned.length === 0) return
  const out = some(unplanned, 10)
  throw new ExpectedError(
    `The plan covers only ${some(planned, 10) || 'no package'}, and this run is about ${asked}. Leave ${out} out of \`packages\`, ` +
      'or make a new plan.'
  )
}

function refuseChanged(
  decided: readonly PackageRecord[],
  version: string,
  inputs: DeclaredInputs,
  policyOf: Policies['policyOf']
): void {
  const changed = decided.flatMap(({ name, policy: planned }) => {
    const policy = policyOf(name)
    if (policy !== undefined && planned === policyHash(policy)) return []
    const repeats = policy === undefined || policy.rules.length > 0 ? ['the policy'] : idle(policy, inputs)
    return repeats.length === 0 ? [] : [{ name, repeats }]
  })
  if (changed.length === 0) return
  const repeats = [...new Set(changed.flatMap(one => one.repeats))]
  const names = some(
    changed.map(({ name }) => name),
    10
  )
  const why =
    version === VERSION
      ? 'has changed since the plan was made'
      : `is not that of the plan, which was made by ghcr-steward ${version}: either it has changed, or this version, ` +
        `${VERSION}, reads it differently`
  throw new ExpectedError(
    `The policy for ${names} ${why}. Make a new plan, or leave out ${some(repeats, 10)} to apply the plan as it is.`
  )
}

/** What decides on versions and is no brake, so that it does nothing to a plan. */
const IDLE = [
  'keepAtLeast',
  'keepUntagged',
  'olderThan',
  'untag',
  'grace',
  'rankBy',
  'ageFrom',
  'deletionsPerRun'
] as const

/** The names of such inputs, or keys of the policy, that somebody set where no rule is repeated. */
function idle({ grace, ageFrom, deletionsPerRun }: Policy, inputs: DeclaredInputs): string[] {
  const set = { ...inputs, grace, ageFrom, deletionsPerRun }
  return IDLE.filter(key => !isDefault(key, set[key])).map(key => code(nameOf(key)))
}

function refuseUnfit({ run, finished, packages }: RunRecord): void {
  const refuse = (why: string): never => {
    throw new ExpectedError(`The report in \`plan\` ${why}. Give the report of a dry run of mode \`retain\`.`)
  }
  if (run.mode !== 'retain') refuse(`is of a run of mode \`${run.mode}\``)
  if (!run.dryRun) refuse('is of a real run, which has already done what it planned')
  if (finished === undefined) refuse('is of a run that was killed')
  else if (finished.failures.length > 0) refuse(`is of a run that failed (${finished.failures[0]})`)
  // What it skipped stands among its steps as well.
  if (packages.some(({ versions }) => versions.some(({ reasons }) => reasons.some(isOfPlan)))) {
    throw new ExpectedError(
      'The report in `plan` is of a dry run that applied a plan itself. Give the report of the run that made that plan.'
    )
  }
}

function approvedOf({ versions, steps, broken }: PackageRecord): Approved {
  const states = new Map(broken.map(({ id, state }) => [id, state]))
  const isOnlyBroken = ({ verdict, reasons }: PackageRecord['versions'][number]): boolean =>
    // Which rule strips a tag is in no report, so any state of what is stripped may be the reason.
    verdict === 'keep' || reasons.every(({ code }) => code === 'broken')
  return {
    versions: new Map(
      versions.map(row => [
        row.id,
        {
          version: versionOf(row),
          why: row.phrase.replace(/^(?:kept|deleted): /, ''),
          role: ROLES.find(role => row.reasons.some(reason => reason['role'] === role)),
          brokenAs: isOnlyBroken(row) ? states.get(row.id) : undefined
        }
      ])
    ),
    deletions: new Set(steps.flatMap(({ action, id }) => (action === 'delete' ? [id] : []))),
    strips: grouped(steps.flatMap(step => (step.action === 'untag' ? [[step.id, step.tag] as const] : [])))
  }
}

/**
 * One package's part of an approved plan, as far as it still holds.
 *
 * @param fresh what the inputs of this run decide today: what they keep now stays, too
 */
export function applyTo(inventory: Inventory, approved: Approved, fresh: Plan, policy: Policy): Application {
  return applyApproved(inventory, approved, keptNow(fresh, policy, approved), policy)
}

/** What a run does that applies it. */
export function appliedTask(
  loaded: LoadedPackage,
  approved: Approved,
  { plan, skipped }: Application,
  policy: Policy
): PackageTask {
  const { inventory } = loaded
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
        gone === 0 ? [] : [`${count(gone, 'version')} of the plan ${gone === 1 ? 'is' : 'are'} already gone.`]
    },
    changes: deletions(plan, loaded),
    deferred: false,
    settled: new Map([...skipped].map(([id, detail]) => [id, { status: 'skipped', detail }]))
  }
}

/** What stays by today's rules; where there are none, what is in use. A version that is to lose tags by them as well stays without these. */
function keptNow(
  { decisions }: Plan,
  { rules }: Policy,
  { deletions, strips }: Approved
): ReadonlyMap<number, string> {
  const reasonOf = (decision: Decision) => {
    if (decision.verdict !== 'keep') return undefined
    const { version, reasons, untag } = decision
    const approved = deletions.has(version.id) ? undefined : strips.get(version.id)
    if (approved?.every(tag => untag.includes(tag)) === true) return undefined
    return rules.length > 0 ? reasons[0] : reasons.find(({ code }) => code === 'in-use')
  }
  return new Map(
    decisions.flatMap(decision => {
      const reason = reasonOf(decision)
      return reason === undefined ? [] : [[decision.version.id, `it is kept now: ${phrase(reason)}`] as const]
    })
  )
}
