import type { Inputs } from '../config/inputs.ts'
import { whyNoPackage } from '../config/package-advice.ts'
import type { PackageSelection } from '../config/package-selection.ts'
import type { Context } from '../context.ts'
import { type Failure, orFailure } from '../errors.ts'
import { type ChosenPackages, choosePackages } from '../inventory/load.ts'

/** Which packages a run is about, and why there is none: a sentence; absent where there are some. */
export interface Choice extends ChosenPackages {
  readonly noMatch?: string
}

/** For a run about packages that are there, of which the policy has none. */
export const NOT_IN_POLICY: Pick<Choice, 'noMatch'> = {
  noMatch: 'The policy has no entry for a package of this run, so nothing was done.'
}

/** Finds the packages of a run as `choosePackages` does, and says of those that are not there what to do. */
export async function choose(
  selection: PackageSelection,
  { owner, repository, packagesGiven, policy }: Inputs,
  context: Context
): Promise<Choice> {
  const { chosen, absent } = await choosePackages(selection, context)
  if (chosen.length + absent.length > 0) return { chosen: await toldTogether(chosen, context), absent }
  const listed = await orFailure(() => context.packages.list())
  if ('problem' in listed) return { chosen, absent }
  const place = { owner, repository, policy: !packagesGiven && policy !== undefined }
  const names = listed.map(({ name }) => name)
  return { chosen, absent, noMatch: whyNoPackage(selection, names, place) }
}

/** Of several packages that GitHub does not find each gets the same sentence, which is then told once. */
export async function toldTogether<T extends { readonly pkg: { readonly name: string }; problem?: Failure }>(
  found: readonly T[],
  { packages }: Pick<Context, 'packages'>
): Promise<readonly T[]> {
  const isLost = ({ problem }: T): boolean => problem?.problem === 'absent'
  const lost = found.filter(isLost)
  if (lost.length < 2) return found
  const sentence = await packages.whyAbsent(lost.map(({ pkg }) => pkg.name))
  return found.map(one => (isLost(one) ? { ...one, problem: { problem: 'absent', sentence } } : one))
}
