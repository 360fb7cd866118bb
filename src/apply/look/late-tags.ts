import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { Done } from '../done.ts'
import type { Arrival } from './tags-nowhere.ts'

/** What a look shows of versions. */
export interface Rows {
  /** What may have been deleted. */
  readonly deleted: readonly PackageVersion[]
  /** The newest versions of GitHub's list. */
  readonly seen: readonly PackageVersion[]
  /** Those of them that were not there before. */
  readonly pushed: readonly PackageVersion[]
  /** What was deleted and stands there under another id. */
  readonly again: ReadonlySet<Digest>
  /** What GitHub lists as deleted. */
  readonly rowsDeleted: readonly PackageVersion[]
  /** What was new at earlier looks; undefined at the first one. */
  readonly shown: readonly Arrival[] | undefined
}

/** What became of tags that were put on versions right before their deletion. */
interface LateTags {
  readonly lateTags: ReadonlyMap<Digest, readonly string[]>
  readonly rowsBehind: ReadonlyMap<number, PackageVersion>
}

/**
 * Tags that a version had at its deletion and not before, and that nobody has now. A new tag that the registry shows on
 * what was deleted may mean that it was pushed again, which GitHub's list shows a moment later; so it counts from the
 * second look on.
 */
export async function tagsLate(
  done: Done,
  { deleted, seen, again, rowsDeleted, shown }: Rows,
  tagged: readonly Arrival[],
  context: Context
): Promise<LateTags> {
  const ids = new Set(deleted.map(({ id }) => id))
  const rows = new Map(rowsDeleted.map(row => [row.id, row.tags]))
  const served = Map.groupBy(shown === undefined ? [] : [...shown, ...tagged], one => one.digest)
  const stays = new Map([...done.loaded.listing.versions, ...seen].map(row => [row.id, row]))
  for (const id of ids) stays.delete(id)
  const witnesses = { stays, behind: new Map(seen.map(row => [row.id, row])), listed: seen }
  const lateTags = new Map<Digest, readonly string[]>()
  for (const [digest, same] of Map.groupBy(deleted, one => one.digest)) {
    const had = new Set(same.flatMap(({ tags }) => tags))
    // The same bytes may have been deleted before, under another id and with other tags. What this run deleted comes first.
    const atDeletion = same.flatMap(({ id, tags }, nth) =>
      (rows.get(id) ?? []).filter(tag => !tags.includes(tag) && (nth === 0 || !had.has(tag)))
    )
    const others = new Set(served.get(digest)?.flatMap(one => one.tags)).difference(had)
    const more = new Set([...atDeletion, ...others])
    const lost: string[] = []
    for (const tag of more) {
      const isDead = (holder: Digest): boolean => holder === digest && !again.has(digest)
      if (!(await isElsewhere(tag, isDead, witnesses, done, context))) lost.push(tag)
    }
    if (lost.length > 0) lateTags.set(digest, lost)
  }
  return { lateTags, rowsBehind: witnesses.behind }
}

/** Pauses before looks at where a tag is, in milliseconds: the first answer may be from before it was put on what is gone. */
const LOOKS = [0, 1_000, 2_000]
/** The same where one witness alone shows it elsewhere: one that lags may catch up. */
const MORE_LOOKS = [5_000, 10_000]

/** What GitHub shows. */
interface Witnesses {
  /** What was not deleted, as it was listed before or behind. */
  readonly stays: ReadonlyMap<number, PackageVersion>
  /** The list behind the deletions, as far as it was read. */
  readonly listed: readonly PackageVersion[]
  /** The same, and single versions as they were asked for since. */
  readonly behind: Map<number, PackageVersion>
}

/**
 * Whether a tag is on something that was not deleted. Each witness may lag, before or behind the move of a tag, so two of
 * the three have to say so: the registry, GitHub's list, and the version itself.
 */
async function isElsewhere(
  tag: string,
  isDead: (holder: Digest) => boolean,
  { stays, listed, behind }: Witnesses,
  { plan: { package: pkg } }: Done,
  { packages, registry, clock }: Context
): Promise<boolean> {
  const has = (row: PackageVersion | undefined): boolean => row?.tags.includes(tag) === true
  // One answer may deny what another one showed.
  const shown = new Set<Digest | undefined>()
  for (const [look, pause] of [...LOOKS, ...MORE_LOOKS].entries()) {
    await clock.sleep(pause)
    const head = await registry.headTag(repositoryOf(pkg), tag)
    const holder = head.state === 'found' && !isDead(head.digest) ? head.digest : undefined
    shown.add(holder)
    const suspects = [...stays.values()].filter(
      row => has(row) || has(behind.get(row.id)) || shown.has(row.digest)
    )
    if (look < LOOKS.length - 1) continue
    let most = holder === undefined ? 0 : 1
    for (const { id, digest } of suspects) {
      // What is known to be lost comes back, whatever becomes of further questions.
      const looked = await orFailure(() => packages.version(pkg, id))
      const row = 'problem' in looked ? undefined : looked.seen
      if (row !== undefined) behind.set(id, row)
      const words = [digest === holder, has(listed.find(one => one.id === id)), has(row)]
      most = Math.max(most, words.filter(Boolean).length)
    }
    if (most !== 1) return most > 1
  }
  return false
}
