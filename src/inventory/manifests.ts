import { ExpectedError } from '../errors.ts'
import { type Digest, digestOfKey, digestsNamedIn } from '../model/digest.ts'
import { type Descriptor, leadsNowhere, type Manifest } from '../model/manifest.ts'
import {
  type Content,
  type Inventory,
  type ListedPackage,
  NAMED,
  type Package,
  type PackageVersion
} from '../model/package.ts'
import { eachOf } from '../util/concurrency.ts'
import { AT_ONCE, mentionedBy, type Read } from './arrivals.ts'
import { type Bounds, boundsOf } from './bounds.ts'
import { clustersOf } from './clusters.ts'
import { without } from './deleted-since.ts'
import { afterDenials, type Witness } from './evidence.ts'
import { contentOf, sharedTexts } from './shared-texts.ts'

/** After so many failures in a row the registry is taken to be down, and the rest is not tried. */
const HOPELESS = 100
/** From this wave on, untagged versions are read in ever larger groups, whatever happens. */
const PATIENT_WAVES = 100

/**
 * Finds out what every version of a package needs, with as few reads as will do, because GitHub counts each as a
 * download: a platform that a read index names is not read itself. First the tagged versions and all that
 * they lead to, then the untagged ones that nothing led to, each index before its platforms where dates and
 * ids tell which that is. What the registry denies is asked for again, after pauses.
 *
 * @param list every listed version, and what only the registry's tags stand on
 * @param read gives a digest's manifest; called once for each, and again for what it calls missing
 * @param witness who else knows of a manifest that the registry denies
 * @param progress told how many digests are settled, of how many that are known so far
 * @param wanted what stays whatever becomes of the indexes that name it
 * @returns contents of every listed version, and of every unlisted digest that a manifest or a referrer's tag names;
 *   what GitHub denies by now as well is not listed any more
 * @throws ExpectedError when the registry has nothing of a package that is listed whole: it is not that package
 */
export async function readInventory(
  pkg: Package,
  list: ListedPackage,
  read: Read,
  witness: Witness,
  progress: (done: number, total: number) => void = () => {},
  wanted: readonly Digest[] = []
): Promise<Inventory> {
  const { versions, unlisted } = list
  const listed = new Set(versions.map(version => version.digest))
  const contents = new Map<Digest, Content>()
  const attempt = withinReason(read)
  const shared = sharedTexts(versions)
  const bounds = boundsOf(listed, contents)
  const readOnce = async (digest: Digest): Promise<Content> => {
    const content = bounds.withParts(contentOf(await attempt(digest), shared), digest)
    contents.set(digest, content)
    progress(contents.size, Math.max(versions.length, contents.size))
    return content
  }
  const { follow, readAgain } = follower(listed, contents, bounds, readOnce)

  const tagged = versions.filter(version => version.tags.length > 0)
  const described = tagged.flatMap(version => version.tags.flatMap(subjectsOf))
  await follow([
    ...tagged.map(version => version.digest),
    ...unlisted.keys(),
    ...bounds.askable(described.filter(digest => !listed.has(digest)))
  ])
  await readUntagged(
    versions.filter(version => version.tags.length === 0),
    contents,
    follow
  )
  const alone = [...wanted, ...tagged.map(version => version.digest), ...unlisted.keys()]
  await follow(attestationsBeside(alone, contents))
  await lookAgain(contents, readAgain, witness)
  // What was denied at first may share platforms as well.
  await follow(attestationsBeside(alone, contents))
  if (witness.isPartial !== true) refuseForeign(pkg, versions, contents)
  const denied = versions.filter(({ digest }) => contents.get(digest)?.state === 'missing')
  const gone = (await witness.deletedSince?.(denied)) ?? new Set()
  for (const [digest, { state }] of contents) {
    if (state === 'missing' && !gone.has(digest)) contents.set(digest, afterDenials(digest, witness))
  }
  dropBlobs(contents, listed)
  return { ...list, versions: without(gone, versions), package: pkg, contents }
}

/** Asks again for what the registry denies, until it has denied each as often as there are pauses, and once more. */
async function lookAgain(
  contents: ReadonlyMap<Digest, Content>,
  readAgain: (digests: readonly Digest[]) => Promise<void>,
  { clock, pauses }: Witness
): Promise<void> {
  const looks = new Map<Digest, number>()
  for (;;) {
    const denied = [...contents].flatMap(([digest, { state }]) =>
      state === 'missing' && (looks.get(digest) ?? 0) < pauses.length ? [digest] : []
    )
    if (denied.length === 0) return
    // What came last is asked for soonest; the others can only have waited longer.
    const soonest = denied.reduce((least, digest) => Math.min(least, looks.get(digest) ?? 0), pauses.length)
    await clock.sleep(pauses[soonest] ?? 0)
    await readAgain(denied)
    for (const digest of denied) looks.set(digest, (looks.get(digest) ?? 0) + 1)
  }
}

/** The digests that a referrer's tag tells completely; a sha512 one is cut off there. */
function subjectsOf(tag: string): Digest[] {
  return digestsNamedIn(tag).flatMap(key => digestOfKey(key) ?? [])
}

/**
 * Gives functions that read digests and everything that they lead to, level by level: each once, or those once
 * more. An unlisted digest
 * is always read: listings lag, and only the registry can say that it is missing.
 */
function follower(
  listed: ReadonlySet<Digest>,
  contents: Map<Digest, Content>,
  bounds: Bounds,
  readOnce: Read
) {
  const claimed = new Set<Digest>()
  const claim = (digest: Digest): boolean => {
    const unclaimed = !claimed.has(digest)
    claimed.add(digest)
    return unclaimed
  }

  /** Marks what needs no read as named, and gives what does. */
  function leadsOf(manifest: Manifest): Digest[] {
    const leads = bounds.askable(mentionedBy(manifest).filter(digest => !listed.has(digest)))
    for (const child of manifest.children) {
      if (!leadsNowhere(child) || !listed.has(child.digest)) leads.push(child.digest)
      else if (!contents.has(child.digest)) contents.set(child.digest, NAMED)
    }
    return leads.filter(digest => contents.get(digest)?.state !== 'unread' && claim(digest))
  }

  async function readAll(digests: readonly Digest[]): Promise<void> {
    for (let level = digests; level.length > 0; ) {
      const leads = await eachOf(level, AT_ONCE, async digest => {
        const content = await readOnce(digest)
        return content.state === 'read' ? leadsOf(content.manifest) : []
      })
      level = leads.flat()
    }
  }

  return { follow: (digests: readonly Digest[]) => readAll(digests.filter(claim)), readAgain: readAll }
}

/**
 * Reads the untagged versions that nothing has led to yet. What was pushed together was created together, the
 * index last: the newest of each cluster goes first, and mostly saves the reading of the others.
 */
async function readUntagged(
  untagged: readonly PackageVersion[],
  contents: ReadonlyMap<Digest, Content>,
  follow: (digests: readonly Digest[]) => Promise<void>
): Promise<void> {
  const unreached = (version: PackageVersion) => !contents.has(version.digest)
  let queues = clustersOf(untagged.filter(unreached)).map(members => ({ members, helping: 1 }))
  for (let wave = 1; queues.length > 0; wave++) {
    const helpings = queues.map(({ members, helping }) => members.slice(0, helping))
    await follow(helpings.flat().map(version => version.digest))
    queues = queues
      .map(({ members, helping }, index) => {
        const rest = members.filter(unreached)
        const taken = helpings[index]?.length ?? 0
        const fruitless = rest.length === members.length - taken
        return { members: rest, helping: fruitless || wave > PATIENT_WAVES ? helping * 2 : 1 }
      })
      .filter(({ members }) => members.length > 0)
  }
}

/**
 * Attestations that nobody read, beside a platform that several indexes name, or that may stay alone. When the index that
 * names one of these goes, the platform may stay, and then only its `subject` can tell that it still describes something.
 *
 * @param alone what may stay without any index, because it has a tag of its own or a rule names it
 */
export function attestationsBeside(
  alone: readonly Digest[],
  contents: ReadonlyMap<Digest, Content>
): Digest[] {
  const indexes = [...contents.values()].flatMap(content =>
    content.state === 'read' ? [content.manifest.children] : []
  )
  const named = new Set<Digest>()
  const shared = new Set<Digest>(alone)
  for (const { digest } of indexes.flat()) (named.has(digest) ? shared : named).add(digest)
  return indexes
    .flat()
    .filter(({ digest, describes }) => {
      return describes !== undefined && shared.has(describes) && contents.get(digest)?.state === 'named'
    })
    .map(({ digest }) => digest)
}

/** Does not go on asking a registry that fails every time: one failure is enough to keep the package as it is. */
function withinReason(read: Read): Read {
  let failures = 0
  return async digest => {
    if (failures >= HOPELESS) {
      return {
        state: 'unread',
        cause: `not tried, because ${HOPELESS} reads before it failed one after another`
      }
    }
    const content = await read(digest)
    failures = content.state === 'unread' ? failures + 1 : 0
    return content
  }
}

/** A wrong token or package looks as if every manifest were missing: nothing may be concluded from that. */
function refuseForeign(
  pkg: Package,
  versions: readonly PackageVersion[],
  contents: ReadonlyMap<Digest, Content>
): void {
  const asked = versions.filter(version => contents.get(version.digest)?.state !== 'named')
  if (asked.length === 0 || asked.some(version => contents.get(version.digest)?.state !== 'missing')) return
  throw new ExpectedError(
    `The registry has none of the ${asked.length} manifests of ${pkg.owner.login}/${pkg.name} that GitHub lists. ` +
      'Either it has another package by this name, or the token may not read this one, so its answers are not used. ' +
      'Check `packages`, `token` and `registry-url`.'
  )
}

/** Drops what only looked like children: a build cache may list layers of types that nobody has heard of. */
function dropBlobs(contents: Map<Digest, Content>, listed: ReadonlySet<Digest>): void {
  const isBlob = (child: Descriptor) =>
    child.uncertain === true &&
    child.platform === undefined &&
    child.describes === undefined &&
    !listed.has(child.digest) &&
    contents.get(child.digest)?.state === 'missing'
  for (const [digest, content] of contents) {
    if (content.state !== 'read' || !content.manifest.children.some(isBlob)) continue
    const children = content.manifest.children.filter(child => !isBlob(child))
    contents.set(digest, { state: 'read', manifest: { ...content.manifest, children } })
  }
}
