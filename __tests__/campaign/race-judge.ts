import type { Digest } from '../../src/model/digest.ts'
import type { Builder } from '../emulator/builder.ts'
import { missingBelow } from '../emulator/contents.ts'
import type { Emulator } from '../emulator/server.ts'
import { brokenTags, type Picture, pictureOf } from './judge.ts'
import type { Moment, Race } from './race-scenario.ts'

/** What people want in the end. */
export interface Aims {
  /** Where each tag is to stand: ids by tag. */
  readonly tags: Map<string, number>
  /** Indexes without a tag that were pushed: they are to be whole. */
  readonly whole: Set<Digest>
  /** What a restore brings back. */
  readonly returning: ReadonlySet<number>
  /** Versions whose last tag somebody moved away. */
  readonly orphaned: Set<number>
  /** Tags that somebody set: when (milliseconds since 1970), at which request, on what, and what had them before. */
  readonly late: Map<string, Late>
  readonly app: Builder
}

export interface Late {
  readonly at: number
  readonly during: Moment
  readonly on: number
  readonly from: number | undefined
}

/** What one run said: its warnings and errors. */
export interface Told {
  readonly isRed: boolean
  readonly said: string
}

interface End {
  readonly aims: Aims
  readonly app: Builder
  readonly github: Emulator
  /** Tags that could not be pulled before. */
  readonly broken: ReadonlySet<string>
  readonly runs: readonly Told[]
  readonly race: Race
  /** What is left where nobody acts and nothing is wrong. */
  readonly strict: Picture
}

/** What is lost, and no red run said so. */
export function lostIn(end: End): string[] {
  const { aims, app, github, broken, strict } = end
  const lost: string[] = []
  const lose = (sentence: string, ...names: readonly (string | number | undefined)[]): void => {
    if (!isTold(end, names)) lost.push(sentence)
  }
  const picture = pictureOf(app)
  const holders = new Map([...picture].flatMap(([id, tags]) => tags.map(tag => [tag, id] as const)))
  for (const [tag, id] of aims.tags) {
    const holder = holders.get(tag)
    if (holder === id || isAccepted(tag, holder, end)) continue
    // What describes an image may go with it.
    if (aims.orphaned.size > 0 && tag.startsWith('of ')) continue
    lose(`the tag ${tag} should be on ${id} and is on ${holder ?? 'nothing'}`, tag, id, digestOf(app, id))
  }
  for (const tag of brokenTags(app, github)) {
    const plain = [...(picture.get(app.row.byTag.get(tag)?.id ?? 0) ?? [])]
    if (!broken.has(tag)) lose(`${tag} cannot be pulled`, tag, ...plain)
  }
  for (const digest of aims.whole) {
    const missing = missingBelow(app.row, digest)
    if (missing.length > 0) lose(`the pushed ${digest} lacks ${missing.join(' ')}`, digest, ...missing)
  }
  if (aims.orphaned.size === 0)
    for (const [id, tags] of strict)
      if (!picture.has(id))
        lose(
          `version ${id} [${tags.join(' ')}] should have stayed and is gone`,
          id,
          digestOf(app, id),
          ...tags
        )
  return lost
}

/** Whether a red run named it, or said how to get back what it may have lost. */
function isTold({ runs }: End, names: readonly (string | number | undefined)[]): boolean {
  const known = names.filter(name => name !== undefined).map(name => String(name).slice(0, 19))
  return runs.some(
    ({ isRed, said }) => isRed && [...known, 'mode: restore'].some(name => said.includes(name))
  )
}

const digestOf = ({ row }: Builder, id: number): string | undefined =>
  (row.byId.get(id) ?? row.deleted.get(id))?.digest

/**
 * What is accepted, and documented. A push in the middle of a restore loses its tag to what comes back, where GitHub moves
 * tags. Where it hides the tags of what is deleted, a promotion there is taken back, and a new tag that was set in the last
 * ten seconds before the deletion is not seen.
 */
function isAccepted(tag: string, holder: number | undefined, { aims, app, race, strict }: End): boolean {
  const set = aims.late.get(tag)
  if (set === undefined) return false
  // A purge takes what has its tag when it lists, with all tags of that version.
  if (race.mode === 'purge' && set.during === 'list')
    return tag === 'sha-9' || app.row.deleted.get(set.on)?.tags.includes('sha-9') === true
  const isAmid = race.mode === 'restore' && set.during === 'restore'
  if (isAmid && race.restoredTags === 'move back' && aims.returning.has(holder ?? 0)) return true
  // Whether they are shown, nobody can tell where nothing that was deleted had one.
  if (race.deletedTags === 'shown' && race.inputs['delete-tags'] !== undefined) return false
  const isBehind = set.during === 'restore' || aims.returning.has(set.on)
  if (isBehind && set.from !== undefined && holder === set.from) return true
  const gone = app.row.deleted.get(set.on)?.deleted
  const isNew = ![...strict.values()].some(tags => tags.includes(tag))
  return isNew && gone !== undefined && gone - set.at <= 10_000
}
