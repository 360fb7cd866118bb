import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import { listTwice, PER_PAGE } from '../github/lists.ts'
import { tokenThatSees } from '../github/sight.ts'
import { type Digest, digestOfKey, shortDigest } from '../model/digest.ts'
import type { Inventory, Package } from '../model/package.ts'
import { subjectsOfOrphans } from '../policy/graph.ts'
import { eachOf, once } from '../util/concurrency.ts'
import { count, some } from '../util/format.ts'
import { lastDeletedOf } from './deleted-since.ts'
import { findTags } from './evidence.ts'
import { repositoryOf } from './load.ts'

/** The other packages in which a subject may be. */
export interface Siblings {
  readonly names: readonly string[]
  /** Why there may be more of them: a phrase; undefined when these are all that the owner has. */
  readonly incomplete: () => Promise<string | undefined>
  /** What GitHub lists in one of them; undefined where that takes too many requests. @throws ExpectedError and the like */
  readonly versionsIn: (name: string) => Promise<ReadonlySet<Digest> | undefined>
}

/** What became of the subjects that are not in a package. */
export interface Subjects {
  /** Why what describes one of them is no orphan, by the subject's `referrerTag`: a phrase. */
  readonly elsewhere: ReadonlyMap<string, string>
  /** As in `Inventory`. */
  readonly beside: readonly string[]
  /** Sentences on those that are unknown, with the way out. */
  readonly warnings: readonly string[]
}

/** How many subjects are asked for in all other packages together; the rest stays unknown. */
const MOST_LOOKS = 5_000
/** How many other packages are asked once more, right before a deletion and behind it. */
const MOST_BESIDE = 4
/** How many packages are asked at once. */
const AT_ONCE = 8
/** How many pages of the lists of other packages are read, the nearest first; of the rest the registry's word must do. */
const MOST_LISTED = 50

/**
 * Finds the packages of the owner, the first time that anybody asks.
 * @param chosen the packages of the run
 */
export function siblingsIn(chosen: readonly Package[], context: Context): () => Promise<Siblings> {
  return once(async () => {
    const names = chosen.map(({ name }) => name)
    const known = new Map(chosen.map(pkg => [pkg.name, pkg]))
    const nothing = { names, incomplete: async () => NO_LISTING, versionsIn: async () => undefined }
    if (context.tokenKind === 'installation' || context.tokenKind === 'of-fork') return nothing
    const listed = await orFailure(() => listTwice(context.packages.list, context.clock))
    if ('problem' in listed) return nothing
    for (const pkg of listed) known.set(pkg.name, pkg)
    const incomplete = once(context.packages.whyUnseen)
    return { names: [...known.keys()], incomplete, versionsIn: listerOf(known, context) }
  })
}

/** Lists each package once, as long as there is room. */
function listerOf(known: ReadonlyMap<string, Package>, { packages }: Context): Siblings['versionsIn'] {
  let room = MOST_LISTED
  const lists = new Map<string, Promise<ReadonlySet<Digest>>>()
  return async name => {
    const pkg = known.get(name)
    const pages = Math.ceil((pkg?.versionCount ?? Number.POSITIVE_INFINITY) / PER_PAGE)
    const list = lists.get(name)
    if (list !== undefined || pkg === undefined || pages > room) return list
    room -= pages
    const digests = packages
      .listVersions(pkg)
      .then(({ versions }) => new Set(versions.map(({ digest }) => digest)))
    lists.set(name, digests)
    return digests
  }
}

const NO_LISTING = 'this token may not list the packages of the owner'

/**
 * Where the subjects are that a package's orphans describe. A signature may be kept in another package than its image
 * (cosign's `COSIGN_REPOSITORY`), so that the subject is not here does not mean that it is gone. It is only when no
 * package of the owner has it, and the token sees them all; or when it was in this one, and GitHub lists it among the
 * deleted.
 *
 * Where the requests cannot be made, that is unknown, too.
 */
export async function findSubjects(
  inventory: Inventory,
  siblings: () => Promise<Siblings>,
  context: Context
): Promise<Subjects> {
  const wanted = subjectsOfOrphans(inventory)
  const elsewhere = new Map<string, string>()
  if (wanted.size === 0) return { elsewhere, beside: [], warnings: [] }
  const { package: pkg } = inventory
  const { names, incomplete, versionsIn } = await siblings()
  const others = nearestFirst(
    names.filter(name => name !== pkg.name),
    pkg.name
  )
  const left = new Map<Digest, string>()
  const cutOff: string[] = []
  for (const key of wanted) {
    const digest = digestOfKey(key)
    if (digest === undefined) cutOff.push(key)
    else left.set(digest, key)
  }
  const unasked = await lookInOthers(pkg, others, left, elsewhere, context)
  const repositories = (ones: readonly string[]): string[] => ones.map(name => repositoryOf({ ...pkg, name }))
  const doubts = unasked.length === 0 ? [] : [`${some(repositories(unasked), 3)} could not be asked`]
  if (doubts.length === 0) doubts.push(...(await lookInLists(pkg, others, versionsIn, left, elsewhere)))
  const more = left.size === 0 ? undefined : await incomplete()
  if (more !== undefined) doubts.unshift(more)
  const deleted = doubts.length === 0 || left.size === 0 ? left : await deletedFrom(pkg, left, context)
  const unknown = [...left].flatMap(([digest, key]) => (deleted.has(digest) ? [] : [key]))
  if (cutOff.length > 0) doubts.push('a tag does not tell a sha512 digest completely')
  const why = doubts.join(', and ')
  for (const key of [...unknown, ...cutOff]) {
    elsewhere.set(key, `whether what it describes is in another package is unknown: ${why}`)
  }
  // What did not answer now would only hold what goes by GitHub's word for it.
  const beside = repositories(others.filter(name => !unasked.includes(name)).slice(0, MOST_BESIDE))
  return { elsewhere, beside, warnings: unclear(unknown.length + cutOff.length, why, pkg) }
}

function unclear(subjects: number, why: string, { owner }: Package): string[] {
  if (subjects === 0) return []
  return [
    `Signatures and the like of ${count(subjects, 'image')} are kept: what they describe is not in this package, and whether it is ` +
      `in another one is unknown, because ${why}. Give ${tokenThatSees(owner)}; or delete what nobody needs with ` +
      '`mode: purge` and its digest.'
  ]
}

/**
 * Asks the other packages, those first whose names are most alike. What one of them has leaves `left`.
 * @returns those that could not be asked
 */
async function lookInOthers(
  pkg: Package,
  others: readonly string[],
  left: Map<Digest, string>,
  elsewhere: Map<string, string>,
  { registry, clock }: Context
): Promise<string[]> {
  const repository = (name: string): string => repositoryOf({ ...pkg, name })
  const found = (name: string, digest: Digest): void => {
    const key = left.get(digest)
    if (key !== undefined) elsewhere.set(key, `describes ${shortDigest(digest)} in ${repository(name)}`)
    left.delete(digest)
  }
  let looks = 0
  const asked: string[] = []
  for (const name of others) {
    looks += left.size
    if (left.size === 0) return []
    if (looks > MOST_LOOKS) break
    asked.push(name)
    const heads = await orFailure(() =>
      eachOf([...left.keys()], AT_ONCE, async digest => ({
        digest,
        head: await registry.headTag(repository(name), digest)
      }))
    )
    if ('problem' in heads) continue
    for (const { digest, head } of heads) if (head.state === 'found') found(name, digest)
  }
  // A denial counts only after looking again.
  const unclear = await eachOf(asked, AT_ONCE, async name => {
    const heads = await orFailure(() => findTags(registry, repository(name), [...left.keys()], clock))
    if ('problem' in heads) return [name]
    for (const [digest, head] of heads) if (head.state === 'found') found(name, digest as Digest)
    return [...heads.values()].some(({ state }) => state === 'unread') ? [name] : []
  })
  return [...unclear.flat(), ...others.slice(asked.length)]
}

/**
 * Holds the registry's denials against GitHub's lists of the other packages. What one of them has leaves `left`.
 * @returns why some could not be read: phrases
 */
async function lookInLists(
  pkg: Package,
  others: readonly string[],
  versionsIn: Siblings['versionsIn'],
  left: Map<Digest, string>,
  elsewhere: Map<string, string>
): Promise<string[]> {
  const unread: string[] = []
  for (const name of others) {
    if (left.size === 0) return []
    const repository = repositoryOf({ ...pkg, name })
    const found = await orFailure(async () => ({ listed: await versionsIn(name) }))
    if ('problem' in found) unread.push(repository)
    else
      for (const [digest, key] of left) {
        if (found.listed?.has(digest) !== true) continue
        elsewhere.set(key, `describes ${shortDigest(digest)}, which GitHub lists in ${repository}`)
        left.delete(digest)
      }
  }
  return unread.length === 0 ? [] : [`${some(unread, 3)} could not be listed`]
}

/** Those of these that GitHub lists among the deleted versions of the package, as far as the list was read. */
async function deletedFrom(
  pkg: Package,
  wanted: ReadonlyMap<Digest, string>,
  context: Context
): Promise<Pick<ReadonlySet<Digest>, 'has'>> {
  const rows = await orFailure(() => lastDeletedOf(pkg, context))
  if ('problem' in rows) return new Set()
  return new Set(rows.map(({ digest }) => digest).filter(digest => wanted.has(digest)))
}

/** Those first of which most begins like the name: of `app-signatures`, `app` before `app-server`. */
function nearestFirst(names: readonly string[], name: string): string[] {
  const shared = (other: string): number => {
    let length = 0
    while (length < name.length && other[length] === name[length]) length++
    return length
  }
  const distance = (other: string): number => other.length - 2 * shared(other)
  return names.toSorted((a, b) => distance(a) - distance(b))
}
