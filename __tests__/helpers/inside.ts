import { dirname } from 'node:path'
import { noMemory } from '../../src/cache/manifest-cache.ts'
import { readInputs } from '../../src/config/inputs.ts'
import { openPolicies } from '../../src/config/policies.ts'
import { createGitHub } from '../../src/github/client.ts'
import { findOwner } from '../../src/github/owner.ts'
import { createPackages } from '../../src/github/packages.ts'
import { createRepository } from '../../src/github/repository.ts'
import { tokenKind } from '../../src/github/token.ts'
import type { Log } from '../../src/log.ts'
import type { Clock } from '../../src/model/clock.ts'
import type { RunResult } from '../../src/model/run.ts'
import { purge } from '../../src/modes/purge.ts'
import { restore } from '../../src/modes/restore/restore.ts'
import { retain } from '../../src/modes/retain/retain.ts'
import { createRegistry } from '../../src/registry/client.ts'
import { openRecord } from '../../src/report/journal.ts'
import type { Servers } from './run-action.ts'

/** A clock that runs faster than the real one, for pauses that are real and still take no time. */
export function fastClock(times: number): Clock {
  const start = Date.now()
  return {
    now: () => start + (Date.now() - start) * times,
    sleep: ms => new Promise(wake => setTimeout(wake, ms / times))
  }
}

const silent: Log = {
  info() {},
  debug() {},
  progress() {},
  warning() {},
  error() {},
  group: (_, work) => work(),
  secret() {}
}

/**
 * One run without a process of its own, on a clock that is handed in: the inputs, the road and the journal are
 * the action's, and only what main does with the result is left out.
 *
 * @param reportFile where the report goes
 * @throws what main would print as the end of the run
 */
export async function runInside(
  servers: Servers,
  given: Readonly<Record<string, string>>,
  reportFile: string,
  clock: Clock
): Promise<RunResult> {
  const env: Record<string, string> = {
    GITHUB_API_URL: servers.apiUrl,
    GITHUB_REPOSITORY: 'acme/app',
    GITHUB_REPOSITORY_OWNER: 'acme',
    'INPUT_REGISTRY-URL': servers.registryUrl,
    'INPUT_REPORT-FILE': reportFile
  }
  for (const [name, value] of Object.entries(given)) env[`INPUT_${name.toUpperCase()}`] = value
  const inputs = readInputs(env)
  const { token, apiUrl, serverUrl, registryUrl } = inputs
  const kind = tokenKind(token)
  const github = createGitHub({
    token,
    baseUrl: apiUrl,
    reserve: inputs.reserveRequests,
    deadline: clock.now() + inputs.timeLimit,
    clock
  })
  const registry = createRegistry({ url: registryUrl, serverUrl, token, clock, onSecret: () => {} })
  const { owner } = await findOwner(github.octokit, inputs.owner, kind)
  const roads = { retain, purge, restore }
  if (inputs.mode === 'check') throw new Error('a check is not run inside')
  const services = {
    owner,
    tokenKind: kind,
    serverUrl,
    packages: createPackages(github.octokit, owner, clock),
    registry,
    memory: noMemory,
    repository: createRepository(github.octokit, inputs.repository),
    openRepository: (name: string) => createRepository(github.octokit, name),
    dispatcher: undefined,
    clock,
    log: silent,
    counts: () => {
      const { requests, points, writes } = github.governor.stats()
      return { api: requests, points, writes, reads: registry.reads }
    },
    openJournal: (run: RunResult) =>
      openRecord(reportFile, run, { api: apiUrl, registry: registryUrl, version: 'inside' })
  }
  return roads[inputs.mode](inputs, services, openPolicies(inputs, dirname(reportFile)))
}
