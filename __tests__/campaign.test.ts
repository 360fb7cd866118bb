import { expect, it } from '@jest/globals'
import { disturb, type Kind, type Where } from './campaign/campaign.ts'

/** A share of what `npm run soak` runs by the thousand; a failure names the seed to see it again with. */
const SHARES: readonly (readonly [Where, Kind, number])[] = [
  ['inside', 'faults', 8],
  ['inside', 'witnesses', 8],
  ['inside', 'races', 4],
  ['bundle', 'faults', 2],
  ['bundle', 'kill', 3]
]

const runs = SHARES.flatMap(([where, kind, most]) =>
  Array.from({ length: most }, (_, index) => [where, kind, index + 1] as const)
)

// At once, because they mostly wait.
it.concurrent.each(runs)(
  '%s, disturbed by %s, nothing is lost and the next run sets all right (T-29, T-32): seed %i',
  async (where, kind, seed) => {
    expect(await disturb(seed, kind, where)).toMatchObject({ seed, findings: [] })
  }
)
