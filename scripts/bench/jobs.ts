import { image } from '../../__tests__/emulator/shapes.ts'
import { measure, occasionOf, table } from './measure.ts'

const JOBS = 4
const IMAGES = 40
const PARTS = 3
const LATENCY_MS = 200
const OLD = Date.parse('2026-01-01T00:00:00Z')

/** Four jobs of one matrix at once on one token: what GitHub lets through is theirs together. */
export async function jobs(): Promise<string[]> {
  const occasion = await occasionOf(LATENCY_MS, world => {
    for (let job = 0; job < JOBS; job++) {
      const pkg = world.package(`acme/app-${job}`)
      for (let number = 0; number < IMAGES; number++) pkg.push(image(), { at: OLD + number * 60_000 })
      pkg.push(image(), { at: OLD + IMAGES * 60_000, tags: ['latest'] })
    }
  })
  const names = Array.from({ length: JOBS }, (_, job) => `app-${job}`)
  const started = performance.now()
  // One owner's limits for all of them.
  const token = occasion.token()
  const together = { ...occasion, token: () => token }
  await Promise.all(names.map(name => measure(together, { packages: name, 'delete-untagged': 'true' })))
  const minutes = (performance.now() - started) / 60_000
  const { requests, violations } = occasion.github
  const deleted = requests.filter(({ method, status }) => method === 'DELETE' && status === 204).length
  const points = requests.reduce((sum, request) => sum + request.points, 0)
  await occasion.github.close()
  return [
    `${JOBS} jobs at once, each with a package of ${IMAGES * PARTS} versions to delete; ${LATENCY_MS} ms a request, real time:`,
    '',
    ...table(
      ['deletions', 'points', 'minutes', 'points a minute', 'limits crossed'],
      [[deleted.toString(), points, minutes.toFixed(1), (points / minutes).toFixed(0), violations.length]]
    )
  ]
}
