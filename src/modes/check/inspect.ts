import type { Context } from '../../context.ts'
import { type Failure, orFailure } from '../../errors.ts'
import { isDenied, type SelectedPackage, SIDE_BY_SIDE } from '../../inventory/select-packages.ts'
import type { TagCheck } from '../../model/check.ts'
import { inOtherCapitals, type Package, type PackageVersion } from '../../model/package.ts'
import type { PackageRun } from '../../model/run.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { eachOf } from '../../util/concurrency.ts'
import { faultsOf, nothingNamed } from './faults.ts'
import { checkImages, confirmMissing, isMissing, lookAgain } from './images.ts'
import type { Requirements } from './requirements.ts'

/** One package on its way through a check. */
export interface Inspected {
  readonly run: PackageRun
  readonly required: Requirements
  /** Every version as it was listed; empty where nothing could be listed. */
  readonly versions: readonly PackageVersion[]
  /** What is wrong besides what is missing: sentences. */
  readonly faults: readonly string[]
}

/**
 * Looks at one package: lists it, and reads the images that should be there. What cannot be seen is unreadable,
 * never absent.
 */
export async function inspect(
  { pkg, problem }: SelectedPackage,
  required: Requirements,
  context: Context
): Promise<Inspected> {
  if (problem !== undefined) {
    return (await isKnownToBeAbsent(pkg, context)) ? absent(pkg, required) : unseen(pkg, required, problem)
  }
  const seen = await orFailure(async () => {
    const { versions } = await context.packages.listVersions(pkg)
    const lookup = { ...context, pkg, versions }
    const checks = await confirmMissing(await checkImages(required, lookup), required, lookup)
    return { versions, checks, faults: await faultsOf(required, checks, lookup) }
  })
  if ('problem' in seen) return unseen(pkg, required, seen)
  const { versions, checks, faults } = seen
  const warnings = misspeltIn(checks, versions)
  return { run: { ...unplanned(pkg), checks, warnings }, required, versions, faults }
}

/** Tags that are not there, but in other capitals: sentences. */
function misspeltIn(checks: readonly TagCheck[], versions: readonly PackageVersion[]): string[] {
  const find = inOtherCapitals(versions)
  return checks.flatMap(({ state, images }) => {
    const [image = ''] = state === 'absent' ? images : []
    const tag = find(image)
    return tag === undefined
      ? []
      : [`There is no tag \`${image}\`, but there is \`${tag}\`: capital letters count.`]
  })
}

/**
 * Looks again for what is missing once the runs are known: a build may have ended in between, so its run is not under
 * way any more, and its image has arrived, or is whole by now.
 */
export async function withLatecomers(
  inspected: readonly Inspected[],
  context: Context
): Promise<Inspected[]> {
  return await eachOf(inspected, SIDE_BY_SIDE, async one => {
    const { run, required, versions } = one
    const { package: pkg, checks } = run
    if (checks === undefined) return one
    const seen = await orFailure(() => lookAgain(checks, required, { ...context, pkg, versions }))
    // What cannot be asked is as it was found before.
    return 'problem' in seen ? one : { ...one, run: { ...run, checks: seen } }
  })
}

/** True for a tag that the package lacks, as far as that is known. */
export function lacks({ checks = [] }: PackageRun, tag: string): boolean {
  return checks.some(check => check.tag === tag && isMissing(check))
}

/**
 * GitHub says the same of a package that does not exist and of one that the token may not see. Only who owns all
 * of them sees all of them, and the registry has to agree.
 */
async function isKnownToBeAbsent(pkg: Package, context: Context): Promise<boolean> {
  if (pkg.owner.kind !== 'self') return false
  const listed = await orFailure(() => context.packages.list())
  if ('problem' in listed || listed.some(({ name }) => name === pkg.name)) return false
  return isDenied(pkg, context)
}

function absent(pkg: Package, required: Requirements): Inspected {
  const checks = required.expected.map(one => untold(one, 'absent'))
  const warnings = [`The package ${pkg.name} does not exist yet, so every image of it is missing.`]
  const faults = nothingNamed(pkg.name, required.named)
  return { run: { ...unplanned(pkg), checks, warnings }, required, versions: [], faults }
}

function unseen(pkg: Package, required: Requirements, { problem, sentence }: Failure): Inspected {
  const base = { required, versions: [], faults: [] }
  if (problem === 'left') {
    const warnings = [`${pkg.name} was not looked at. ${sentence}`]
    return { ...base, run: { ...unplanned(pkg), warnings, left: sentence } }
  }
  const cause = 'the package could not be read'
  const checks = required.expected.map(one => ({ ...untold(one, 'unreadable'), cause }))
  return { ...base, run: { ...unplanned(pkg), checks, error: sentence, warnings: [] } }
}

const unplanned = (pkg: Package) => ({ package: pkg, plan: undefined, outcomes: [] })

/** The check of a tag of which nothing more is known. */
export const untold = ({ name, images }: Expected, state: TagCheck['state']): TagCheck => ({
  tag: name,
  images,
  state,
  lacks: []
})
