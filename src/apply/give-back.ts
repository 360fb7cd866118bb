import { orFailure } from '../errors.ts'
import { findTags } from '../inventory/evidence.ts'
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
 * @returns what gives back those that a restore took; it gives sentences on those that it could not, and on those of
 *   which nobody can tell
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function keepTags(
  versions: readonly PackageVersion[],
  { listing }: LoadedPackage,
  { arrivals }: SecondLook,
  scope: ApplyContext
): Promise<() => Promise<string[]>> {
  const { pkg, context } = scope
  const { registry, clock } = context
  const repository = repositoryOf(pkg)
  const owned = versions.flatMap(({ digest, tags }) => tags.map(tag => ({ tag, of: digest })))
  const heads = await findTags(registry, repository, [...new Set(owned.map(({ tag }) => tag))], clock)
  const held: Held[] = []
  const unknown: string[] = []
  for (const { tag, of } of owned) {
    const head = heads.get(tag)
    if (head?.state === 'unread') unknown.push(`${doubtOn(tag)}: ${head.cause}.`)
    if (head?.state === 'found' && head.digest !== of) held.push({ tag, of, holder: head.digest })
  }
  const ids = new Map([...arrivals, ...listing.versions].map(({ digest, id }) => [digest, id]))
  const giveBack = async ({ tag, of, holder }: Held): Promise<string[]> => {
    const now = await registry.headTag(repository, tag)
    if (now.state === 'unread') return [`${doubtOn(tag)} (${holder}): ${now.cause}.`]
    if (now.state !== 'found' || now.digest !== of) return []
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
    const sentences = [...unknown]
    for (const one of held) sentences.push(...(await giveBack(one)))
    return sentences
  }
}

/** The beginning of a sentence. */
const doubtOn = (tag: string): string =>
  `It is unknown whether the restore took the tag ${tag} from another version`
