import type { Packages } from '../github/packages.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import type { LoadedPackage } from './load.ts'

/**
 * The newest versions of GitHub's list: its first page, or all where its order tells nothing.
 *
 * @throws BudgetError when there is no room for it, and ExpectedError when GitHub does not answer
 */
export async function newestOf(
  pkg: Package,
  { newestFirst }: LoadedPackage['listing'],
  packages: Packages
): Promise<readonly PackageVersion[]> {
  return newestFirst ? (await packages.page(pkg, 1)).seen : (await packages.listVersions(pkg)).versions
}
