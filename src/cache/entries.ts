import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { DAY } from '../util/format.ts'
import type { Fetched, Store } from './actions-cache.ts'
import { type Heading, type PastDeletion, readHeading } from './file.ts'

/** What is stored of one package: a chain of entries, of which the newest counts. */
export interface Entries {
  /** What the newest says; undefined where there is none that is of any use. */
  readonly heading: Heading | undefined
  /** Where `path` was put when it was fetched. */
  readonly old: string
  /** The file that is stored. */
  readonly path: string
  /**
   * Stores an entry behind the newest. What another job has stored there in the meantime, or the service did not show
   * before, is not lost: the deletions that it left are taken over.
   *
   * @param write puts what is to be stored under `path`
   * @param now milliseconds since 1970
   * @returns false when nothing was stored
   */
  save(heading: Heading, write: (heading: Heading) => Promise<void>, now: number): Promise<boolean>
}

/** So many jobs may store something of one package while one does. */
const TRIES = 5

/**
 * Fetches the newest entry of a package, and puts it aside so that the next one can take its place.
 *
 * @param key the beginning of all keys
 * @param file the name of its file, in the folder of the store
 * @param name registry, owner and name of the package
 * @param now the time, in milliseconds since 1970
 * @returns undefined where nobody can tell what there is. What the newest says then waits for a run that can read it: it
 *   must stay the newest, so nothing may be stored
 */
export async function openEntries(
  store: Store,
  { key, file, name }: { readonly key: string; readonly file: string; readonly name: string },
  debug: (text: string) => void,
  now: () => number
): Promise<Entries | undefined> {
  const path = join(store.folder, file)
  const old = `${path}.old`
  let newest = ''
  /** What stands in the way of what this run stores. */
  const others: Heading[] = []

  async function fetchNew(into: string): Promise<Heading | undefined | 'unknown'> {
    const found = await fetchSurely(store, key, into, newest)
    if (isToWaitFor(found, now())) {
      debug(`what was remembered of ${name} could not be read, so it stays as it is`)
      return 'unknown'
    }
    if (!('key' in found)) return undefined
    newest = found.key
    if (found.state === 'torn') return undefined
    const fetched = join(store.folder, into)
    try {
      await rename(fetched, `${fetched}.old`)
      return await readHeading(`${fetched}.old`, name)
    } catch (error) {
      debug(`what was remembered of ${name} is of no use: ${messageOf(error)}`)
      return undefined
    }
  }

  const heading = await fetchNew(file)
  if (heading === 'unknown' || !store.works()) return undefined
  return {
    heading,
    old,
    path,
    async save(heading, write, now) {
      for (let tries = 0; tries < TRIES; tries++) {
        await write(others.reduce(withDeletions, heading))
        const behind = `${key}${placeBehind(newest, now)}`
        if (await store.store(behind, file)) {
          newest = behind
          return true
        }
        const before = newest
        const other = await fetchNew(`other-${file}`)
        if (newest === before) return false
        if (typeof other === 'object') others.push(other)
      }
      return false
    }
  }
}

/** A heading with the deletions of another one as well. */
function withDeletions(heading: Heading, { unchecked, checked }: Heading): Heading {
  const ids = new Set([...heading.unchecked, ...heading.checked].map(({ id }) => id))
  const isNew = ({ id }: PastDeletion): boolean => !ids.has(id)
  return {
    ...heading,
    unchecked: [...heading.unchecked, ...unchecked.filter(isNew)],
    checked: [...heading.checked, ...checked.filter(isNew)]
  }
}

async function fetchSurely(store: Store, key: string, file: string, known: string): Promise<Fetched> {
  const first = await store.fetch(key, file, known)
  return first.state === 'failed' || first.state === 'torn' ? store.fetch(key, file, known) : first
}

/**
 * The end of the next key: the day on which it is stored, counted from 1970, and which of that day it is. A service takes
 * each key once, so of two jobs that store something behind the same entry the second one is refused.
 */
function placeBehind(key: string, now: number): string {
  const today = Math.floor(now / DAY)
  const { day, number } = placeOf(key)
  return day < today ? `${today}.1` : `${day}.${number + 1}`
}

function placeOf(key: string): { readonly day: number; readonly number: number } {
  const [, day, number] = /@(\d{1,9})\.(\d{1,9})$/.exec(key) ?? []
  return { day: Number(day ?? 0), number: Number(number ?? 0) }
}

/** As many days as this a torn entry may be the fault of what carried it: a run each week sees it twice. */
const MENDS_WITHIN = 8

/** Whether a later run may read what this one cannot. An entry that is torn itself must not be in the way for ever. */
function isToWaitFor(found: Fetched, now: number): boolean {
  if (found.state !== 'torn') return found.state === 'failed'
  const age = Math.floor(now / DAY) - placeOf(found.key).day
  return age >= 0 && age < MENDS_WITHIN
}
