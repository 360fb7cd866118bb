import { DAY } from '../util/format.ts'

/**
 * The end of a key: the day on which its entry is stored, counted from 1970, and which of that day it is. A service takes
 * each key once, so of two jobs that store something behind the same entry the second one is refused.
 */
export interface Place {
  readonly day: number
  readonly number: number
}

/** The place before all others. */
export const NOWHERE: Place = { day: 0, number: 0 }

/** The place in a key, or in a text of its own. */
export function placeOf(text: string): Place {
  const [, day, number] = /(?:^|@)(\d{1,9})\.(\d{1,9})$/.exec(text) ?? []
  return { day: Number(day ?? 0), number: Number(number ?? 0) }
}

export const textOf = ({ day, number }: Place): string => `${day}.${number}`

export const dayOf = (now: number): number => Math.floor(now / DAY)

/** The one behind it on its own day. */
export const placeBehind = ({ day, number }: Place): Place => ({ day, number: number + 1 })

/** Positive where the first one is later. */
export const compare = (one: Place, other: Place): number => one.day - other.day || one.number - other.number

/**
 * Where something is to be stored behind the newest entry. A job that began before midnight stores behind an entry of that
 * day, so the next place of a day that is over is taken as well, before the first one of today.
 *
 * @param isTaken whether that one was taken
 */
export function placeFor(newest: Place, today: number, isTaken: boolean): Place {
  const isOver = newest.day < today
  return isOver && (isTaken || newest.day === 0) ? { day: today, number: 1 } : placeBehind(newest)
}
