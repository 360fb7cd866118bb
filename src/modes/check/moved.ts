import semver from 'semver'
import { findTag, findTags, PAUSES } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Clock } from '../../model/clock.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { semverOf, valuesOf } from '../../policy/tag-values.ts'
import { isAlias } from '../../policy/tags.ts'
import type { Registry } from '../../registry/client.ts'
import type { TagHead } from '../../registry/read.ts'
import { putBy } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { some } from '../../util/format.ts'
import type { Doubts } from './requirements.ts'

/** A tag that releases hand on to each other, and the version that it pointed to before anything was started. */
interface Moving {
  readonly pkg: Package
  readonly tag: string
  readonly version: PackageVersion
}

/** Where tags are looked up, and what the looks wait by. */
interface Look {
  readonly registry: Pick<Registry, 'headTag' | 'listTags'>
  readonly clock: Clock
}

const AT_ONCE = 16

/**
 * Compares the moving tags of packages with what they were before a rebuild: building an old release must not
 * make it the latest one.
 *
 * @param before the listed versions of each package
 * @param required image tags that were asked for by name, other than those that were rebuilt themselves
 * @param rebuilt what was built
 * @param all everything that should be there
 * @returns sentences
 */
export async function movedTags(
  before: readonly { readonly pkg: Package; readonly versions: readonly PackageVersion[] }[],
  required: readonly string[],
  rebuilt: readonly Expected[],
  all: readonly Expected[],
  look: Look
): Promise<Doubts> {
  const moving = before.flatMap(({ pkg, versions }) => movingOf(pkg, versions, required, rebuilt))
  const found = await eachOf(moving, AT_ONCE, async one => {
    const head = await lookForMove(one, look)
    if (head === undefined) return {}
    const built = head.state === 'found' ? await builtAs(one.pkg, head.digest, rebuilt, look) : {}
    return judge(one, built.unread ?? head, built.holder, all)
  })
  return {
    errors: found.flatMap(({ trouble }) => trouble ?? []),
    warnings: found.flatMap(({ warning }) => warning ?? [])
  }
}

/** What a tag stands on that is no longer where it was; undefined when it is at every look, because one may be from before. */
async function lookForMove(
  { pkg, tag, version }: Moving,
  { registry, clock }: Look
): Promise<TagHead | undefined> {
  for (const pause of [0, ...PAUSES]) {
    await clock.sleep(pause)
    const head = await findTag(registry, repositoryOf(pkg), tag, clock)
    if (head.state !== 'found' || head.digest !== version.digest) return head
  }
  return undefined
}

function movingOf(
  pkg: Package,
  versions: readonly PackageVersion[],
  required: readonly string[],
  rebuilt: readonly Expected[]
): Moving[] {
  const own = new Set(rebuilt.map(({ name }) => name))
  return versions.flatMap(version =>
    version.tags
      .filter(tag => (isMoving(tag) || required.includes(tag)) && !own.has(tag))
      .map(tag => ({ pkg, tag, version }))
  )
}

/** The rebuilt release whose image this is, or why that is not known. */
async function builtAs(
  pkg: Package,
  digest: Digest,
  rebuilt: readonly Expected[],
  { registry, clock }: Look
): Promise<{ readonly holder?: Expected; readonly unread?: TagHead }> {
  const images = rebuilt.flatMap(expected => expected.images)
  const heads = await findTags(registry, repositoryOf(pkg), images, clock)
  const isHere = (image: string): boolean => {
    const head = heads.get(image)
    return head?.state === 'found' && head.digest === digest
  }
  const holder = rebuilt.find(expected => expected.images.some(isHere))
  if (holder !== undefined) return { holder }
  const unread = [...heads.values()].find(({ state }) => state === 'unread')
  return unread === undefined ? {} : { unread }
}

function judge(
  { pkg, tag, version }: Moving,
  head: TagHead,
  holder: Expected | undefined,
  all: readonly Expected[]
): { readonly trouble?: string; readonly warning?: string } {
  const name = `${pkg.name}:${tag}`
  if (head.state === 'missing') return { trouble: `${name} is gone since the builds were started.` }
  if (head.state === 'unread') {
    return { trouble: `Whether the builds moved ${name} is not known: ${head.cause}.` }
  }
  if (holder === undefined) {
    return {
      warning: `${name} has moved to ${head.digest} in the meantime, which is not one of the rebuilt images.`
    }
  }
  const others = version.tags.filter(other => other !== tag)
  if (!movedBack(tag, others, holder, all)) return {}
  const stood = others.length > 0 ? some(others, 5) : version.digest
  return {
    trouble:
      `The rebuild of ${holder.name} moved ${name} back: it pointed to ${stood}. Put it back by hand ` +
      `(${putBy(tag, version.digest)}), and let the workflow set ` +
      'it for new releases only, for instance by an input `is-latest={is-latest}` in `dispatch-inputs`.'
  }
}

/** True for `latest`, `1`, `v1` and `1.2`, which every release of their series takes over. */
export function isMoving(tag: string): boolean {
  return tag === 'latest' || SERIES.test(tag)
}

const SERIES = /^v?\d+(?:\.\d+)?$/

/**
 * Whether a tag that now stands on a rebuilt image has gone back in time: it pointed to a newer version before, or,
 * where what it pointed to has no version, there is a newer one that is no pre-release.
 *
 * @param tag the moving tag
 * @param before the other tags of the image that it pointed to
 * @param rebuilt what it stands on now
 * @param all everything that should be there
 */
export function movedBack(
  tag: string,
  before: readonly string[],
  rebuilt: Expected,
  all: readonly Expected[]
): boolean {
  const now = semverOf(rebuilt.values)
  const versions = (tags: readonly Expected['values'][]) =>
    tags.map(semverOf).filter(version => version !== undefined)
  const old = versions(before.map(name => valuesOf(name)))
  const rivals =
    old.length > 0
      ? old
      : versions(all.map(({ values }) => values)).filter(
          version => version.prerelease.length === 0 && isOf(tag, version)
        )
  // What has no version cannot be newer than what has one.
  return rivals.some(version => now === undefined || semver.gt(version, now))
}

/** `1` is of the versions 1.Y.Z, and `latest` of all. */
function isOf(tag: string, version: semver.SemVer): boolean {
  return !SERIES.test(tag) || isAlias(tag, { version, variant: '' }, [])
}
