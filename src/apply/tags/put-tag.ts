import { ExpectedError, orFailure } from '../../errors.ts'
import { imagesAmong } from '../../inventory/images-among.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { isMovable } from '../../inventory/moved-tags.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { BytesRead } from '../../registry/read.ts'
import { nameOf, putBy } from '../../report/phrases.ts'
import { tagEntry } from '../../report/record-build.ts'
import { some } from '../../util/format.ts'
import type { ApplyContext } from '../apply.ts'
import { ownershipOf } from './tag-holders.ts'

/** Pauses before looks for a tag that the registry said it has put, in milliseconds. */
const SHOWS = [0, 1_000, 4_000]

/** A manifest that is to have one more tag. */
type Stored = Extract<BytesRead, { readonly state: 'bytes' }>

/**
 * Puts a tag on a version that is there; the journal has it before and after.
 *
 * @param answered called with the registry's answer
 * @throws ExpectedError when the registry refuses, does not answer, or confirms what nobody shows then, and BudgetError
 */
async function putTag(
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  { bytes, mediaType }: Stored,
  scope: ApplyContext,
  answered: () => void
): Promise<void> {
  const { pkg, context, journal } = scope
  const { registry, clock } = context
  journal.append(tagEntry('sent', pkg.name, version, tag, clock.now()))
  const stored = await registry.putManifest(repositoryOf(pkg), tag, bytes, mediaType)
  answered()
  if (stored !== version.digest) throw notPut(tag, version, `the registry stored ${stored}`)
  if (!(await isOn(version, tag, scope)))
    throw new ExpectedError(
      `The registry confirmed that the tag ${tag} is on ${version.digest} now, but nobody shows it there: look where it is.`
    )
  journal.append(tagEntry('outcome', pkg.name, version, tag, clock.now()))
}

const notPut = (tag: string, { digest }: Pick<PackageVersion, 'digest'>, cause: string): ExpectedError =>
  new ExpectedError(`The tag ${tag} could not be put on ${digest}: ${cause}.`)

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

/** Puts tags on versions that are there, and knows what was pushed meanwhile. */
export interface TagPutter {
  /**
   * Puts a tag on a version, unless somebody has it by now, be it as GitHub's newest versions show or the registry: either
   * may lag behind a push.
   *
   * @param isTheirs whether what has it is somebody's
   * @returns what has it, where that is somebody's: then nothing was put
   * @throws ExpectedError when that is unknown, or the registry refuses or does not answer, and BudgetError
   */
  put(
    version: Pick<PackageVersion, 'id' | 'digest'>,
    tag: string,
    isTheirs: (holder: Digest) => boolean
  ): Promise<Digest | undefined>
  /**
   * Looks for images that came while tags were put and may have lost one of them: a registry has no PUT with a condition.
   * Throws nothing that was foreseen.
   *
   * @returns sentences, each of which is for a person to decide
   */
  lookBehind(): Promise<string[]>
}

/** For so long what GitHub showed is not asked for again, where many tags are put, in milliseconds. */
const FRESH = 1_000
/** A push shows with a delay, in milliseconds. */
const SHOWS_AFTER = 2_000
/** How long the index of an image takes to follow its parts, in milliseconds. */
const PARTS = 4_000

/** @param ours digests that may be new in GitHub's list and were not pushed by anybody: restored ones */
export function tagPutter(scope: ApplyContext, ours: ReadonlySet<Digest>): TagPutter {
  const { pkg, context } = scope
  const { packages, registry, clock } = context
  const repository = repositoryOf(pkg)
  let newest: readonly PackageVersion[] = []
  let at = Number.NEGATIVE_INFINITY
  const puts: Put[] = []

  /** Images that came amid a PUT, each with the tags that it may have lost. */
  async function robbed(): Promise<ReadonlyMap<PackageVersion, readonly string[]>> {
    const { seen } = await packages.page(pkg, 1)
    const fresh = seen.filter(({ id, digest }) => !ours.has(digest) && puts.some(put => !put.before.has(id)))
    const lost = new Map(fresh.map(row => [row, tagsTakenFrom(row, puts)]))
    if ([...lost.values()].every(tags => tags.length === 0)) return new Map()
    const images = await imagesAmong(fresh, digest => registry.readManifest(repository, digest))
    return new Map([...lost].filter(([row, tags]) => tags.length > 0 && images.includes(row)))
  }

  return {
    async put(version, tag, isTheirs) {
      // What may take long comes before the looks.
      const stored = await registry.readBytes(repository, version.digest)
      if (stored.state !== 'bytes')
        throw notPut(tag, version, stored.state === 'missing' ? 'it is not there' : stored.cause)
      await registry.prepareToPut(repository)
      if (clock.now() - at > FRESH) ({ seen: newest, at } = await packages.page(pkg, 1))
      for (const { digest, tags } of newest) {
        if (!tags.includes(tag) || digest === version.digest || !isTheirs(digest)) continue
        if (!(await ownershipOf(pkg, [tag], digest, context)).isPlaceholder) return digest
      }
      const start = clock.now()
      const head = await registry.headTag(repository, tag)
      if (head.state === 'unread')
        throw new ExpectedError(
          `The tag ${tag} was not put back, because what has it is unknown: ${head.cause}.`
        )
      if (head.state === 'found' && isTheirs(head.digest)) return head.digest
      const before = new Set(newest.map(({ id }) => id))
      const put = { tag, before, from: context.gitHubTime(start), until: Number.POSITIVE_INFINITY }
      puts.push(put)
      await putTag(version, tag, stored, scope, () => {
        put.until = context.gitHubTime(clock.now())
      })
      return undefined
    },
    async lookBehind() {
      if (puts.length === 0) return []
      const found = await orFailure(async () => {
        await clock.sleep(SHOWS_AFTER)
        if ((await robbed()).size === 0) return { lost: new Map() }
        await clock.sleep(PARTS)
        return { lost: await robbed() }
      })
      if ('problem' in found) {
        const tags = some(
          puts.map(({ tag }) => tag),
          5
        )
        return [`Whether a push lost the tag ${tags} is unknown: ${found.sentence}`]
      }
      return [...found.lost].map(([version, tags]) => mayHaveLost(version, tags))
    }
  }
}

/** A tag that was put. */
interface Put {
  readonly tag: string
  /** Ids that GitHub listed right before. */
  readonly before: ReadonlySet<number>
  /** From before the last look at the tag to the answer, by GitHub's clock: milliseconds since 1970. */
  readonly from: number
  readonly until: number
}

/** GitHub's dates have whole seconds, and so has its clock. */
const SECOND = 1_000

/** Whether a version came amid a PUT, and has not got the tag again. One of another name may have had a tag that moves. */
function mayTakeFrom({ tag, before, from, until }: Put, { id, created, tags }: PackageVersion): boolean {
  if (before.has(id) || tags.includes(tag) || (tags.length > 0 && !isMovable(tag))) return false
  return created === undefined || (created >= from - 2 * SECOND && created <= until + SECOND)
}

const tagsTakenFrom = (row: PackageVersion, puts: readonly Put[]): readonly string[] =>
  puts.filter(put => mayTakeFrom(put, row)).map(({ tag }) => tag)

const mayHaveLost = (version: PackageVersion, tags: readonly string[]): string =>
  `While the tag ${some(tags, 5)} was put back, ${nameOf(version)} (${version.digest}) was pushed. If it was pushed with ` +
  `that tag, put it there: ${putBy(tags.length === 1 ? (tags[0] as string) : '<tag>', version.digest)}.`
