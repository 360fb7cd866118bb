import { ExpectedError } from '../errors.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { tagEntry } from '../report/record-build.ts'
import type { ApplyContext } from './apply.ts'

/** Puts a tag on a version that is there; the journal has it before and after. */
export async function putTag(
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  { pkg, context: { registry, clock }, journal }: ApplyContext
): Promise<void> {
  journal.append(tagEntry('sent', pkg.name, version, tag, clock.now()))
  await registry.tagManifest(repositoryOf(pkg), version.digest, tag)
  journal.append(tagEntry('outcome', pkg.name, version, tag, clock.now()))
}

/**
 * The same unless somebody has the tag by now, as the registry says right before the request.
 *
 * @param isTheirs whether what has it is somebody's
 * @returns what has it, where that is somebody's: then nothing was put
 */
export async function putTagUnless(
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  isTheirs: (holder: Digest) => boolean,
  scope: ApplyContext
): Promise<Digest | undefined> {
  const { registry } = scope.context
  const repository = repositoryOf(scope.pkg)
  await registry.prepareToPut(repository)
  const head = await registry.headTag(repository, tag)
  if (head.state === 'unread')
    throw new ExpectedError(`The tag ${tag} was not put back, because what has it is unknown: ${head.cause}.`)
  if (head.state === 'found' && isTheirs(head.digest)) return head.digest
  await putTag(version, tag, scope)
  return undefined
}
