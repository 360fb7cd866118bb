import type { Listing } from '../../github/listing.ts'
import type { Clock } from '../../model/clock.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { changeOf } from '../../policy/change.ts'
import type { DriftReader } from './looks.ts'
import { newVersions } from './new-versions.ts'
import { RENEW, seenRows } from './seen-rows.ts'

/** What is known of a version when its DELETE is sent is at most this old (law 5), in milliseconds. */
const FRESH = 10_000
/** How often one version is looked at before it is left alone because the answers come too late. */
const LOOKS = 3

/** What is known of the package since the listing. */
export interface DriftDetector {
  /**
   * Looks again where the last look is too old.
   * @returns `gone`, a sentence saying why the version must be left alone, or undefined when it is unchanged
   */
  check(version: PackageVersion): Promise<'gone' | string | undefined>
  /**
   * The same for a tag that is to be stripped: it must still be there, and so must one of those that stay.
   * @returns a sentence saying why the tag must be left alone, or undefined
   */
  checkTag(version: PackageVersion, tag: string, stays: readonly string[]): Promise<string | undefined>
  /**
   * True while a DELETE may be sent: all that is known is recent enough, and nothing of it speaks against that. Others
   * look, too, so more may be known by now than `check` said.
   */
  fresh(version: PackageVersion): boolean
  /** Looks at rows that others read, and gives them on: what one of them shows speaks against a deletion, too. */
  note(rows: readonly PackageVersion[]): readonly PackageVersion[]
  /** The versions of other digests that any row showed with a tag that is to be stripped: one row is believed. */
  elsewhere(tag: string, than: Digest): readonly PackageVersion[]
  /** A new version that is our own work and needs nothing. */
  expect(digest: Digest): void
  /** What came since the listing, as any look at GitHub's list showed. */
  readonly arrived: ReadonlySet<Digest>
  /** What any look showed that new versions need or describe: digests and referrer tags' keys. */
  readonly needed: ReadonlySet<string>
  /** Why nobody can tell what new versions and tags need: a phrase; undefined when it is known. */
  unread(): string | undefined
}

/**
 * Follows a package between its listing and its last DELETE: tags that land on a candidate, new indexes that
 * adopt one, new signatures on one. Looks by page or by version, whichever takes fewer requests.
 *
 * @param candidates what will be deleted, in that order: one look covers the next few of them
 * @param stripped tags that will be taken off
 */
export function detectDrift(
  listing: Listing,
  candidates: readonly PackageVersion[],
  stripped: readonly string[],
  reader: DriftReader,
  clock: Clock
): DriftDetector {
  const rows = seenRows(listing, candidates, stripped, reader, clock)
  const arrivals = newVersions(listing, candidates, rows, reader)
  /** How many versions were asked about since the last look at rows: the next one covers about as many. */
  let asked = 0
  let looking: Promise<void> | undefined

  const age = (version: PackageVersion): number =>
    clock.now() - Math.min(rows.seenAt(version), arrivals.seenAt())

  async function look(version: PackageVersion): Promise<void> {
    if (clock.now() - arrivals.seenAt() > RENEW) await arrivals.look()
    if (!rows.isStale(version)) return
    const since = asked
    asked = 0
    await rows.renew(version, since)
  }

  /** The version as it is now, known freshly enough; `late` when GitHub is too slow for that. */
  async function current(version: PackageVersion): Promise<PackageVersion | undefined | 'late'> {
    asked++
    for (let looks = 0; age(version) > RENEW; ) {
      // One look at a time: those who wait for it mostly find their own row in it.
      if (looking === undefined) {
        if (++looks > LOOKS) return 'late'
        looking = look(version).finally(() => {
          looking = undefined
        })
      }
      await looking
    }
    return rows.now(version)
  }

  const objection = (version: PackageVersion, now: PackageVersion): string | undefined =>
    rows.changeSeen(version) ?? changeOf(version, now, 'after the listing') ?? arrivals.objection(version)

  return {
    needed: arrivals.needed,
    arrived: arrivals.arrived,
    unread: arrivals.unread,
    async check(version) {
      const now = await current(version)
      if (now === undefined) return 'gone'
      if (now === 'late') return LATE
      return objection(version, now)
    },
    async checkTag(version, tag, stays) {
      const now = await current(version)
      if (now === 'late') return LATE
      if (!now?.tags.includes(tag)) return 'the tag is no longer on it'
      if (!stays.some(other => now.tags.includes(other))) return 'no other tag points to it anymore'
      return undefined
    },
    fresh(version) {
      const now = rows.now(version)
      return age(version) <= FRESH && now !== undefined && objection(version, now) === undefined
    },
    note: seen => {
      seen.forEach(rows.see)
      return seen
    },
    elsewhere: rows.elsewhere,
    expect: arrivals.expect
  }
}

const LATE = `GitHub took longer than ${RENEW / 1000} seconds to say what it is now`
