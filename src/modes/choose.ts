import type { Inputs } from '../config/inputs.ts'
import { unmatchedPackages, whyNoPackage } from '../config/package-advice.ts'
import type { PackageSelection } from '../config/package-selection.ts'
import type { Context } from '../context.ts'
import type { Failure } from '../errors.ts'
import { type ChosenPackages, choosePackages } from '../inventory/select-packages.ts'

/** Which packages a run is about. */
export interface Choice extends Omit<ChosenPackages, 'listed'> {
  /** Patterns that match none, where others do: a sentence. */
  readonly unmatched: readonly string[]
  /** Why there is none: a sentence; absent where there are some. */
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
  const { chosen, absent, listed } = await choosePackages(selection, context)
  const place = { owner, repository, policy: !packagesGiven && policy !== undefined }
  if (chosen.length + absent.length === 0)
    return { chosen, absent, unmatched: [], noMatch: whyNoPackage(selection, listed?.names ?? [], place) }
  const told = await toldTogether(chosen, context)
  if (listed === undefined || listed.idle.length === 0) return { chosen: told, absent, unmatched: [] }
  const excluded = selection.patterns.filter(pattern => pattern.startsWith('!'))
  const unmatched = [unmatchedPackages([...listed.idle, ...excluded], listed.names, place)]
  return { chosen: told, absent, unmatched }
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
