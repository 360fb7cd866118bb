import { selectedOf } from '../../config/earlier-run.ts'
import type { RestoreInput } from '../../config/fields/undo-fields.ts'
import type { Inputs } from '../../config/inputs.ts'
import { ExpectedError } from '../../errors.ts'
import { takenAway } from '../../report/deleted-by.ts'
import type { RunRecord } from '../../report/record.ts'
import { some } from '../../util/format.ts'
import { type PackageState, planOfNames, planOfReport, planOfTime, type RestorePlan } from './restore-plan.ts'

/** What is to come back to one package. */
export interface Order {
  readonly name: string
  /** True when the package itself was deleted, or is asked for. */
  readonly wholePackage: boolean
  /** What tells what is meant: with `since` nothing but GitHub's list of deleted versions. */
  readonly source: RestoreInput['source']
  planFor(state: PackageState): RestorePlan
}

/**
 * What the input `restore` asks for, an order for each package.
 *
 * @param record the report that it names; undefined where it names none
 * @param now milliseconds since 1970
 * @throws ExpectedError when the report undoes nothing, or is about other packages
 */
export function ordersOf(inputs: Inputs, record: RunRecord | undefined, now: number): Order[] {
  const { restore: given } = inputs
  if (given === undefined) throw new Error('mode restore without the input restore')
  if (given.source === 'since') {
    const planFor = (state: PackageState): RestorePlan => planOfTime(now - given.age, state)
    return inputs.packages.names.map(each => ({ name: each, wholePackage: false, source: 'since', planFor }))
  }
  if (given.source === 'names') {
    const { names, wholePackage } = given
    const [name = ''] = inputs.packages.names
    return [{ name, wholePackage, source: 'names', planFor: state => planOfNames(names, state) }]
  }
  if (record === undefined) throw new Error('mode restore without the report that it undoes')
  const { mode, dryRun, started } = record.run
  if (dryRun || (mode !== 'retain' && mode !== 'purge')) {
    throw new ExpectedError(
      `The report in \`restore\` is of a ${dryRun ? 'dry run' : `run of mode \`${mode}\``}, which deleted nothing: give ` +
        'the report of the run that did.'
    )
  }
  const { selected, others } = inputs.packagesGiven
    ? selectedOf(record, inputs.packages)
    : { selected: record.packages, others: [] }
  if (selected.length === 0) {
    throw new ExpectedError(
      `The report in \`restore\` is about ${
        some(
          others.map(one => one.name),
          10
        ) || 'no package'
      }, and \`packages\` names none of them. Name the packages to restore.`
    )
  }
  return selected.map(one => {
    const taken = takenAway(record, one)
    const plan = planOfReport(taken, Date.parse(started))
    const nothing = planOfReport({ ...taken, deletions: [], stripped: [] }, Date.parse(started))
    const ids = new Set(one.versions.map(({ id }) => id))
    // Where a package is there whose deletion nobody confirmed, it did not go, and what went of it since others deleted.
    const isLeft = ({ active }: PackageState): boolean =>
      taken.wholePackage && !taken.isSure && active.some(({ id }) => ids.has(id))
    return {
      name: one.name,
      wholePackage: taken.wholePackage,
      source: 'report',
      planFor: state => (isLeft(state) ? nothing : plan)
    }
  })
}

/** True for an order by report that undoes nothing: such a report says all of it, whatever there is. */
export function isEmpty({ wholePackage, planFor }: Order): boolean {
  const { steps, tags } = planFor({ active: [], deleted: [] })
  return !wholePackage && steps.length + tags.size === 0
}

/** A name that nobody wrote, or that only a request which changes something could prove, is rather misspelt than deleted. */
export function isSlip({ source, wholePackage }: Order, { packagesGiven, dryRun }: Inputs): boolean {
  return source !== 'report' && (!packagesGiven || (dryRun && !wholePackage))
}
