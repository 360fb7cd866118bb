import { orFailure } from '../../errors.ts'
import { findTag } from '../../inventory/evidence.ts'
import { imagesAmong } from '../../inventory/images-among.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { newestOf } from '../../inventory/newest.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { urgently } from '../apply.ts'
import type { Performed } from '../execute.ts'
import { remover } from '../remove.ts'
import { DONE, failed } from '../write.ts'
import { type Bared, notListed, takeOff, withPlaceholder, withReturned } from './placeholder.ts'
import { returnTag } from './return-tag.ts'
import { elsewhere, PAUSE, type Stripping } from './stripping.ts'
import { cameBefore, judge, type Suspects, type Taking, type Verdict } from './tag-taken.ts'

/** Pauses between looks for the placeholder's version, which GitHub lists with a delay. */
const PAUSES = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000]
/** Behind so much time a row is asked for once more before a deletion, in milliseconds. */
const RENEWED = 8_000
/** How long the index of an image takes to follow its parts, in milliseconds. */
const PARTS = 4_000

/**
 * Finds the placeholder by its digest, gives back what it took from somebody, and deletes it. What is asked for may use
 * what was put aside for it.
 *
 * @throws ExpectedError and BudgetError where nobody can look
 */
export async function behindPut(
  taken: Omit<Taking, 'placeholder'>,
  digest: Digest,
  stripping: Stripping
): Promise<Performed> {
  const { version, tag } = taken
  const bare = await bared(digest, tag, stripping)
  if ('stays' in bare) return withPlaceholder(failed(bare.stays), digest, DONE)
  const verdict = await judged(bare.rows, { ...taken, placeholder: bare.placeholder }, stripping)
  if ('end' in verdict) {
    const { removed, returned } = await removeBared(digest, tag, stripping, bare)
    return withPlaceholder(removed, digest, withReturned(verdict.end, returned))
  }
  const end = await returnTag(verdict, tag, [digest, version.digest], stripping.scope)
  // Without the tag the placeholder is another row than the one that was listed.
  const { removed, returned } = await removeBared(digest, tag, stripping)
  return withPlaceholder(removed, digest, withReturned(end, [...bare.returned, ...returned]))
}

/** Whether the registry or GitHub has a placeholder whose PUT may have failed: either may lag. */
export async function isStored(digest: Digest, tag: string, stripping: Stripping): Promise<boolean> {
  const { pkg, context } = stripping.scope
  for (const pause of [0, PAUSE, PARTS]) {
    await context.clock.sleep(pause)
    const now = await findTag(context.registry, repositoryOf(pkg), tag, context.clock)
    if (now.state === 'found' && now.digest === digest) return true
  }
  return (await newest(stripping)).some(row => row.digest === digest)
}

/** The newest versions of GitHub's list. */
async function newest({ loaded, drift, scope }: Stripping): Promise<readonly PackageVersion[]> {
  return drift.note(await newestOf(scope.pkg, loaded.listing, scope.context.urgentPackages))
}

/** GitHub's newest versions once the placeholder is ready among them; undefined when it never is. */
async function listingWith(
  digest: Digest,
  stripping: Stripping,
  isReady: (placeholder: PackageVersion) => boolean = () => true
): Promise<{ readonly rows: readonly PackageVersion[]; readonly placeholder: PackageVersion } | undefined> {
  for (const pause of PAUSES) {
    if (pause > 0) await stripping.scope.context.clock.sleep(pause)
    const rows = await newest(stripping)
    rows.forEach(stripping.leftovers.saw)
    const placeholder = rows.find(row => row.digest === digest)
    if (placeholder !== undefined && isReady(placeholder)) return { rows, placeholder }
  }
  return undefined
}

/** What may have had the tag when the placeholder took it, as the newest versions show it behind that. */
async function suspectsIn(
  rows: readonly PackageVersion[],
  taking: Taking,
  stripping: Stripping
): Promise<Suspects> {
  const { loaded, scope, placeholders } = stripping
  const known = new Set(loaded.inventory.versions.map(({ id }) => id))
  const isNew = ({ id, digest }: PackageVersion): boolean =>
    !taking.before.has(id) && !known.has(id) && !placeholders.has(digest)
  const fresh = rows.filter(isNew)
  const read = (digest: Digest) => scope.context.registry.readManifest(repositoryOf(scope.pkg), digest)
  const found = await orFailure(async () => ({ images: await imagesAmong(fresh, read) }))
  // After the end of the time nothing is read any more; then any of them may have lost the tag.
  const pushed = 'problem' in found ? fresh : found.images
  return { pushed: pushed.filter(one => cameBefore(one, taking)), shown: elsewhere(taking, stripping) }
}

/** Judges, and looks once more at what has no tag: the parts of an image come before it. A list that shows less is late. */
async function judged(
  rows: readonly PackageVersion[],
  taking: Taking,
  stripping: Stripping
): Promise<Verdict> {
  const first = judge(taking, await suspectsIn(rows, taking, stripping))
  if ('end' in first) return first
  const shown = rows.filter(({ id }) => id === first.robbed.id || id === taking.placeholder.id)
  for (const pause of [PARTS, PARTS, RENEWED]) {
    await stripping.scope.context.clock.sleep(pause)
    const later = await newest(stripping)
    if (shown.every(({ id }) => later.some(row => row.id === id)))
      return judge(taking, await suspectsIn(later, taking, stripping))
  }
  return first
}

/** Finds the placeholder with no other tag than that which it took: what somebody put on it goes back. */
async function bared(
  digest: Digest,
  tag: string,
  stripping: Stripping
): Promise<Bared | { readonly stays: string }> {
  const first = await listingWith(digest, stripping)
  const foreign = first?.placeholder.tags.filter(other => other !== tag) ?? []
  const { versions } = stripping.loaded.inventory
  const { returned, stuck } = await takeOff(digest, foreign, versions, stripping.scope)
  if (stuck.length > 0) return { stays: [...returned, ...stuck].join('. ') }
  const isAlone = (row: PackageVersion): boolean => row.tags.every(other => other === tag)
  const listed = foreign.length === 0 ? first : await listingWith(digest, stripping, isAlone)
  return listed === undefined
    ? { stays: [notListed(tag), ...returned].join('. ') }
    : { rows: listed.rows, placeholder: listed.placeholder, returned }
}

/** Removes the placeholder; where somebody has put a tag on it since, that goes back first. */
async function removeBared(
  digest: Digest,
  tag: string,
  stripping: Stripping,
  found?: Bared
): Promise<{ readonly removed: Performed; readonly returned: readonly string[] }> {
  const bare = found ?? (await bared(digest, tag, stripping))
  if ('stays' in bare) return { removed: failed(bare.stays), returned: [] }
  const { drift, leftovers, scope } = stripping
  const remove = leftovers.removing(remover(drift, () => true, urgently(scope)))
  const removed = await remove(bare.placeholder)
  if (removed.status !== 'skipped' || found === undefined) return { removed, returned: bare.returned }
  await scope.context.clock.sleep(RENEWED)
  const again = await removeBared(digest, tag, stripping)
  return { ...again, returned: [...bare.returned, ...again.returned] }
}
