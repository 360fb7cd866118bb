import type { Context } from '../../context.ts'
import { type Failure, orFailure } from '../../errors.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import { isPlaceholder } from '../../model/manifest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import type { TagList } from '../../registry/tag-list.ts'
import { eachOf } from '../../util/concurrency.ts'
import { agreed } from './agreed-holders.ts'
import type { TagHolders } from './tag-claims.ts'
import { headsTwice, phraseOf } from './tag-heads.ts'

/** How many tags are asked for, which costs nothing of GitHub's quota; of the others GitHub's list alone tells. */
const MOST = 2_000
/** How many at once. */
const AT_ONCE = 16
/** One answer may be from before, so a tag is asked for until one comes twice; the pauses before, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]

/** What tells of a version's tags, be it GitHub's list or the registry. */
export type Row = Pick<PackageVersion, 'digest' | 'tags'> & Partial<Pick<PackageVersion, 'id' | 'updated'>>

/**
 * Finds what the tags of a package stand on, whoever knows of them: GitHub may move any of them with a restore.
 *
 * @param versions as GitHub lists them, without those that are gone
 * @param first tags that are asked for in any case; then those that GitHub does not list, and the newest
 */
export async function tagHolders(
  pkg: Package,
  versions: readonly Row[],
  first: readonly string[],
  context: Context
): Promise<TagHolders> {
  const newest = versions.toSorted((a, b) => (b.updated ?? 0) - (a.updated ?? 0))
  const rows = new Map(newest.flatMap(({ digest, tags }) => tags.map(tag => [tag, digest] as const)))
  const list = await listOfTags(pkg, rows.size > 0, context)
  const listed = 'tags' in list ? list.tags : []
  const unlisted = listed.filter(tag => !rows.has(tag)).toReversed()
  const tags = [...new Set([...first, ...unlisted, ...rows.keys()])]
  const ids = new Map(versions.flatMap(({ digest, id }) => (id === undefined ? [] : [[digest, id] as const])))
  const heads = await headsTwice(pkg, tags.slice(0, first.length + MOST), context)
  return { ...(await agreed(pkg, { heads, rows, ids }, context)), ids, gap: unreadPhrase(list) }
}

/** The registry's list of tags; that it knows no such package is believed only where GitHub lists no tag either. */
async function listOfTags(
  pkg: Package,
  isTagged: boolean,
  { registry, clock }: Context
): Promise<TagList | Failure> {
  for (const pause of PAUSES) {
    await clock.sleep(pause)
    const list = await orFailure(() => registry.listTags(repositoryOf(pkg)))
    if ('problem' in list || list.state !== 'missing') return list
  }
  return isTagged
    ? { state: 'unread', cause: 'the registry does not know the package' }
    : { state: 'missing' }
}

function unreadPhrase(list: TagList | Failure): string | undefined {
  if ('sentence' in list) return phraseOf(list.sentence)
  return list.state === 'unread' ? list.cause : undefined
}

/**
 * The tags of what came back that nobody asked for before, where not all could be asked for: GitHub says which.
 *
 * @returns `problem` is a sentence on why it did not say so of all; undefined when it did
 */
export async function unaskedTags(
  { heads, rows, gap }: TagHolders,
  restored: readonly PackageVersion[],
  pkg: Package,
  { packages }: Context
): Promise<{ readonly tags: readonly string[]; readonly problem: string | undefined }> {
  if (gap === undefined && [...rows.keys()].every(tag => heads.has(tag)))
    return { tags: [], problem: undefined }
  const looks = await eachOf(restored, AT_ONCE, ({ id }) => orFailure(() => packages.version(pkg, id)))
  const tags = looks.flatMap(look => ('seen' in look ? (look.seen?.tags ?? []) : []))
  const [problem] = looks.flatMap(look => ('problem' in look ? [look.sentence] : []))
  return { tags: tags.filter(tag => !heads.has(tag)), problem }
}

/** Whether a version is what a run that was killed amid untagging left behind: no image, and nobody's. */
export interface Ownership {
  readonly isPlaceholder: boolean
  /** Why nobody can tell: a phrase; undefined when it could be read. */
  readonly doubt?: string
}

/**
 * Finds out whether tags that somebody has are on our own placeholder, which took them; what cannot be read may be
 * anything.
 */
export async function ownershipOf(
  pkg: Package,
  tags: readonly string[],
  digest: Digest,
  { registry, clock }: Context
): Promise<Ownership> {
  let doubt = ''
  for (const pause of PAUSES) {
    await clock.sleep(pause)
    const content = await registry.readManifest(repositoryOf(pkg), digest)
    if (content.state === 'read') return { isPlaceholder: isPlaceholder(content.manifest, tags) }
    doubt = content.state === 'unread' ? content.cause : 'the registry denies it'
  }
  return { isPlaceholder: false, doubt: `${shortDigest(digest)}, which has it, could not be read (${doubt})` }
}
