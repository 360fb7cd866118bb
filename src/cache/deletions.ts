import * as z from 'zod'
import { type Digest, parseDigest } from '../model/digest.ts'
import { DAY } from '../util/format.ts'
import { listOf } from '../util/parse-foreign.ts'

const digest = z.string().refine((text): text is Digest => parseDigest(text) === text)

/** A deletion of the last run, with what bringing it back takes. */
export const PastDeletion = z.object({
  id: z.int().positive(),
  digest,
  /** Those that it was known to have. */
  tags: listOf(z.string()),
  /** The version at the top of its image, and those that named it. */
  root: digest,
  after: listOf(digest),
  /** True for what describes an image, which comes back without it, too. */
  describes: z.boolean(),
  /** What it lacked then, if anything: two of these digests at most. */
  lacks: listOf(digest).optional(),
  /** True where it went for that alone. */
  forLack: z.boolean().optional(),
  /** When it was left to the next run, in milliseconds since 1970. */
  at: z.number().default(0),
  /** When its run listed it. */
  listed: z.number().default(0),
  /** True where a run has looked, and could not see enough. */
  looked: z.boolean().default(false)
})
export type PastDeletion = z.infer<typeof PastDeletion>

/** The id of what a purge named, and when that was, in milliseconds since 1970: it does not come back by the memory. */
export const Forgotten = z.tuple([z.int().positive(), z.number()])
export type Forgotten = z.infer<typeof Forgotten>

/** Deletions that are left to the next run, and what of them does not count. */
interface Left {
  readonly unchecked: readonly PastDeletion[]
  readonly checked: readonly PastDeletion[]
  readonly forgotten: readonly Forgotten[]
}

/** A job that worked beside a purge ends before that, in milliseconds: what is deleted later was brought back before. */
const ENDS_WITHIN = 7 * 3_600_000
/** No deletion is remembered for longer. */
const MONTH = 30 * DAY
/** As far apart as the clocks of two runners may be, in milliseconds. */
const CLOCKS = 600_000
/** More names than anybody writes into a purge each day. */
const MOST = 10_000

/** Both of these, the latest of each id. */
export function alsoForgotten(these: readonly Forgotten[], those: readonly Forgotten[]): Forgotten[] {
  const latest = new Map<number, number>()
  for (const [id, at] of [...these, ...those]) latest.set(id, Math.max(at, latest.get(id) ?? at))
  return [...latest]
}

/** Those that still count, the latest first if they are too many. */
export function stillForgotten(forgotten: readonly Forgotten[], now: number): Forgotten[] {
  return forgotten
    .filter(([, at]) => at <= now + CLOCKS && now - at < MONTH)
    .toSorted(([, one], [, next]) => next - one)
    .slice(0, MOST)
}

/** The deletions that count: whatever a job remembers that did not know of a purge, what that named is forgotten. */
export function withoutForgotten<L extends Left>(left: L): L {
  const times = new Map(left.forgotten)
  const counts = ({ id, at, listed }: PastDeletion): boolean => {
    const purged = times.get(id) ?? -Infinity
    // If a later run listed it after the purge, somebody had brought it back.
    return at >= purged + ENDS_WITHIN || listed >= purged + CLOCKS
  }
  return { ...left, unchecked: left.unchecked.filter(counts), checked: left.checked.filter(counts) }
}

/** These deletions with others as well. */
export function withDeletions<L extends Left>(left: L, { unchecked, checked, forgotten }: Left): L {
  const ids = new Set([...left.unchecked, ...left.checked].map(({ id }) => id))
  const isNew = ({ id }: PastDeletion): boolean => !ids.has(id)
  return withoutForgotten({
    ...left,
    unchecked: [...left.unchecked, ...unchecked.filter(isNew)],
    checked: [...left.checked, ...checked.filter(isNew)],
    forgotten: alsoForgotten(left.forgotten, forgotten)
  })
}
