import type { Inputs } from '../config/inputs.ts'
import type { PackageSelection } from '../config/package-selection.ts'
import type { Policies } from '../config/policies.ts'
import type { Context } from '../context.ts'
import type { Failure } from '../errors.ts'
import { type ChosenPackages, choosePackages } from '../inventory/select-packages.ts'
import { parsePackagePatterns } from '../policy/pattern.ts'
import { code, count, some } from '../util/format.ts'

/** Which packages a run is about. */
export interface Choice extends Omit<ChosenPackages, 'listed'> {
  /** Patterns that match none, where others do: a sentence. */
  readonly unmatched: readonly string[]
  /** Why a run is about no package at all: a sentence; absent where there are some. */
  readonly why: { readonly noMatch?: string }
}

/** Finds the packages of a run as `choosePackages` does, and says of those that are not there what to do. */
export async function choose(selection: PackageSelection, inputs: Inputs, context: Context): Promise<Choice> {
  const { chosen, absent, listed } = await choosePackages(selection, context)
  const { names = [], idle = [] } = listed ?? {}
  if (chosen.length + absent.length === 0)
    return { chosen, absent, unmatched: [], why: { noMatch: whyNoPackage(selection, names, inputs) } }
  const excluded = selection.patterns.filter(pattern => pattern.startsWith('!'))
  return {
    chosen: await toldTogether(chosen, context),
    absent,
    unmatched: idle.length === 0 ? [] : [unmatchedPackages([...idle, ...excluded], names, inputs)],
    why: {}
  }
}

/**
 * Finds those of them that the policy says something about, each with that. The others are left alone, which is told
 * unless the policy itself selects the packages: its patterns mean no more than they match.
 *
 * @param selection where other packages than those of the policies are meant
 * @returns besides, `all` that are there, the others too
 */
export async function chooseGoverned(
  inputs: Inputs,
  context: Context,
  { policyOf, packages }: Policies,
  selection: PackageSelection = packages
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

/** How many patterns a sentence names. */
const MOST_NAMED = 5

/**
 * Why patterns match none of the packages that are there, and what to write instead: a sentence or two.
 *
 * @param names of all packages that the token may list
 */
function whyNoPackage(
  { patterns, linked }: PackageSelection,
  names: readonly string[],
  inputs: Inputs
): string {
  const { owner, repository } = inputs
  if (names.length === 0) return `This token sees no container package of ${owner}, so nothing was done.`
  // Who reads the log need not be allowed to know their names.
  const sees = `This token sees ${count(names.length, 'other package')}.`
  if (linked) return `No package of ${owner} is linked to the repository ${repository}. ${sees}`
  const told = unmatchedPackages(patterns, names, inputs)
  return acrossSlashes(patterns, names) === undefined ? `${told} ${sees}` : told
}

/** That these patterns match no package, and what to write instead: a sentence. */
function unmatchedPackages(
  patterns: readonly string[],
  names: readonly string[],
  { owner, policy, packagesGiven }: Inputs
): string {
  const found = acrossSlashes(patterns, names)
  const place = packagesGiven || policy === undefined ? 'in `packages`' : 'under `match` in the policy'
  const none = (written: string): string => `No package of ${owner} matches ${written} ${place}`
  if (found !== undefined) {
    const { pattern, wider, name } = found
    return `${none(code(pattern))}, because \`*\` does not match the slash in a name: write ${code(wider)}, which matches ${code(name)}.`
  }
  const wanted = patterns.filter(pattern => !pattern.startsWith('!'))
  return `${none(some(wanted.map(code), MOST_NAMED))}.`
}

/** The glob that would match a package if its `*` stood for slashes, too, and how that is written. */
function acrossSlashes(
  patterns: readonly string[],
  names: readonly string[]
): { pattern: string; wider: string; name: string } | undefined {
  const excluded = patterns.filter(pattern => pattern.startsWith('!'))
  for (const pattern of patterns) {
    if (!pattern.includes('*') || /^(?:!|\/|semver:)/.test(pattern)) continue
    for (const wider of widened(pattern)) {
      const [name] = parsePackagePatterns([wider, ...excluded])
        .scan(names)
        .keys()
      if (name !== undefined) return { pattern, wider, name }
    }
  }
  return undefined
}

/** `**` stands for slashes where it is all that is between two of them. */
function widened(glob: string): string[] {
  const whole = glob.replaceAll(/(?<=^|\/)\*(?=$|\/)/g, '**')
  return whole === glob ? [`${glob}/**`, `**/${glob}`, `**/${glob}/**`] : [whole]
}
