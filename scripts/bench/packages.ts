import { image } from '../../__tests__/emulator/shapes.ts'
import { type Cost, hoursOfQuota, measure, occasionOf, table } from './measure.ts'

const MANY = 40
const LATENCY_MS = 200
const OLD = Date.parse('2026-01-01T00:00:00Z')

/** The same small package once and many times, each with an old image to delete and one to keep. */
export async function packages(): Promise<string[]> {
  const one = await run(1)
  const many = await run(MANY)
  const row = (count: number, { requests, points, reads, deletions, seconds, limitsCrossed }: Cost) => [
    `${count}`,
    requests,
    points,
    reads,
    deletions,
    (requests / deletions).toFixed(1),
    hoursOfQuota(requests),
    seconds.toFixed(1),
    ((points / 900) * 60).toFixed(1),
    limitsCrossed
  ]
  return [
    `Packages of six versions, three of which go; ${LATENCY_MS} ms a request, GitHub's limits on, real time:`,
    '',
    ...table(
      [
        'packages',
        'API requests',
        'points',
        'reads',
        'deletions',
        'requests a deletion',
        'hours of quota',
        'seconds',
        'seconds that the points alone take',
        'limits crossed'
      ],
      [row(1, one), row(MANY, many)]
    ),
    '',
    `${MANY} packages take ${(many.seconds / one.seconds).toFixed(1)} times as long as one.`
  ]
}

async function run(count: number): Promise<Cost> {
  const occasion = await occasionOf(LATENCY_MS, world => {
    for (let number = 0; number < count; number++) {
      const pkg = world.package(`acme/app-${number}`)
      pkg.push(image(), { at: OLD })
      pkg.push(image(), { at: OLD + 3_600_000, tags: ['latest'] })
    }
  })
  // A pattern costs two looks at the list of packages.
  const names = count === 1 ? 'app-0' : 'app-*'
  const cost = await measure(occasion, { packages: names, 'delete-untagged': 'true' })
  await occasion.github.close()
  return cost
}
