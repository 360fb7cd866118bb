import { apply, notPlanned, type PackageTask, type PlannedTask } from '../../apply/apply.ts'
import type { Perform } from '../../apply/execute.ts'
import { restoringHands } from '../../apply/restore.ts'
import { packageRestorer } from '../../apply/whole-package.ts'
import { readReport, selectedOf } from '../../config/earlier-run.ts'
import type { Inputs } from '../../config/inputs.ts'
import type { Context } from '../../context.ts'
import { ExpectedError } from '../../errors.ts'
import { ANY_LAG } from '../../github/listing.ts'
import { nameOnly, orProblem, SIDE_BY_SIDE } from '../../inventory/load.ts'
import { emptyPlan } from '../../model/decision.ts'
import { shortDigest } from '../../model/digest.ts'
import type { RunResult } from '../../model/run.ts'
import { takenAway } from '../../report/deleted-by.ts'
import type { Journal } from '../../report/journal.ts'
import { nameOf, some } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import {
  type PackageState,
  type RestorePlan,
  settledSteps,
  wishOfNames,
  wishOfReport
} from './restore-plan.ts'
import { verify } from './verify-restore.ts'

/** What is to come back to one package. */
interface Order {
  readonly name: string
  /** True when the package itself may be gone. */
  readonly wholePackage: boolean
  wish(shelf: PackageState): RestorePlan
}

/** A package on its way back. */
interface Returning {
  readonly wish: RestorePlan
  /** What was there before; undefined when the package as a whole was gone. */
  readonly shelf: PackageState | undefined
}

/**
 * Undoes an earlier run, or brings back what is named: children before the index that names them, then a look
 * whether the images are whole and the tags where they belong.
 */
export async function restore(inputs: Inputs, context: Context): Promise<RunResult> {
  const started = context.clock.now()
  const returning = new Map<string, Returning>()
  const candidates = await eachOf(ordersOf(inputs), SIDE_BY_SIDE, order =>
    consider(order, context, returning)
  )
  const packageBack = new Map<string, ReturnType<typeof packageRestorer>>()
  const restorePackageOf = ({ run }: PlannedTask, journal: Journal) => {
    const { package: pkg } = run
    const restorer = packageBack.get(pkg.name) ?? packageRestorer(pkg, context, journal)
    packageBack.set(pkg.name, restorer)
    return restorer
  }
  return apply(
    candidates,
    {
      mode: 'restore',
      dryRun: inputs.dryRun,
      started,
      operations: (candidate, journal) => {
        const one = restoringHands(candidate.run.package, context, journal)
        const isGone = returningOf(candidate, returning).shelf === undefined
        return isGone ? afterPackage(restorePackageOf(candidate, journal), one, candidate, context) : one
      },
      afterwards: async (candidate, journal, report) => {
        const { wish, shelf } = returningOf(candidate, returning)
        if (shelf === undefined) {
          const { status, detail } = await restorePackageOf(candidate, journal)()
          if (status !== 'done') return { ...candidate, run: { ...candidate.run, alarms: [detail] } }
        }
        return verify(candidate, wish, shelf?.active ?? [], context, journal, report)
      }
    },
    context
  )
}

/** With the package come the versions that it had; those that were deleted before it are restored one by one. */
function afterPackage(
  restorePackage: ReturnType<typeof packageRestorer>,
  one: Perform,
  { run }: PlannedTask,
  { packages }: Context
): Perform {
  return async step => {
    const performed = await restorePackage()
    if (performed.status !== 'done') return { ...performed, status: 'failed' }
    const { seen } = await packages.version(run.package, step.version.id)
    return seen === undefined ? one(step) : performed
  }
}

function returningOf({ run }: PlannedTask, returning: ReadonlyMap<string, Returning>): Returning {
  const found = returning.get(run.package.name)
  if (found === undefined) throw new Error(`nothing is known of ${run.package.name}`)
  return found
}

/** @throws ExpectedError when the report undoes nothing, or is about other packages */
function ordersOf(inputs: Inputs): Order[] {
  const { restore: given } = inputs
  if (given === undefined) throw new Error('mode restore without the input restore')
  if (given.source === 'names') {
    const [name = ''] = inputs.packages.names
    const { names, wholePackage } = given
    return [{ name, wholePackage, wish: shelf => wishOfNames(names, shelf) }]
  }
  const record = readReport(given.path, 'restore', inputs)
  const { mode, dryRun, started } = record.run
  if (dryRun || (mode !== 'retain' && mode !== 'purge')) {
    throw new ExpectedError(
      `The report in \`restore\` is of a ${dryRun ? 'dry run' : `run of mode \`${mode}\``}, which deleted nothing: give ` +
        'the report of the run that did.'
    )
  }
  const { selected, others } = selectedOf(record, inputs.packages)
  if (selected.length === 0) {
    throw new ExpectedError(
      `The report in \`restore\` is about ${
        some(
          others.map(one => one.name),
          10
        ) || 'no package'
      }, and \`packages\` names none of them. Name what is to come back.`
    )
  }
  return selected.map(one => {
    const taken = takenAway(record, one)
    const wish = wishOfReport(taken, Date.parse(started))
    return { name: one.name, wholePackage: taken.wholePackage, wish: () => wish }
  })
}

/** Finds out what of an order is gone, and what comes back. */
async function consider(
  { name, wholePackage, wish: wishOf }: Order,
  context: Context,
  returning: Map<string, Returning>
): Promise<PackageTask> {
  const { packages, owner, clock } = context
  const found = await orProblem(() => packages.get(name))
  if ('problem' in found && !wholePackage) return notPlanned(nameOnly(owner, name), found)
  const pkg = 'problem' in found ? nameOnly(owner, name) : found
  const shelf = 'problem' in found ? undefined : await orProblem(() => shelfOf(found, context))
  if (shelf !== undefined && 'problem' in shelf) return notPlanned(pkg, shelf)
  const seen = shelf ?? { active: [], deleted: [] }
  const wish = wishOf(seen)
  if (wish.unknown.length > 0 && shelf !== undefined) {
    const sentence = `Nothing was restored, for ${some(wish.unknown, 5)} is neither there nor among what GitHub keeps for 30 days after its deletion.`
    return notPlanned(pkg, { problem: 'failed', sentence })
  }
  returning.set(name, { wish, shelf })
  const { steps, reason } = wish
  const plan = {
    ...emptyPlan(pkg),
    decisions: steps.map(({ version }) => ({
      verdict: 'restore' as const,
      version,
      reasons: [reason] as const
    })),
    steps
  }
  return {
    run: { package: pkg, plan, outcomes: [], warnings: [] },
    deferred: false,
    settled: shelf === undefined ? new Map() : settledSteps(wish, seen, clock.now()),
    warnings: [
      ...(shelf === undefined
        ? ['The package as a whole is gone: it comes back with all its versions.']
        : []),
      ...tagsElsewhere(wish, seen)
    ]
  }
}

async function shelfOf(pkg: PackageTask['run']['package'], { packages }: Context): Promise<PackageState> {
  const { versions } = await packages.listVersions(pkg, ANY_LAG)
  return { active: versions, deleted: await packages.listDeleted(pkg, () => false) }
}

/** Tags that somebody else has by now: they are not taken away. */
function tagsElsewhere({ tags }: RestorePlan, { active }: PackageState): string[] {
  return active.flatMap(holder =>
    holder.tags
      .filter(tag => (tags.get(tag)?.digest ?? holder.digest) !== holder.digest)
      .map(
        tag =>
          `The tag ${tag} stays on ${nameOf(holder)} (${shortDigest(holder.digest)}), where it was put since the deletion.`
      )
  )
}
