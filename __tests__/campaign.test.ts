import { expect, it } from '@jest/globals'
import { disturb, type Where } from './campaign/campaign.ts'
import type { Kind } from './campaign/scenario.ts'

/** A share of what `npm run soak` runs by the thousand; a failure names the seed to see it again with. */
const SHARES: readonly (readonly [Where, Kind, number])[] = [
  ['inside', 'faults', 8],
  ['inside', 'witnesses', 8],
  ['bundle', 'faults', 2],
  ['bundle', 'kill', 3]
]

it.each(SHARES)(
  '%s, disturbed by %s, nothing is lost and the next run sets all right (T-29, T-32)',
  async (where, kind, runs) => {
    for (let seed = 1; seed <= runs; seed++) {
      expect(await disturb(seed, kind, where)).toMatchObject({ seed, findings: [] })
    }
  }
)
