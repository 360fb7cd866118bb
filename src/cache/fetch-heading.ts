import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Fetched, Store } from './actions-cache.ts'
import { type Heading, readHeading } from './file.ts'

/** Where an entry is, and what it is about. */
interface EntryPlace {
  /** The beginning of its key; the rest is the stamp of the time at which it was stored. */
  readonly key: string
  readonly file: string
  /** Registry, owner and name of the package. */
  readonly name: string
}

/** Milliseconds since 1970 as the end of a key: in binary digits, for `prefixesBefore`. */
export const stampOf = (time: number): string => time.toString(2).padStart(STAMP, '0')
const STAMP = 48

/** The beginnings of all stamps that are earlier than this one, the latest first. */
const prefixesBefore = (stamp: string): readonly string[] =>
  [...stamp.slice(0, STAMP)].flatMap((digit, at) => (digit === '1' ? [`${stamp.slice(0, at)}0`] : [])).reverse()

/** So many entries of runs that saw none, up to two of a run: anybody may have written entries that say so. */
const MOST_HOPS = 8

/**
 * Fetches an entry, and puts it aside so that the next one can take its place. What fails is tried once more. A run may
 * be told that there is none while there is one, and stores one that hides it: then what that left is found behind it.
 *
 * @param now milliseconds since 1970
 * @returns the heading; undefined where there is none that is of any use; `unknown` where nobody can tell. What such an
 *   entry says then waits for a run that can read it: it must stay the newest, so nothing may be stored
 */
export async function fetchHeading(
  store: Store,
  place: EntryPlace,
  debug: (text: string) => void,
  now: number
): Promise<Heading | undefined | 'unknown'> {
  const newest = await readEntry(store, place, 'old', debug, now)
  if (newest === undefined || newest === 'unknown') return newest
  const { unchecked, checked } = newest.heading
  const left = { unchecked: [...unchecked], checked: [...checked] }
  let entry = newest
  for (let hops = 0; entry.heading.anew && hops < MOST_HOPS; hops++) {
    const older = await readBefore(entry.key, store, place, debug, now)
    if (older === 'unknown') return older
    if (older === undefined) break
    left.unchecked.push(...older.heading.unchecked)
    left.checked.push(...older.heading.checked)
    entry = older
  }
  return { ...newest.heading, ...left }
}

interface Entry {
  readonly key: string
  readonly heading: Heading
}

/** The newest entry that is older than the one with this key. */
async function readBefore(
  key: string,
  store: Store,
  place: EntryPlace,
  debug: (text: string) => void,
  now: number
): Promise<Entry | undefined | 'unknown'> {
  for (const prefix of prefixesBefore(key.slice(place.key.length))) {
    const found = await readEntry(store, { ...place, key: `${place.key}${prefix}` }, 'older', debug, now)
    if (found !== undefined) return found
  }
  return undefined
}

async function readEntry(
  store: Store,
  { key, file, name }: EntryPlace,
  ending: string,
  debug: (text: string) => void,
  now: number
): Promise<Entry | undefined | 'unknown'> {
  const found = await fetchSurely(store, key, file)
  if (isToWaitFor(found, now)) {
    debug(`what was remembered of ${name} could not be read, so it stays as it is`)
    return 'unknown'
  }
  if (found.state !== 'fetched') return undefined
  const path = join(store.folder, file)
  const aside = `${path}.${ending}`
  try {
    await rename(path, aside)
    return { key: found.key, heading: await readHeading(aside, name) }
  } catch (error) {
    debug(`what was remembered of ${name} is of no use: ${messageOf(error)}`)
    return undefined
  }
}

async function fetchSurely(store: Store, key: string, file: string): Promise<Fetched> {
  const first = await store.fetch(key, file)
  return first.state === 'failed' || first.state === 'torn' ? store.fetch(key, file) : first
}

/** As long as this a torn entry may be the fault of what carried it: a run each week sees it twice. */
const MENDS_WITHIN = 8 * 24 * 60 * 60 * 1000

/** Whether a later run may read what this one cannot. An entry that is torn itself must not be in the way for ever. */
function isToWaitFor(found: Fetched, now: number): boolean {
  if (found.state !== 'torn') return found.state === 'failed'
  const age = now - Number(`0b${found.key.split('@').at(-1)}`)
  return age >= 0 && age < MENDS_WITHIN
}
