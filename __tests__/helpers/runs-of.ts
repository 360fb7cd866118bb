/** The seed of the gate: what it finds it finds every time. `npm run soak` draws others. */
const SEED = 20261127

/**
 * How a property is tried: as often as told and with one seed, or as `PROPERTY_RUNS` and `PROPERTY_SEED` say.
 * A failure prints the seed to see it again with.
 */
export const runsOf = (count: number): { readonly numRuns: number; readonly seed: number } => ({
  numRuns: Number(process.env['PROPERTY_RUNS'] ?? count),
  seed: Number(process.env['PROPERTY_SEED'] ?? SEED)
})
