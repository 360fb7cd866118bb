import type { Performed } from '../../apply/execute.ts'
import type { DeletedVersion } from '../../github/package-versions.ts'
import type { RestoreReason } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import { type PackageVersion, versionsCalled } from '../../model/package.ts'
import { nearTag } from '../../policy/idle.ts'
import { type Restoral, restoralOf, undoing } from '../../policy/order.ts'
import { parseAge } from '../../policy/time.ts'
import type { TagHead } from '../../registry/read.ts'
import type { TakenAway } from '../../report/deleted-by.ts'
import { code, some, utcMinute } from '../../util/format.ts'

/** GitHub keeps what was deleted for so long, in milliseconds. */
const KEPT_FOR = 30 * 86_400_000

/** What is there of a package, and what is not any more. */
export interface PackageState {
  readonly active: readonly PackageVersion[]
  readonly deleted: readonly DeletedVersion[]
  /** What the registry says of tags that are to come back, which GitHub's list may show where they were before. */
  readonly heads?: ReadonlyMap<string, TagHead>
}

/** What is to come back to one package. */
export interface RestorePlan {
  /** Children before the index that names them. */
  readonly steps: readonly Restoral[]
  readonly reason: RestoreReason
  /** Where each tag belongs in the end. */
  readonly tags: ReadonlyMap<string, PackageVersion>
  /** What was broken before it was deleted, and so will be again. */
  readonly broken: ReadonlySet<Digest>
  /** Ids and digests that are nowhere to be found. */
  readonly unknown: readonly string[]
  /** Those of the unknown that are short digests of several versions, with the whole ones; absent where there is none. */
  readonly ambiguous?: ReadonlyMap<string, readonly Digest[]>
  /** True when one of the unknown may be a tag, and the list of deleted versions has none. */
  readonly hidesTags: boolean
  /** Deleted versions of which GitHub does not say when, where a time is asked for. */
  readonly undated: readonly PackageVersion[]
}

const NOTHING_UNCLEAR = { unknown: [], hidesTags: false, undated: [] }

/** What undoes a run: everything that it deleted, and the tags that it took off. `started` in ms since 1970. */
export function planOfReport(taken: TakenAway, started: number): RestorePlan {
  const referrers = new Set(taken.deletions.filter(one => one.referrer).map(one => one.version.digest))
  const tags = new Map<string, PackageVersion>()
  for (const { version } of taken.deletions) for (const tag of version.tags) tags.set(tag, version)
  for (const { version, tag } of taken.stripped) tags.set(tag, version)
  return {
    steps: undoing(taken.deletions, ({ digest }) => referrers.has(digest)),
    reason: { code: 'undo', started, whole: taken.wholePackage },
    tags,
    broken: taken.broken,
    ...NOTHING_UNCLEAR
  }
}

/** What people name by tag, id or digest; a short digest must mean one. */
export function planOfNames(names: readonly string[], { active, deleted }: PackageState): RestorePlan {
  const found = new Map<number, PackageVersion>()
  const unknown: string[] = []
  const ambiguous = new Map<string, readonly Digest[]>()
  for (const name of names) {
    const [version] = [...latest(versionsCalled(deleted, name)), ...versionsCalled(active, name)]
    const digests = digestsBeginning(name, [...active, ...deleted])
    if (digests.length > 1) ambiguous.set(name, digests)
    if (version === undefined || digests.length > 1) unknown.push(name)
    else found.set(version.id, version)
  }
  const showsNone = deleted.every(({ tags }) => tags.length === 0)
  const hidesTags = showsNone && unknown.some(name => mayBeTag(name) && !ambiguous.has(name))
  return { ...planOf([...found.values()]), unknown, hidesTags, ambiguous }
}

/** Everything that was deleted since a moment (milliseconds since 1970). */
export function planOfTime(since: number, { deleted }: PackageState): RestorePlan {
  const due = deleted.filter(version => version.deleted !== undefined && version.deleted >= since)
  return { ...planOf(due), undated: deleted.filter(version => version.deleted === undefined) }
}

type Named = PackageVersion & Partial<Pick<DeletedVersion, 'deleted'>>

/**
 * Nobody can read what deleted versions need, so the untagged ones come first, in the order in which they were pushed.
 * Each waits for the one before, because that may be a part of it, and follows even if that one does not come back.
 */
function planOf(versions: readonly Named[]): RestorePlan {
  // Of a digest or a tag that was deleted more than once the last counts; what is there counts as that.
  const lately = versions.toSorted((a, b) => (a.deleted ?? Infinity) - (b.deleted ?? Infinity) || a.id - b.id)
  const byDigest = new Map(lately.map(version => [version.digest, version]))
  const order = [...byDigest.values()].sort(
    (a, b) => Number(a.tags.length > 0) - Number(b.tags.length > 0) || a.id - b.id
  )
  return {
    steps: order.map((version, place) => ({
      ...restoralOf(version),
      after: order.slice(Math.max(0, place - 1), place).map(({ digest }) => digest),
      optional: true
    })),
    reason: { code: 'asked-for' },
    tags: new Map(
      lately.flatMap(version =>
        version.tags.map(tag => [tag, byDigest.get(version.digest) ?? version] as const)
      )
    ),
    broken: new Set(),
    ...NOTHING_UNCLEAR
  }
}

function mayBeTag(name: string): boolean {
  return !/^(?:sha256:.*|\d+)$/i.test(name)
}

/** The digests that a short one can stand for; none where something has it for a name. */
function digestsBeginning(name: string, versions: readonly PackageVersion[]): Digest[] {
  const meant = versionsCalled(versions, name)
  const isName = meant.some(({ id, tags }) => tags.includes(name) || String(id) === name)
  return isName ? [] : [...new Set(meant.map(({ digest }) => digest))]
}

/** A digest can have been deleted more than once: the last one counts. */
function latest(deleted: readonly DeletedVersion[]): PackageVersion[] {
  return deleted.toSorted((a, b) => (b.deleted ?? 0) - (a.deleted ?? 0)).slice(0, 1)
}

/** What is clear of a step without sending anything: it is there, or gone for good. `now` in ms since 1970. */
export function settledSteps(
  { steps, reason }: RestorePlan,
  { active, deleted }: PackageState,
  now: number
): ReadonlyMap<number, Performed> {
  const byDigest = new Map(active.map(({ digest, id }) => [digest, id]))
  const restorable = new Set(deleted.map(({ id }) => id))
  const settled = new Map<number, Performed>()
  for (const { version } of steps) {
    const there = byDigest.get(version.digest)
    // What is listed as deleted as well is sent: that does no harm to what is there.
    if (there === version.id) {
      if (!restorable.has(version.id)) settled.set(version.id, { status: 'already', detail: '' })
    } else if (there !== undefined) {
      const detail = `it was pushed again meanwhile, and is there as version ${there}`
      settled.set(version.id, { status: 'already', detail })
    } else if (!restorable.has(version.id) && reason.code === 'undo' && now - reason.started > KEPT_FOR) {
      const detail = `it was deleted by the run of ${utcMinute(reason.started)}, and GitHub keeps what is deleted for 30 days`
      settled.set(version.id, { status: 'failed', detail })
    }
  }
  return settled
}

/** Why nothing of what `restore` names is restored, and what to write instead: the rest of a sentence behind "because". */
export function unknownPhrase(
  { unknown, hidesTags, ambiguous = new Map() }: RestorePlan,
  { active, deleted }: PackageState
): string {
  const [several] = ambiguous
  if (several !== undefined)
    return `${several[0]} means ${several[1].length} versions. Write one of ${some(several[1], 5)}.`
  const names = some(unknown.map(code), 5)
  const nowhere = `no version, deleted or not, shows the tag${unknown.length === 1 ? '' : 's'} ${names}.`
  const age = ageIn(unknown)
  if (age !== undefined) return `${nowhere} For everything deleted in that time, write \`since ${age}\`.`
  if (unknown.some(name => DATE.test(name)))
    return `${nowhere} \`restore\` takes no date: write how long ago it was, such as \`since 3h\` or \`since 2 days\`.`
  const tags = [...deleted, ...active].flatMap(version => version.tags)
  for (const name of unknown) {
    const near = nearTag(name, tags)
    if (near !== undefined) return `there is no \`${name}\`. Did you mean \`${near}\`?`
  }
  if (!hidesTags)
    return `${some(unknown, 5)} is neither there nor among the deleted versions, which GitHub keeps for 30 days.`
  return (
    `no deleted version shows the tag${unknown.length === 1 ? '' : 's'} ${some(unknown, 5)}: GitHub may hide the tags of deleted versions. Write \`since 3h\` for everything ` +
    'deleted in that time, or the id or digest that the log of that run shows, or the path of its report.'
  )
}

const DATE = /^(?:\d{4}-\d\d(?:-\d\d.*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|yesterday|today|now)$/i

/** `3h`, or `last 2 days` and `3 hours ago`, which were split at their spaces. */
function ageIn(names: readonly string[]): string | undefined {
  const sentence = names.join(' ').replace(/^(?:in )?(?:the )?(?:last|past|for) | ago$/gi, '')
  return [sentence, ...names].find(text => parseAge(text) !== undefined && text !== '0')
}
