import { orFailure } from '../errors.ts'
import { type LoadedPackage, repositoryOf } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import type { ApplyContext } from './apply.ts'
import { putTag } from './restore.ts'
import type { SecondLook } from './second-look.ts'

/** A tag of a deleted version that stands on another one by now. */
interface Held {
  readonly tag: string
  readonly of: Digest
  readonly holder: Digest
}

/**
 * Finds which tags of deleted versions stand elsewhere by now: GitHub may move them back with a restore.
 *
 * @param versions as they were before their deletion
 * @returns what gives back those that a restore took; it gives sentences on those that it could not
 */
export async function keepTags(
  versions: readonly PackageVersion[],
  { listing }: LoadedPackage,
  { arrivals }: SecondLook,
  scope: ApplyContext
): Promise<() => Promise<string[]>> {
  const { pkg, context } = scope
  const holderOf = async (tag: string): Promise<Digest | undefined> => {
    const head = await context.registry.headTag(repositoryOf(pkg), tag)
    return head.state === 'found' ? head.digest : undefined
  }
  const held: Held[] = []
  for (const { digest, tags } of versions) {
    for (const tag of tags) {
      const holder = await holderOf(tag)
      if (holder !== undefined && holder !== digest) held.push({ tag, of: digest, holder })
    }
  }
  const ids = new Map([...arrivals, ...listing.versions].map(({ digest, id }) => [digest, id]))
  const giveBack = async ({ tag, of, holder }: Held): Promise<string[]> => {
    if ((await holderOf(tag)) !== of) return []
    const id = ids.get(holder)
    const why =
      id === undefined
        ? { sentence: 'GitHub does not list that version.' }
        : await orFailure(async () => ({ put: await putTag({ id, digest: holder }, tag, scope) }))
    return 'sentence' in why
      ? [`The restore took the tag ${tag} from ${holder}, and it is not back there. ${why.sentence}`]
      : []
  }
  return async () => {
    const sentences: string[] = []
    for (const one of held) sentences.push(...(await giveBack(one)))
    return sentences
  }
}
