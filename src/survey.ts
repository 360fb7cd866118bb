import { BudgetError, ExpectedError } from './errors.ts'
import type { Listing } from './github/listing.ts'
import { readInventory } from './inventory.ts'
import type { Inventory, Owner, Package } from './model/package.ts'
import type { PackageSelection } from './package-names.ts'
import { parsePatterns } from './policy/pattern.ts'
import { eachOf } from './pool.ts'
import type { Services } from './services.ts'

/** Everything that is in a package, and where the listing had it. */
export interface Surveyed {
  readonly inventory: Inventory
  readonly listing: Listing
}

/** Why a package could not be surveyed: `left` when there was no room for it, `failed` otherwise. */
export interface Unsurveyed {
  readonly problem: 'left' | 'failed'
  readonly sentence: string
}

export interface Chosen {
  readonly pkg: Package
  /** Why nothing but the name is known of it. */
  readonly problem?: Unsurveyed
}

/** How many packages are read side by side; their requests share one governor. */
export const SIDE_BY_SIDE = 4

/**
 * Finds the packages of a run. One that is named but cannot be seen is given back with the problem, so that
 * the others go on; patterns that match nothing give none.
 *
 * @throws ExpectedError when patterns were given and the token may not list packages
 */
export async function choosePackages(selection: PackageSelection, services: Services): Promise<Chosen[]> {
  const { packages, owner } = services
  const byName = (names: readonly string[]): Promise<Chosen[]> =>
    eachOf(names, SIDE_BY_SIDE, async name => {
      const found = await orProblem(() => packages.get(name))
      return 'problem' in found ? { pkg: nameOnly(owner, name), problem: found } : { pkg: found }
    })
  if (selection.patterns.length === 0) return byName(selection.names)
  const listed = await packages.list()
  const hits = parsePatterns(selection.patterns).scan(listed.map(pkg => pkg.name))
  const matched = listed.filter(pkg => hits.has(pkg.name)).map(pkg => ({ pkg }))
  // A name beside the patterns must exist like any other: a slip of the pen must not pass as "nothing to do".
  const unlisted = selection.names.filter(name => !listed.some(pkg => pkg.name === name))
  return [...matched, ...(await byName(unlisted))]
}

/** Lists a package completely and reads what its manifests need. */
export async function survey(pkg: Package, services: Services): Promise<Surveyed> {
  const { packages, registry, log } = services
  const listing = await packages.listVersions(pkg)
  const repository = repositoryOf(pkg)
  const inventory = await readInventory(
    pkg,
    listing.versions,
    digest => registry.readManifest(repository, digest),
    (done, total) => log.progress(`${pkg.name}: ${done} of about ${total} manifests read`)
  )
  return { inventory, listing }
}

/** The package's path in the registry. */
export function repositoryOf(pkg: Package): string {
  return `${pkg.owner.login}/${pkg.name}`.toLowerCase()
}

/** Runs `work`, turning failures that were foreseen into a sentence; a bug stays a bug. */
export async function orProblem<T extends object>(work: () => Promise<T>): Promise<T | Unsurveyed> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BudgetError) return { problem: 'left', sentence: error.message }
    if (error instanceof ExpectedError) return { problem: 'failed', sentence: error.message }
    throw error
  }
}

/** A package that GitHub did not show. */
function nameOnly(owner: Owner, name: string): Package {
  return { owner, name, visibility: 'unknown', versionCount: 0, url: '' }
}
