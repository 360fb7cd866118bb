import type { Context } from '../context.ts'
import type { Clock } from '../model/clock.ts'
import type { Digest } from '../model/digest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { repositoryOf } from './load.ts'

/** Pauses before looks at what should be gone, in milliseconds: what was deleted may show for a moment longer. */
const LOOKS = [0, 500, 1_500, 4_000]

/**
 * Whether a version is there although its DELETE was answered. What the registry denies at two looks in a
 * row is gone, and costs nothing of GitHub's quota; where it goes on serving a version, GitHub is asked as well.
 */
export async function isStillThere(
  pkg: Package,
  { id, digest }: PackageVersion,
  context: Context
): Promise<boolean> {
  const isGone = await deniedTwice(context.clock, async () => {
    if (await isDeniedOnce(pkg, digest, context)) return true
    return (await context.packages.version(pkg, id)).seen === undefined
  })
  return !isGone
}

/** Whether the registry denies a version of which GitHub says that it was gone before. */
export async function registryDenies(pkg: Package, digest: Digest, context: Context): Promise<boolean> {
  return deniedTwice(context.clock, () => isDeniedOnce(pkg, digest, context))
}

/** Whether GitHub denies a version, which the registry may do with one that was deleted in vain. */
export async function gitHubDenies(pkg: Package, id: number, { packages, clock }: Context): Promise<boolean> {
  return deniedTwice(clock, async () => (await packages.version(pkg, id)).seen === undefined)
}

async function isDeniedOnce(pkg: Package, digest: Digest, { registry }: Context): Promise<boolean> {
  return (await registry.headTag(repositoryOf(pkg), digest)).state === 'missing'
}

/** One denial may be a slip of one server of many, so it takes two looks in a row. */
async function deniedTwice(clock: Clock, isDenied: () => Promise<boolean>): Promise<boolean> {
  let denials = 0
  for (const pause of LOOKS) {
    if (pause > 0) await clock.sleep(pause)
    denials = (await isDenied()) ? denials + 1 : 0
    if (denials === 2) return true
  }
  return false
}
