import { getOctokit } from '@actions/github'
import { throttling } from '@octokit/plugin-throttling'
import { type Emulator, startEmulator } from '../../__tests__/emulator/server.ts'
import { image } from '../../__tests__/emulator/shapes.ts'
import { createWorld } from '../../__tests__/emulator/world.ts'
import { runAction } from '../../__tests__/helpers/run-action.ts'
import { hoursOfQuota, table } from './measure.ts'

/** Each an index and two platforms, a minute after the one before. */
const IMAGES = 180
const VERSIONS = 3 * IMAGES
const LATENCY_MS = 200
const MINUTE = 60_000

/**
 * Deletions a minute in real time, against GitHub's published limits and 200 ms a request: this action, and
 * beside it, at the same moment, the same deletions through Octokit with its throttling plugin as it comes.
 */
export async function deletions(): Promise<string[]> {
  const title = `${VERSIONS} old untagged versions of multi-platform images, ${LATENCY_MS} ms a request, GitHub's limits on; real time`
  const ours = await emulator()
  const theirs = await emulator()
  const ended = new AbortController()
  plainOctokit(theirs, ended.signal).catch(() => {})
  const token = ours.world.classic('olivia')
  const result = await runAction(ours, {
    token,
    packages: 'app',
    'delete-untagged': 'true',
    'reserve-requests': '0'
  })
  ended.abort()
  if (result.code !== 0) throw new Error(result.stdout)
  const lines = [
    `${title}:`,
    '',
    ...table(
      [
        'who',
        'deletions',
        'a minute, after the first',
        "of GitHub's 180",
        'in the busiest minute',
        'points',
        'API requests',
        'requests a deletion',
        'hours of quota',
        'limits crossed'
      ],
      [describe('ghcr-steward', ours), describe('Octokit with its throttling plugin', theirs)]
    ),
    '',
    `Ratio: ${(rate(ours) / rate(theirs)).toFixed(2)}.`
  ]
  await Promise.all([ours.close(), theirs.close()])
  return lines
}

async function emulator(): Promise<Emulator> {
  const world = createWorld()
  world.org('acme', { olivia: 'admin' })
  const app = world.package('acme/app')
  const start = Date.parse('2026-01-01T00:00:00Z')
  for (let number = 0; number < IMAGES; number++) app.push(image(), { at: start + number * MINUTE })
  app.push(image(), { tags: ['latest'], at: start + IMAGES * MINUTE })
  return startEmulator({ world, latencyMs: LATENCY_MS, contract: 'off' })
}

/** What a script does that hands all deletions to Octokit at once and trusts its throttle. */
async function plainOctokit(github: Emulator, signal: AbortSignal): Promise<void> {
  const octokit = getOctokit(
    github.world.classic('olivia'),
    { baseUrl: github.apiUrl, throttle: { onRateLimit: () => true, onSecondaryRateLimit: () => true } },
    throttling
  )
  const target = { org: 'acme', package_type: 'container', package_name: 'app' } as const
  const versions = await octokit.paginate(octokit.rest.packages.getAllPackageVersionsForPackageOwnedByOrg, {
    ...target,
    per_page: 100
  })
  const untagged = versions.filter(version => version.metadata?.container?.tags.length === 0)
  await Promise.allSettled(
    untagged.map(async version => {
      if (signal.aborted) return
      await octokit.rest.packages.deletePackageVersionForOrg({
        ...target,
        package_version_id: version.id,
        request: { signal }
      })
    })
  )
}

function describe(name: string, github: Emulator): (string | number)[] {
  const points = github.requests.reduce((sum, request) => sum + request.points, 0)
  const share = `${((rate(github) / 180) * 100).toFixed(0)} %`
  const requests = github.requests.filter(({ host }) => host === 'api').length
  const deletions = deletes(github).length
  return [
    name,
    deletions,
    rate(github).toFixed(0),
    share,
    busiest(github),
    points,
    requests,
    (requests / deletions).toFixed(2),
    hoursOfQuota(requests),
    github.violations.length
  ]
}

/** Deletions a minute once the first minute, with its burst, is over. */
function rate(github: Emulator): number {
  const times = deletes(github)
  const start = (times[0] ?? 0) + MINUTE
  const steady = times.filter(at => at > start)
  const last = steady.at(-1) ?? start
  return last === start ? 0 : (steady.length / (last - start)) * MINUTE
}

function busiest(github: Emulator): number {
  const times = deletes(github)
  return Math.max(0, ...times.map(start => times.filter(at => at >= start && at < start + MINUTE).length))
}

function deletes(github: Emulator): number[] {
  return github.requests
    .filter(({ method, status }) => method === 'DELETE' && status === 204)
    .map(request => request.at)
}
