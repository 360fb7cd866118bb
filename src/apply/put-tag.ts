import { ExpectedError } from '../errors.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { tagEntry } from '../report/record-build.ts'
import type { ApplyContext } from './apply.ts'
import { ownershipOf } from './tag-holders.ts'

/** Pauses before looks for a tag that the registry said it has put, in milliseconds. */
const SHOWS = [0, 1_000, 4_000]

/**
 * Puts a tag on a version that is there; the journal has it before and after.
 *
 * @throws ExpectedError when the registry refuses, does not answer, or confirms what nobody shows then, and BudgetError
 */
export async function putTag(
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  scope: ApplyContext
): Promise<void> {
  const { pkg, context, journal } = scope
  const { registry, clock } = context
  journal.append(tagEntry('sent', pkg.name, version, tag, clock.now()))
  await registry.tagManifest(repositoryOf(pkg), version.digest, tag)
  if (!(await isOn(version, tag, scope)))
    throw new ExpectedError(
      `The registry confirmed that the tag ${tag} is on ${version.digest} now, but nobody shows it there: look where it is.`
    )
  journal.append(tagEntry('outcome', pkg.name, version, tag, clock.now()))
}

/** Whether either of two witnesses shows a tag on a version. */
async function isOn(
  { id, digest }: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  { pkg, context: { packages, registry, clock } }: ApplyContext
): Promise<boolean> {
  for (const pause of SHOWS) {
    await clock.sleep(pause)
    const head = await registry.headTag(repositoryOf(pkg), tag)
    if (head.state === 'found' && head.digest === digest) return true
  }
  return (await packages.version(pkg, id)).seen?.tags.includes(tag) === true
}

/**
 * Puts a tag on a version that is there, unless somebody has it by now, be it as GitHub's newest versions show or the
 * registry: either may lag behind a push.
 *
 * @param isTheirs whether what has it is somebody's
 * @returns what has it, where that is somebody's: then nothing was put
 * @throws ExpectedError when that is unknown, or the registry refuses or does not answer, and BudgetError
 */
export type PutTag = (
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  isTheirs: (holder: Digest) => boolean
) => Promise<Digest | undefined>

/** For so long what GitHub showed is not asked for again, where many tags are put, in milliseconds. */
const FRESH = 1_000

export function tagPutter(scope: ApplyContext): PutTag {
  const { pkg, context } = scope
  const { packages, registry, clock } = context
  const repository = repositoryOf(pkg)
  let newest: readonly PackageVersion[] = []
  let at = Number.NEGATIVE_INFINITY
  return async (version, tag, isTheirs) => {
    if (clock.now() - at > FRESH) ({ seen: newest, at } = await packages.page(pkg, 1))
    for (const { digest, tags } of newest) {
      if (!tags.includes(tag) || digest === version.digest || !isTheirs(digest)) continue
      if (!(await ownershipOf(pkg, [tag], digest, context)).isPlaceholder) return digest
    }
    await registry.prepareToPut(repository)
    const head = await registry.headTag(repository, tag)
    if (head.state === 'unread')
      throw new ExpectedError(
        `The tag ${tag} was not put back, because what has it is unknown: ${head.cause}.`
      )
    if (head.state === 'found' && isTheirs(head.digest)) return head.digest
    await putTag(version, tag, scope)
    return undefined
  }
}
