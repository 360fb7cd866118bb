import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import type { Clock } from '../model/clock.ts'
import type { Fetched, Store } from './actions-cache.ts'
import { type Heading, type PastDeletion, readHeading } from './file.ts'
import { compare, dayOf, type Place, placeBehind, placeFor, placeOf, textOf } from './places.ts'

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
}

/** So many places are tried for one entry: other jobs may store something of the package meanwhile. */
const TRIES = 8
/** Pauses before further looks at a place that is taken and shows nothing: together less than anybody waits for an entry. */
const PAUSES = [1_000, 2_000, 4_000]
/** So many places that were passed are looked at again. */
const MOST_PASSED = 4
/** So many entries are looked for behind the one that a service shows as the newest. */
const MOST_BEHIND = 3

/**
 * Fetches the newest entry of a package, and puts it aside so that the next one can take its place.
 *
 * @param key the beginning of all keys
 * @param file the name of its file, in the folder of the store
 * @param name registry, owner and name of the package
 * @returns undefined where nobody can tell what there is. What the newest says then waits for a run that can read it: it
 *   must stay the newest, so nothing may be stored
 */
export async function openEntries(
  store: Store,
  { key, file, name }: { readonly key: string; readonly file: string; readonly name: string },
  debug: (text: string) => void,
  clock: Clock
): Promise<Entries | undefined> {
  const path = join(store.folder, file)
  const other = `other-${file}`
  const pauses = [...PAUSES]
  let newest = ''
  /** What others left since this run began. */
  let others: Heading[] = []
  /** Places of which nobody knows whether there is something. */
  let passed: readonly Place[] = []

  const keyOf = (place: Place): string => `${key}${textOf(place)}`
  const isLater = (found: string): boolean => compare(placeOf(found), placeOf(newest)) > 0

  async function headingIn(into: string): Promise<Heading | undefined> {
    const fetched = join(store.folder, into)
    try {
      await rename(fetched, `${fetched}.old`)
      return await readHeading(`${fetched}.old`, name)
    } catch (error) {
      debug(`what was remembered of ${name} is of no use: ${messageOf(error)}`)
      return undefined
    }
  }

  async function takeOver(): Promise<void> {
    const heading = await headingIn(other)
    if (heading === undefined) return
    others.push(heading)
    passed = [...passed, ...heading.passed.map(placeOf)]
  }

  /** Takes over what is in one place. */
  async function isFound(place: Place): Promise<boolean> {
    const { state } = await store.fetch(keyOf(place), other, found => found === keyOf(place))
    if (state === 'fetched') await takeOver()
    return state === 'fetched'
  }

  /** An entry stands for all before it, but for those that it says were passed. */
  async function lookAtPassed(): Promise<void> {
    const oldest = dayOf(clock.now()) - MENDS_WITHIN
    const open = passed.filter(({ day }) => day > oldest).toSorted((one, next) => compare(next, one))
    passed = []
    for (const place of open.slice(0, MOST_PASSED)) {
      if (await isFound(place)) return
      passed = [...passed, place]
    }
  }

  /** Goes behind what has a place: what another job stored there, or may be about to store, or died over. */
  async function goBehind(place: Place): Promise<void> {
    for (;;) {
      const found = await store.fetch(key, other, isLater)
      if (found.state === 'fetched') {
        newest = found.key
        return takeOver()
      }
      const pause = pauses.shift()
      if (pause === undefined) break
      await clock.sleep(pause)
    }
    passed = [...passed, place]
    newest = keyOf(place)
  }

  const found = await fetchSurely(store, key, file)
  if (isToWaitFor(found, clock.now())) {
    debug(`what was remembered of ${name} could not be read, so it stays as it is`)
    return undefined
  }
  if (!store.works()) return undefined
  let heading = found.state === 'fetched' ? await headingIn(file) : undefined
  if ('key' in found) {
    newest = found.key
    passed = heading?.passed.map(placeOf) ?? []
    await lookAtPassed()
    // One that was being stored for longer may be shown in place of one behind it.
    for (let steps = 0; steps < MOST_BEHIND; steps++) {
      const next = placeBehind(placeOf(newest))
      if (!(await isFound(next))) break
      newest = keyOf(next)
    }
    for (const one of others) heading = heading === undefined ? one : withDeletions(heading, one)
    others = []
  }
  return {
    heading,
    old: `${path}.old`,
    path,
    async save(heading, write, now) {
      let isStored = false
      for (let tries = 0; tries < TRIES; tries++) {
        await write(others.reduce(withDeletions, { ...heading, passed: passed.map(textOf) }))
        const place = placeFor(placeOf(newest), dayOf(now), isStored)
        const stored = await store.store(keyOf(place), file)
        if (stored === 'failed') break
        if (stored === 'taken') await goBehind(place)
        else {
          newest = keyOf(place)
          isStored = true
          if (place.day >= dayOf(now)) break
        }
      }
      return isStored
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

async function fetchSurely(store: Store, key: string, file: string): Promise<Fetched> {
  const first = await store.fetch(key, file)
  return first.state === 'failed' || first.state === 'torn' ? store.fetch(key, file) : first
}

/** As many days as this a torn entry may be the fault of what carried it: a run each week sees it twice. */
const MENDS_WITHIN = 8

/** Whether a later run may read what this one cannot. An entry that is torn itself must not be in the way for ever. */
function isToWaitFor(found: Fetched, now: number): boolean {
  if (found.state !== 'torn') return found.state === 'failed'
  const age = dayOf(now) - placeOf(found.key).day
  return age >= 0 && age < MENDS_WITHIN
}
