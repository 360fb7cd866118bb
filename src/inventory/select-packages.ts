import type { PackageSelection } from '../config/package-selection.ts'
import type { Context } from '../context.ts'
import { type Failure, orFailure, orRefusal, RefusedError } from '../errors.ts'
import { listTwice } from '../github/lists.ts'
import type { Owner, Package } from '../model/package.ts'
import { parsePackagePatterns } from '../policy/pattern.ts'
import { eachOf } from '../util/concurrency.ts'
import { repositoryOf } from './load.ts'

export interface SelectedPackage {
  readonly pkg: Package
  /** Why nothing but the name is known of it. */
  readonly problem?: Failure
}

/** How many packages are read side by side; their requests share one governor. */
export const SIDE_BY_SIDE = 4

/** The packages of a run. */
export interface ChosenPackages {
  readonly chosen: readonly SelectedPackage[]
  /** Names of packages that GitHub does not find, and that need not exist. */
  readonly absent: readonly string[]
  /** What the token may list, and the patterns that match nothing of it; absent where there are no patterns. */
  readonly listed?: { readonly names: readonly string[]; readonly idle: readonly string[] }
}

/**
 * Finds the packages of a run. One that is named but cannot be seen is given back with the problem, so that
 * the others go on; patterns that match nothing give none.
 *
 * @throws ExpectedError when patterns were given and the token may not list packages
 */
export async function choosePackages(selection: PackageSelection, context: Context): Promise<ChosenPackages> {
  const { found, ...listed } = await findPackages(selection, context)
  const judged = await eachOf(found, SIDE_BY_SIDE, async one => ({
    one,
    absent: isExcused(one, selection) && (await isDenied(one.pkg, context))
  }))
  return {
    chosen: judged.flatMap(({ one, absent }) => (absent ? [] : [one])),
    absent: judged.flatMap(({ one, absent }) => (absent ? [one.pkg.name] : [])),
    ...listed
  }
}

function isExcused({ pkg, problem }: SelectedPackage, { optional = [] }: PackageSelection): boolean {
  return problem?.problem === 'absent' && optional.includes(pkg.name)
}

/**
 * Whether the registry, too, says that there is no such package, or that the token may not read it, which it says about
 * both. False where it cannot be asked.
 */
export async function isDenied(pkg: Package, { registry }: Context): Promise<boolean> {
  const list = await orRefusal(() => registry.listTags(repositoryOf(pkg)).catch(refused))
  if ('problem' in list) return false
  if (list.state === 'missing') return true
  return list.state === 'read' ? list.tags.length === 0 : list.refused === true
}

function refused(error: unknown): { readonly state: 'missing' } {
  if (error instanceof RefusedError) return { state: 'missing' }
  throw error
}

async function findPackages(
  selection: PackageSelection,
  context: Context
): Promise<{ readonly found: readonly SelectedPackage[] } & Pick<ChosenPackages, 'listed'>> {
  const { packages, owner, clock } = context
  const byName = (names: readonly string[]): Promise<SelectedPackage[]> =>
    eachOf(names, SIDE_BY_SIDE, async name => {
      const found = await orFailure(() => packages.get(name))
      return 'problem' in found ? { pkg: nameOnly(owner, name), problem: found } : { pkg: found }
    })
  if (selection.patterns.length === 0) return { found: await byName(selection.names) }
  const rows = await listTwice(packages.list, clock)
  const listed = [...new Map(rows.map(pkg => [pkg.name, pkg])).values()]
  const names = listed.map(pkg => pkg.name)
  const { matched: hits, counts } = parsePackagePatterns(selection.patterns).examine(names)
  const isMeant = (pkg: Package): boolean =>
    hits.has(pkg.name) && (!selection.linked || isSame(pkg.repository, context.repository.name))
  const matched = listed.filter(isMeant).map(pkg => ({ pkg }))
  // A name beside the patterns must exist like any other: a slip of the pen must not pass as "nothing to do".
  const unlisted = selection.names.filter(name => !listed.some(pkg => pkg.name === name))
  const idle = counts.filter(
    ({ pattern, hits }) => hits === 0 && !pattern.startsWith('!') && !selection.names.includes(pattern)
  )
  return {
    found: [...matched, ...(await byName(unlisted))],
    listed: { names, idle: idle.map(({ pattern }) => pattern) }
  }
}

/** Case does not count in the names of repositories. */
function isSame(repository: string | undefined, name: string): boolean {
  return repository?.toLowerCase() === name.toLowerCase()
}

/** A package that GitHub did not show. */
export function nameOnly(owner: Owner, name: string): Package {
  return { owner, name, visibility: 'unknown', versionCount: undefined, url: '' }
}
