import type { Context } from '../context.ts'
import { type Failure, orFailure } from '../errors.ts'
import { repositoryOf } from '../inventory/load.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import { isPlaceholder } from '../model/manifest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import type { TagHead } from '../registry/read.ts'
import type { TagList } from '../registry/tag-list.ts'
import { eachOf } from '../util/concurrency.ts'
import type { ApplyContext } from './apply.ts'

/** How many tags are asked for, which costs nothing of GitHub's quota; of the others GitHub's list alone tells. */
const MOST = 2_000
/** How many at once. */
const AT_ONCE = 16
/** One answer may be from before, so a tag is asked for until one comes twice; the pauses before, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]

/** What was known of a package's tags before a restore. */
export interface TagHolders {
  /** What the registry said; nobody had tags that are in neither. */
  readonly heads: ReadonlyMap<string, TagHead>
  /** What GitHub's list shows. */
  readonly rows: ReadonlyMap<string, Digest>
  readonly ids: ReadonlyMap<Digest, number>
  /** Why there may be tags of which nothing is known: a phrase. */
  readonly gap: string | undefined
}

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
  return { ...(await agreed(pkg, heads, rows, ids, context)), ids, gap: unreadPhrase(list) }
}

/**
 * Settles what the registry and GitHub's list show on two versions, of which either may lag: the version of GitHub's list is
 * asked for by itself. If it has the tag, the list is right, and otherwise the registry is.
 */
async function agreed(
  pkg: Package,
  heads: ReadonlyMap<string, TagHead>,
  rows: ReadonlyMap<string, Digest>,
  ids: TagHolders['ids'],
  { packages }: Context
): Promise<Pick<TagHolders, 'heads' | 'rows'>> {
  const [settledHeads, settledRows] = [new Map(heads), new Map(rows)]
  for (const [tag, head] of heads) {
    const row = rows.get(tag)
    if (head.state !== 'found' || row === undefined || row === head.digest) continue
    const id = ids.get(row)
    // Without an id it is what the registry showed earlier.
    const look = await orFailure(async () =>
      id === undefined ? { seen: undefined } : packages.version(pkg, id)
    )
    if ('problem' in look) {
      const cause = `the registry had it on ${head.digest}, and GitHub listed it on ${row}: ${phraseOf(look.sentence)}`
      settledHeads.set(tag, { state: 'unread', cause })
      settledRows.delete(tag)
    } else if (look.seen?.tags.includes(tag) !== true) settledRows.set(tag, head.digest)
  }
  return { heads: settledHeads, rows: settledRows }
}

/** For so long what GitHub showed is not asked for again, where many versions come back, in milliseconds. */
const FRESH = 5_000

/** What is known of some tags by now, to be added to what was known before a restore. */
export type AskHolders = (
  before: TagHolders,
  tags: readonly string[],
  coming: ReadonlySet<Digest>
) => Promise<(before: TagHolders) => TagHolders>

/** Restores may take minutes, and what they bring back may be pushed anew meanwhile. Throws nothing that was foreseen. */
export function holdersAsker({ pkg, context }: ApplyContext): AskHolders {
  const { packages, clock } = context
  let newest: readonly PackageVersion[] = []
  let at = Number.NEGATIVE_INFINITY
  return async (before, tags, coming) => {
    if (clock.now() - at > FRESH) {
      at = clock.now()
      const page = await orFailure(() => packages.page(pkg, 1))
      newest = 'problem' in page ? [] : page.seen.filter(({ digest }) => !coming.has(digest))
    }
    const ids = new Map([...before.ids, ...newest.map(({ digest, id }) => [digest, id] as const)])
    const looks = await headsOf(pkg, tags, context)
    const [heads, rows] = [new Map<string, TagHead>(), new Map<string, Digest>()]
    for (const tag of tags) {
      const look = looks.get(tag)
      const head = look?.state === 'found' && !coming.has(look.digest) ? look : before.heads.get(tag)
      const row = newest.find(one => one.tags.includes(tag))?.digest ?? before.rows.get(tag)
      if (head !== undefined) heads.set(tag, head)
      if (row !== undefined) rows.set(tag, row)
    }
    const now = await agreed(pkg, heads, rows, ids, context)
    return last => {
      const others = [...last.rows].filter(([tag]) => !tags.includes(tag))
      return {
        ...last,
        heads: new Map([...last.heads, ...now.heads]),
        rows: new Map([...others, ...now.rows]),
        ids: new Map([...last.ids, ...ids])
      }
    }
  }
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

export const phraseOf = (sentence: string): string => sentence.replace(/\.$/, '')

async function headsTwice(
  pkg: Package,
  tags: readonly string[],
  context: Context
): Promise<ReadonlyMap<string, TagHead>> {
  const heads = new Map<string, TagHead>()
  const said = new Map<string, Set<string>>(tags.map(tag => [tag, new Set()]))
  let open = tags
  for (const pause of PAUSES) {
    if (open.length === 0) return heads
    await context.clock.sleep(pause)
    const looks = await headsOf(pkg, open, context)
    open = open.filter(tag => {
      const head = looks.get(tag) ?? UNSURE
      const word = head.state === 'found' ? head.digest : head.state
      const isNew = head.state === 'unread' || said.get(tag)?.has(word) !== true
      said.get(tag)?.add(word)
      heads.set(tag, isNew && head.state !== 'unread' ? UNSURE : head)
      return isNew
    })
  }
  return heads
}

const UNSURE: TagHead = { state: 'unread', cause: 'the registry said something else each time' }

/** What the registry says of tags at this moment. */
export async function headsOf(
  pkg: Package,
  tags: readonly string[],
  { registry }: Context
): Promise<ReadonlyMap<string, TagHead>> {
  const heads = await eachOf(tags, AT_ONCE, async tag => {
    const head = await orFailure(() => registry.headTag(repositoryOf(pkg), tag))
    const known: TagHead = 'problem' in head ? { state: 'unread', cause: phraseOf(head.sentence) } : head
    return [tag, known] as const
  })
  return new Map(heads)
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
