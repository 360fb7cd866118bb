import { orFailure, UnsureError } from '../../errors.ts'
import { findTag } from '../../inventory/evidence.ts'
import { imagesAmong } from '../../inventory/images-among.ts'
import { type LoadedPackage, repositoryOf } from '../../inventory/load.ts'
import { newestOf } from '../../inventory/newest.ts'
import type { Plan, Step } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { sentEntry } from '../../report/record-build.ts'
import { type ApplyContext, urgently } from '../apply.ts'
import type { DriftDetector } from '../drift.ts'
import type { Performed } from '../execute.ts'
import { readVersion, remover } from '../remove.ts'
import { DONE, failed, orUnsure, skipped, tellingWhatWasSent } from '../write.ts'
import type { Leftovers } from './leftovers.ts'
import {
  type Bared,
  MEDIA_TYPE,
  mayBeOn,
  mayStay,
  notListed,
  placeholderFor,
  takeOff,
  withPlaceholder,
  withReturned
} from './placeholder.ts'
import { returnTag } from './return-tag.ts'
import { cameBefore, judge, type Suspects, type Taking, type Verdict } from './tag-taken.ts'

/** A step that takes a tag off. */
type UntagStep = Extract<Step, { readonly action: 'untag' }>

/** Pauses between looks for the placeholder's version, which GitHub lists with a delay. */
const PAUSES = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000]
/** Between two looks at a tag, in milliseconds: another server answers, and a push sets all of its tags. */
const PAUSE = 1_000
/** Behind so much time a row is asked for once more before a deletion, in milliseconds. */
const RENEWED = 8_000
/** How long the index of an image takes to follow its parts, in milliseconds. */
const PARTS = 4_000

/**
 * Takes tags off versions that others hold. GitHub has no call for that (facts 1.7): the tag is moved to a placeholder
 * manifest of our own, and the version of that manifest is deleted. The placeholder is found by its digest, never by the
 * tag: a stale listing still has the tag on the image. What follows the PUT may use what was put aside for it.
 */
export function untagger(
  { steps }: Plan,
  { inventory: { versions }, listing }: LoadedPackage,
  drift: DriftDetector,
  leftovers: Leftovers,
  scope: ApplyContext
): (step: UntagStep) => Promise<Performed> {
  const { pkg, context, journal } = scope
  const { packages, urgentPackages, registry, clock } = context
  const repository = repositoryOf(pkg)
  const known = new Set(versions.map(({ id }) => id))
  const stripped = new Set(steps.flatMap(step => (step.action === 'untag' ? [step.tag] : [])))
  // Several tags are stripped at once, and a placeholder without its tag looks like a push.
  const placeholders = new Set<Digest>()
  const remove = leftovers.removing(remover(drift, () => true, urgently(scope)))

  /** The newest versions of GitHub's list: all, where its order tells nothing. */
  const newest = async (from = urgentPackages): Promise<readonly PackageVersion[]> =>
    drift.note(await newestOf(pkg, listing, from))

  const elsewhere = ({ version, tag }: Pick<UntagStep, 'version' | 'tag'>): readonly PackageVersion[] =>
    drift.elsewhere(tag, version.digest).filter(other => !placeholders.has(other.digest))

  /** Why a tag must be left alone, as the registry says now. */
  async function objection({ version, tag }: UntagStep): Promise<Performed | undefined> {
    const holder = await findTag(registry, repository, tag, clock)
    if (holder.state === 'unread') return failed(holder.cause)
    if (holder.state === 'missing')
      return { status: 'already', detail: 'the tag was gone before this run reached it' }
    return holder.digest === version.digest
      ? undefined
      : skipped(`the tag has moved to ${holder.digest} since the listing`)
  }

  /** The same as GitHub's rows say, one of which is enough: a server of the registry may lag. */
  async function objectionOf(
    rows: readonly PackageVersion[],
    step: UntagStep
  ): Promise<Performed | undefined> {
    const { version, tag } = step
    const [other] = elsewhere(step)
    if (other !== undefined)
      return skipped(`GitHub shows it on ${other.digest} as well, so it may have moved`)
    // Of many versions it is none of the newest.
    const row = rows.find(({ id }) => id === version.id) ?? (await readVersion(drift, version.id, scope))
    return row?.tags.includes(tag) === false ? skipped('the tag is no longer on it') : undefined
  }

  /** Looks whether the tag may be stripped: an outcome where it may not, and otherwise GitHub's newest versions. */
  async function newestBefore(step: UntagStep): Promise<Performed | readonly PackageVersion[]> {
    const { version, tag } = step
    const stays = version.tags.filter(other => !stripped.has(other))
    const change = await drift.checkTag(version, tag, stays)
    if (change !== undefined) return skipped(change)
    const moved = await objection(step)
    if (moved !== undefined) return moved
    const rows = await newest(packages)
    const shown = await objectionOf(rows, step)
    if (shown !== undefined) return shown
    await clock.sleep(PAUSE)
    await registry.prepareToPut(repository)
    return rows
  }

  /** Whether the registry or GitHub has a placeholder whose PUT may have failed: either may lag. */
  async function isStored(digest: Digest, tag: string): Promise<boolean> {
    for (const pause of [0, PAUSE, PARTS]) {
      await clock.sleep(pause)
      const now = await findTag(registry, repository, tag, clock)
      if (now.state === 'found' && now.digest === digest) return true
    }
    return (await newest()).some(row => row.digest === digest)
  }

  /** GitHub's newest versions once the placeholder is ready among them; undefined when it never is. */
  async function listingWith(
    digest: Digest,
    isReady: (placeholder: PackageVersion) => boolean = () => true
  ): Promise<{ readonly rows: readonly PackageVersion[]; readonly placeholder: PackageVersion } | undefined> {
    for (const pause of PAUSES) {
      if (pause > 0) await clock.sleep(pause)
      const rows = await newest()
      rows.forEach(leftovers.saw)
      const placeholder = rows.find(row => row.digest === digest)
      if (placeholder !== undefined && isReady(placeholder)) return { rows, placeholder }
    }
    return undefined
  }

  /** What may have had the tag when the placeholder took it, as the newest versions show it behind that. */
  async function suspectsIn(rows: readonly PackageVersion[], taking: Taking): Promise<Suspects> {
    const isNew = ({ id, digest }: PackageVersion): boolean =>
      !taking.before.has(id) && !known.has(id) && !placeholders.has(digest)
    const fresh = rows.filter(isNew)
    const found = await orFailure(async () => ({
      images: await imagesAmong(fresh, digest => registry.readManifest(repository, digest))
    }))
    // After the end of the time nothing is read any more; then any of them may have lost the tag.
    const pushed = 'problem' in found ? fresh : found.images
    return { pushed: pushed.filter(one => cameBefore(one, taking)), shown: elsewhere(taking) }
  }

  /** Judges, and looks once more at what has no tag: the parts of an image come before it. A list that shows less is late. */
  async function judged(rows: readonly PackageVersion[], taking: Taking): Promise<Verdict> {
    const first = judge(taking, await suspectsIn(rows, taking))
    if ('end' in first) return first
    const shown = rows.filter(({ id }) => id === first.robbed.id || id === taking.placeholder.id)
    for (const pause of [PARTS, PARTS, RENEWED]) {
      await clock.sleep(pause)
      const later = await newest()
      if (shown.every(({ id }) => later.some(row => row.id === id)))
        return judge(taking, await suspectsIn(later, taking))
    }
    return first
  }

  /** Finds the placeholder with no other tag than that which it took: what somebody put on it goes back. */
  async function bared(digest: Digest, tag: string): Promise<Bared | { readonly stays: string }> {
    const first = await listingWith(digest)
    const foreign = first?.placeholder.tags.filter(other => other !== tag) ?? []
    const { returned, stuck } = await takeOff(digest, foreign, versions, scope)
    if (stuck.length > 0) return { stays: [...returned, ...stuck].join('. ') }
    const isAlone = (row: PackageVersion): boolean => row.tags.every(other => other === tag)
    const listed = foreign.length === 0 ? first : await listingWith(digest, isAlone)
    return listed === undefined
      ? { stays: [notListed(tag), ...returned].join('. ') }
      : { rows: listed.rows, placeholder: listed.placeholder, returned }
  }

  /** Removes the placeholder; where somebody has put a tag on it since, that goes back first. */
  async function removeBared(
    digest: Digest,
    tag: string,
    found?: Bared
  ): Promise<{ readonly removed: Performed; readonly returned: readonly string[] }> {
    const bare = found ?? (await bared(digest, tag))
    if ('stays' in bare) return { removed: failed(bare.stays), returned: [] }
    const removed = await remove(bare.placeholder)
    if (removed.status !== 'skipped' || found === undefined) return { removed, returned: bare.returned }
    await clock.sleep(RENEWED)
    const again = await removeBared(digest, tag)
    return { ...again, returned: [...bare.returned, ...again.returned] }
  }

  /** Finds the placeholder, gives back what it took from somebody, and deletes it. */
  async function behindPut(taken: Omit<Taking, 'placeholder'>, digest: Digest): Promise<Performed> {
    const { version, tag } = taken
    const bare = await bared(digest, tag)
    if ('stays' in bare) return withPlaceholder(failed(bare.stays), digest, DONE)
    const verdict = await judged(bare.rows, { ...taken, placeholder: bare.placeholder })
    if ('end' in verdict) {
      const { removed, returned } = await removeBared(digest, tag, bare)
      return withPlaceholder(removed, digest, withReturned(verdict.end, returned))
    }
    const end = await returnTag(verdict, tag, [digest, version.digest], scope)
    // Without the tag the placeholder is another row than the one that was listed.
    const { removed, returned } = await removeBared(digest, tag)
    return withPlaceholder(removed, digest, withReturned(end, [...bare.returned, ...returned]))
  }

  return step =>
    tellingWhatWasSent(async sent => {
      const rows = await newestBefore(step)
      if ('status' in rows) return rows
      // From here on: the answer may be on its way for seconds.
      const start = clock.now()
      const moved = await objection(step)
      if (moved !== undefined) return moved
      const { version, tag } = step
      const { bytes, digest } = placeholderFor(tag)
      drift.expect(digest)
      placeholders.add(digest)
      sent.count++
      journal.append(sentEntry(pkg.name, step, clock.now()))
      const stored = await orUnsure(() => registry.putManifest(repository, tag, bytes, MEDIA_TYPE))
      leftovers.add(digest)
      const took = clock.now() - start
      if (!(stored instanceof UnsureError) && stored !== digest)
        return failed(`the registry stored ${stored} instead of the placeholder ${digest}`)
      const taken = { version, tag, before: new Set(rows.map(({ id }) => id)), took }
      const end = await orFailure(async () =>
        stored instanceof UnsureError && !(await isStored(digest, tag))
          ? failed(mayBeOn(digest, tag, stored.message))
          : behindPut(taken, digest)
      )
      return 'problem' in end ? failed(mayStay(digest, tag, end.sentence)) : end
    })
}
