import type { Builder } from '../../__tests__/emulator/builder.ts'
import type { CacheService } from '../../__tests__/emulator/cache-service.ts'
import { PUBLISHED } from '../../__tests__/emulator/limits.ts'
import { image, manifest } from '../../__tests__/emulator/shapes.ts'
import { hoursOfQuota, measureWithHeap, occasionOf, type Part, table, withCache } from './measure.ts'

/** What one commit pushes: three suites' images of five manifests each, and a build cache. */
const SUITES = ['unit', 'browser', 'load']
const PARTS = 16
const DAY = 86_400_000
/** Requests an hour, so that no run waits for hours: how many it would take with 5,000 is told. */
const QUOTA = 15_000
/** A push for every so many requests of a run. */
const PUSH_EVERY = 50

/**
 * A public package as the largest that exist: tags by commit and suite, caches, images of two platforms with what
 * attests them, and pushes all the time. The heap is Node's own.
 */
export function giantOf(versions: number): Part {
  return () => withCache(cache => coldAndWarm(versions, cache))
}

async function coldAndWarm(versions: number, cache: CacheService): Promise<string[]> {
  const occasion = await occasionOf(0, () => {}, cache, { quotas: { ...PUBLISHED.quotas, classic: QUOTA } })
  const { github } = occasion
  const app = github.world.package('acme/app')
  const commits = Math.ceil(versions / PARTS)
  const start = Date.now() - 400 * DAY
  for (let number = 0; number < commits; number++)
    pushCommit(app, number, start + (number * 399 * DAY) / commits)
  let pushed = commits
  for (let after = PUSH_EVERY; after <= commits; after += PUSH_EVERY)
    github.faults.on(
      { host: 'api', path: /\/versions$/, after, times: 1 },
      { kind: 'first', run: () => pushCommit(app, pushed++, Date.now()) }
    )
  const policy = {
    packages: 'app',
    'delete-tags': '*-unit *-browser *-load cache-*',
    'keep-at-least': '30',
    'older-than': '90d',
    'delete-untagged': 'true',
    patience: '1h'
  }
  const cold = await measureWithHeap(occasion, { ...policy, 'dry-run': 'true' }, undefined)
  // Remembers; one commit goes, so that nothing of what is measured is spent on deleting.
  await measureWithHeap(occasion, { ...policy, 'deletions-per-run': String(PARTS) }, undefined)
  const warm = await measureWithHeap(occasion, { ...policy, 'dry-run': 'true' }, undefined)
  await github.close()
  return [
    `**${versions.toLocaleString('en-US')} versions** of ${commits.toLocaleString('en-US')} commits, pushes meanwhile, Node's own heap:`,
    '',
    ...table(
      ['run', 'API requests', 'hours of quota', 'reads', 'seconds', 'memory, MiB', 'limits crossed'],
      [['cold', cold] as const, ['warm', warm] as const].map(
        ([name, { requests, reads, seconds, memory, limitsCrossed }]) => [
          name,
          requests,
          hoursOfQuota(requests),
          reads,
          seconds.toFixed(1),
          memory.toFixed(0),
          limitsCrossed
        ]
      )
    )
  ]
}

function pushCommit(app: Builder, number: number, at: number): void {
  for (const suite of SUITES)
    app.push(image(['linux/amd64', 'linux/arm64'], { attest: 'new' }), { at, tags: [`${number}-${suite}`] })
  app.push(manifest(), { at, tags: [`cache-${number}`] })
}
