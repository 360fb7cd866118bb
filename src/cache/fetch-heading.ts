import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Fetched, Store } from './actions-cache.ts'
import { type Heading, readHeading } from './file.ts'

/** Where an entry is, and what it is about. */
interface EntryPlace {
  /** The beginning of its key; the rest is the time at which it was stored. */
  readonly key: string
  readonly file: string
  /** Registry, owner and name of the package. */
  readonly name: string
}

/**
 * Fetches an entry, and puts it aside so that the next one can take its place. What fails is tried once more.
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
  const { key, file, name } = place
  const found = await fetchSurely(store, key, file)
  if (isToWaitFor(found, now)) {
    debug(`what was remembered of ${name} could not be read, so it stays as it is`)
    return 'unknown'
  }
  if (found.state !== 'fetched') return undefined
  const path = join(store.folder, file)
  try {
    await rename(path, `${path}.old`)
    return await readHeading(`${path}.old`, name)
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
  const age = now - Number(found.key.split('@').at(-1))
  return age >= 0 && age < MENDS_WITHIN
}
