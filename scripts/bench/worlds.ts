import type { CacheService } from '../../__tests__/emulator/cache-service.ts'
import { image } from '../../__tests__/emulator/shapes.ts'
import { type Cost, HEAP, hoursOfQuota, measure, occasionOf, type Part, table, withCache } from './measure.ts'

/** An index, two platforms, and what attests each of them. */
const PARTS = 5
const LATENCY_MS = 20
const MINUTE = 60_000
const DAY = 1_440 * MINUTE
/** Of every ten images nine are builds with a tag, one has lost it. */
const UNTAGGED = 10

const POLICY = {
  packages: 'app',
  'delete-tags': 'sha-*',
  'keep-at-least': '30',
  'older-than': '30d',
  'delete-untagged': 'true'
}

/** One package of so many versions: a first run, and one on the next day, when a hundredth is new. */
export function worldOf(versions: number): Part {
  return () => withCache(cache => coldAndWarm(versions, cache))
}

async function coldAndWarm(versions: number, cache: CacheService): Promise<string[]> {
  const occasion = await occasionOf(LATENCY_MS, () => {}, cache)
  const app = occasion.github.world.package('acme/app')
  const images = versions / PARTS
  const start = Date.now() - 400 * DAY
  const push = (number: number, at: number): void => {
    const tags = number % UNTAGGED === 0 ? [] : [`sha-${number}`]
    app.push(image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), { at, tags })
  }
  for (let number = 0; number < images; number++) push(number, start + (number * 300 * DAY) / images)
  const cold = await measure(occasion, { ...POLICY, 'dry-run': 'true' })
  // Remembers; one image goes, so that nothing of what is measured is spent on deleting.
  await measure(occasion, { ...POLICY, 'deletions-per-run': String(PARTS) })
  const fresh = Math.ceil(images / 100)
  for (let number = 0; number < fresh; number++)
    push(images + number, Date.now() - DAY * 40 + number * MINUTE)
  const warm = await measure(occasion, { ...POLICY, 'dry-run': 'true' })
  await occasion.github.close()
  const size = cache.entries.at(-1)?.bytes.length ?? 0
  return [
    `**${versions.toLocaleString('en-US')} versions** (${images.toLocaleString('en-US')} images of ${PARTS} manifests; a heap of ${HEAP} MiB; ${LATENCY_MS} ms a request):`,
    '',
    ...table(HEADS, [
      row('cold', versions, images, cold),
      row('warm, 1 % new', versions + PARTS * (fresh - 1), fresh, warm)
    ]),
    '',
    `What is remembered takes ${(size / 1024).toFixed(0)} KiB in the cache, ${(size / images).toFixed(0)} bytes an image.`
  ]
}

const HEADS = [
  'run',
  'API requests',
  'hours of quota',
  'of them lists',
  'floor (pages)',
  'points',
  'reads = downloads',
  'floor (new roots)',
  'reading everything',
  'seconds',
  'memory, MiB',
  'limits crossed'
]

function row(name: string, versions: number, roots: number, cost: Cost): (string | number)[] {
  const { requests, lists, points, reads, seconds, memory, limitsCrossed } = cost
  const pages = Math.ceil(versions / 100)
  return [
    name,
    requests,
    hoursOfQuota(requests),
    lists,
    pages,
    points,
    reads,
    roots,
    versions,
    seconds.toFixed(1),
    memory.toFixed(0),
    limitsCrossed
  ]
}
