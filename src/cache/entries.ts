import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { Fetched, Store, Stored } from './actions-cache.ts'
import { type Chain, chainFrom, type Entry, goBehind, pass, takeOver } from './chain.ts'
import { alsoForgotten, type Forgotten, withDeletions } from './deletions.ts'
import { type Heading, readHeading } from './file.ts'
import { compare, dayOf, NOWHERE, type Place, placeBehind, placeFor, placeOf, textOf } from './places.ts'

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
   * before, is not lost: the deletions that it left are taken over, by a later run if this one cannot see them yet.
   *
   * @param write puts what is to be stored under `path`
   * @param now milliseconds since 1970
   * @returns false when nothing was stored
   */
  save(
    heading: Omit<Heading, 'passed'>,
    write: (heading: Heading) => Promise<void>,
    now: number
  ): Promise<boolean>
  /** What other jobs stored of purges since the run began: one call, and never fails. */
  forgottenSince(): Promise<readonly Forgotten[]>
}

/** So many places are tried for one entry: other jobs may store something of the package meanwhile. */
const TRIES = 8
/** Pauses before further looks at a place that is taken and shows nothing: together less than anybody waits for an entry. */
const PAUSES = [1_000, 2_000, 4_000]
/** So many places that were passed are looked at again. */
const MOST_PASSED = 4
/** So many entries are looked for behind the one that a service shows as the newest. */
const MOST_BEHIND = 3
/** As many days as this a torn entry may be the fault of what carried it: a run each week sees it twice. */
const MENDS_WITHIN = 8

/** Where the entries of a package are: how their keys begin, the name of their file, and what they must be about. */
interface Address {
  readonly key: string
  readonly file: string
  readonly name: string
}

/**
 * Fetches the newest entry of a package, and puts it aside so that the next one can take its place.
 *
 * @param address the beginning of all keys; the name of the file, in the folder of the store; registry, owner and name of
 *   the package
 * @returns undefined where nobody can tell what there is. What the newest says then waits for a run that can read it: it
 *   must stay the newest, so nothing may be stored
 */
export async function openEntries(
  store: Store,
  address: Address,
  debug: (text: string) => void,
  clock: Clock
): Promise<Entries | undefined> {
  const shelf = createShelf(store, address, debug)
  const found = await shelf.fetchNewest()
  const today = dayOf(clock.now())
  if (isToWaitFor(found, today)) {
    debug(`what was remembered of ${address.name} could not be read, so it stays as it is`)
    return undefined
  }
  if (!store.works()) return undefined
  const heading = found.state === 'fetched' ? await shelf.putAside(address.file) : undefined
  const opened = await readChain(shelf, found, heading, today)
  const path = join(store.folder, address.file)
  return {
    heading: opened.heading,
    old: `${path}.old`,
    path,
    ...goesOnBehind(shelf, opened.chain, clock)
  }
}

/** Saves entry after entry behind the newest, wherever that is by then, and looks there. */
function goesOnBehind(shelf: Shelf, start: Chain, clock: Clock): Pick<Entries, 'save' | 'forgottenSince'> {
  let chain = start
  const pauses = [...PAUSES]
  const save: Entries['save'] = async (heading, write, now) => {
    let isStored = false
    for (let tries = 0; tries < TRIES; tries++) {
      const passed = chain.passed.map(textOf)
      await write(chain.others.reduce(withDeletions, { ...heading, passed }))
      const place = placeFor(chain.newest, dayOf(now), isStored)
      const stored = await shelf.store(place)
      if (stored === 'failed') break
      if (stored === 'taken') {
        const entry = await findBehind(shelf, chain.newest, pauses, clock)
        chain = entry === undefined ? pass(chain, place) : goBehind(chain, entry)
        continue
      }
      chain = { ...chain, newest: place }
      isStored = true
      if (place.day >= dayOf(now)) break
    }
    return isStored
  }
  return {
    save,
    async forgottenSince() {
      const entry = await shelf.fetchBehind(chain.newest)
      return [...chain.others, ...(entry?.heading === undefined ? [] : [entry.heading])]
        .map(({ forgotten }) => forgotten)
        .reduce(alsoForgotten, [])
    }
  }
}

/** Whether a later run may read what this one cannot. An entry that is torn itself must not be in the way for ever. */
function isToWaitFor(found: Fetched, today: number): boolean {
  if (found.state !== 'torn') return found.state === 'failed'
  const age = today - placeOf(found.key).day
  return age >= 0 && age < MENDS_WITHIN
}

/** What the newest entry says, and what others say that it does not hold. */
async function readChain(
  shelf: Shelf,
  found: Fetched,
  heading: Heading | undefined,
  today: number
): Promise<{ readonly heading: Heading | undefined; readonly chain: Chain }> {
  if (!('key' in found)) return { heading, chain: chainFrom({ place: NOWHERE, heading }) }
  const shown = chainFrom({ place: placeOf(found.key), heading })
  const chain = await lookBehind(shelf, await lookAtPassed(shelf, shown, today))
  const headings = [heading, ...chain.others].filter(one => one !== undefined)
  return {
    heading: headings.length > 0 ? headings.reduce(withDeletions) : undefined,
    // They are in the heading, and so in what the run stores.
    chain: { ...chain, others: [] }
  }
}

/** Looks again at places that were passed, the newest first: what is there now stands for all before it. */
async function lookAtPassed(shelf: Shelf, chain: Chain, today: number): Promise<Chain> {
  const open = chain.passed
    .filter(({ day }) => day > today - MENDS_WITHIN)
    .toSorted((one, next) => compare(next, one))
    .slice(0, MOST_PASSED)
  for (const [index, place] of open.entries()) {
    const entry = await shelf.fetchAt(place)
    if (entry !== undefined) return takeOver({ ...chain, passed: open.slice(0, index) }, entry)
  }
  return { ...chain, passed: open }
}

/** An entry that was being stored for longer may be shown in place of one behind it. */
async function lookBehind(shelf: Shelf, start: Chain): Promise<Chain> {
  let chain = start
  for (let steps = 0; steps < MOST_BEHIND; steps++) {
    const entry = await shelf.fetchAt(placeBehind(chain.newest))
    if (entry === undefined) break
    chain = goBehind(chain, entry)
  }
  return chain
}

/** What has the place behind `newest`: another job stored it, or may be about to, or died over it, and then nothing shows. */
async function findBehind(
  shelf: Shelf,
  newest: Place,
  pauses: number[],
  clock: Clock
): Promise<Entry | undefined> {
  for (;;) {
    const entry = await shelf.fetchBehind(newest)
    const pause = entry === undefined ? pauses.shift() : undefined
    if (pause === undefined) return entry
    await clock.sleep(pause)
  }
}

/** The entries of one package in a store. */
interface Shelf {
  /** The newest one, under the name of its file. */
  fetchNewest(): Promise<Fetched>
  /** The one in this place, if there is one. */
  fetchAt(place: Place): Promise<Entry | undefined>
  /** The newest one, if it is behind this place. */
  fetchBehind(place: Place): Promise<Entry | undefined>
  store(place: Place): Promise<Stored>
  /** Puts a file that was fetched aside, and reads what it says; undefined where that is of no use. */
  putAside(file: string): Promise<Heading | undefined>
}

function createShelf(store: Store, { key, file, name }: Address, debug: (text: string) => void): Shelf {
  const other = `other-${file}`

  async function putAside(fetched: string): Promise<Heading | undefined> {
    const path = join(store.folder, fetched)
    try {
      await rename(path, `${path}.old`)
      return await readHeading(`${path}.old`, name)
    } catch (error) {
      debug(`what was remembered of ${name} is of no use: ${messageOf(error)}`)
      return undefined
    }
  }

  async function fetchOther(
    prefix: string,
    isWanted: (found: string) => boolean
  ): Promise<Entry | undefined> {
    const found = await store.fetch(prefix, other, isWanted)
    if (found.state !== 'fetched') return undefined
    return { place: placeOf(found.key), heading: await putAside(other) }
  }

  return {
    async fetchNewest() {
      const first = await store.fetch(key, file)
      return first.state === 'failed' || first.state === 'torn' ? store.fetch(key, file) : first
    },
    fetchAt(place) {
      const wanted = `${key}${textOf(place)}`
      return fetchOther(wanted, found => found === wanted)
    },
    fetchBehind: place => fetchOther(key, found => compare(placeOf(found), place) > 0),
    store: place => store.store(`${key}${textOf(place)}`, file),
    putAside
  }
}
