import type { Heading } from './file.ts'
import { type Place, placeOf } from './places.ts'

/** An entry that was fetched. */
export interface Entry {
  readonly place: Place
  /** Undefined where what it says is of no use. */
  readonly heading: Heading | undefined
}

/** What a run knows of the entries of a package, which follow each other: each holds what those before it did. */
export interface Chain {
  /** The last place that is taken, as far as the run knows. */
  readonly newest: Place
  /** Places of which nobody knows whether there is something: an entry stands for all before it but for these. */
  readonly passed: readonly Place[]
  /** What other jobs stored that the next entry has to hold. */
  readonly others: readonly Heading[]
}

export const chainFrom = ({ place, heading }: Entry): Chain => ({
  newest: place,
  passed: heading?.passed.map(placeOf) ?? [],
  others: []
})

/** The next entry is to hold what this one says. */
export function takeOver(chain: Chain, { heading }: Entry): Chain {
  if (heading === undefined) return chain
  const passed = [...chain.passed, ...heading.passed.map(placeOf)]
  return { ...chain, passed, others: [...chain.others, heading] }
}

/** The next entry goes behind this one, and holds what it says. */
export const goBehind = (chain: Chain, entry: Entry): Chain => ({
  ...takeOver(chain, entry),
  newest: entry.place
})

/** The next entry goes behind a place that is taken, although nobody can see what is there. */
export const pass = (chain: Chain, place: Place): Chain => ({
  ...chain,
  passed: [...chain.passed, place],
  newest: place
})
