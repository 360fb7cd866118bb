import type { Inputs } from '../config/inputs.ts'
import { unmatchedPackages, whyNoPackage } from '../config/package-advice.ts'
import type { PackageSelection } from '../config/package-selection.ts'
import type { Policies } from '../config/policies.ts'
import type { Context } from '../context.ts'
import type { Failure } from '../errors.ts'
import { type ChosenPackages, choosePackages } from '../inventory/select-packages.ts'
import { some } from '../util/format.ts'

/** Which packages a run is about. */
export interface Choice extends Omit<ChosenPackages, 'listed'> {
  /** Patterns that match none, where others do: a sentence. */
  readonly unmatched: readonly string[]
  /** Why a run is about no package at all: a sentence; absent where there are some. */
  readonly why: { readonly noMatch?: string }
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
    return {
      chosen,
      absent,
      unmatched: [],
      why: { noMatch: whyNoPackage(selection, listed?.names ?? [], place) }
    }
  const told = await toldTogether(chosen, context)
  if (listed === undefined || listed.idle.length === 0)
    return { chosen: told, absent, unmatched: [], why: {} }
  const excluded = selection.patterns.filter(pattern => pattern.startsWith('!'))
  const unmatched = [unmatchedPackages([...listed.idle, ...excluded], listed.names, place)]
  return { chosen: told, absent, unmatched, why: {} }
}

/**
 * Finds those of them that the policy says something about, each with that. The others are left alone, which is told
 * unless the policy itself selects the packages: its patterns mean no more than they match.
 *
 * @returns besides, `all` that are there, the others too
 */
export async function chooseGoverned(
  selection: PackageSelection,
  inputs: Inputs,
  context: Context,
  { policyOf }: Policies
) {
  const choice = await choose(selection, inputs, context)
  const all = choice.chosen.map(({ pkg }) => pkg)
  const chosen = choice.chosen.flatMap(one => {
    const policy = policyOf(one.pkg.name)
    return policy === undefined ? [] : [{ ...one, policy }]
  })
  const others = all.map(({ name }) => name).filter(name => policyOf(name) === undefined)
  const isTold = others.length > 0 && inputs.packagesGiven
  return {
    ...choice,
    why: all.length > 0 ? { noMatch: NOT_IN_POLICY } : choice.why,
    all,
    chosen,
    unmatched: [...choice.unmatched, ...(isTold ? [leftAlone(others)] : [])]
  }
}

const NOT_IN_POLICY = 'The policy has no entry for a package of this run, so nothing was done.'

function leftAlone(names: readonly string[]): string {
  return (
    `No entry of the policy matches ${some(names, 10)}, so ${names.length === 1 ? 'it is' : 'they are'} left alone. ` +
    'Add an entry for what this run is about, or take it out of `packages`.'
  )
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
