import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actionsCache, readOnly } from './cache/actions-cache.ts'
import { createAllowance } from './cache/allowance.ts'
import { type ManifestCache, noMemory, openMemory } from './cache/manifest-cache.ts'
import type { Inputs } from './config/inputs.ts'
import type { Policies } from './config/policies.ts'
import { ExpectedError, timeIsOver } from './errors.ts'
import { createGitHub, type GitHub, urgent } from './github/client.ts'
import { findOwner } from './github/owner.ts'
import { createPackages, type Packages } from './github/packages.ts'
import type { Governor } from './github/rate-limit/governor.ts'
import { createRepository, type Repository } from './github/repository.ts'
import {
  isOfFork,
  lackingScopes,
  missingScopes,
  type Scope,
  type TokenKind,
  tokenKind
} from './github/token.ts'
import { createWorkflows, type Workflows } from './github/workflows.ts'
import type { Log } from './log.ts'
import type { Clock } from './model/clock.ts'
import type { Owner } from './model/package.ts'
import type { RequestCounts, RunResult } from './model/run.ts'
import { createRegistry, type Registry } from './registry/client.ts'
import { type Journal, openRecord } from './report/journal.ts'
import { createSecrets, type Secrets } from './util/secrets.ts'
import { VERSION } from './util/version.ts'

/** What every mode works with: the clients of one run, opened once. */
export interface Context {
  readonly owner: Owner
  readonly tokenKind: TokenKind
  /** GitHub's web address, for the places where rights are granted. */
  readonly serverUrl: string
  readonly packages: Packages
  /** The same, with requests that may use what was set aside. */
  readonly urgentPackages: Packages
  /** Keeps room for urgent requests, until what it gives is called. */
  readonly setAside: Governor['setAside']
  readonly registry: Registry
  readonly memory: ManifestCache
  /** The repository whose workflow runs: it says what should have an image. */
  readonly repository: Repository
  /** Any other, by `owner/name`. */
  readonly openRepository: (name: string) => Repository
  /** Undefined where no workflow is to be started. */
  readonly dispatcher: Dispatcher | undefined
  readonly clock: Clock
  /** @throws BudgetError once `time-limit` is over */
  readonly checkTime: () => void
  /** @throws ExpectedError when that clock and GitHub's are minutes apart */
  readonly checkClock: () => void
  /** What GitHub's clock says when the runner's says this, in milliseconds since 1970. */
  readonly gitHubTime: (here: number) => number
  readonly log: Log
  /** What was requested so far. */
  readonly counts: () => RequestCounts
  /** Writes the report with everything that is planned, before the first change. */
  readonly openJournal: (run: RunResult) => Journal
}

/** What starts workflows, with a token of its own where one is given. */
export interface Dispatcher {
  readonly workflows: Workflows
  /** Where they are. */
  readonly repository: Repository
}

/**
 * Opens the clients of one run, finds out what the owner is, and checks what the token may do. Whoever opens a
 * context closes its `memory`.
 *
 * @param policies say which rights the run needs
 * @param env the runner's variables: where files may go, and its cache
 * @throws ExpectedError when the owner cannot be found, the token's scopes do not suffice, or the clock is wrong
 */
export async function openContext(
  inputs: Inputs,
  policies: Policies,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  log: Log
): Promise<Context> {
  const { token, apiUrl, serverUrl } = inputs
  const { dispatchToken = token } = inputs
  // What one client tells a server could be repeated to the other.
  const secrets = createSecrets(token, dispatchToken)
  const made = createSecrets()
  const deadline = clock.now() + inputs.timeLimit
  for (const secret of [token, dispatchToken]) log.secret(secret)
  const kind = tokenKind(token)
  const github = openGitHub(token, inputs, { secrets, made }, clock)
  const { capacity } = github.governor
  // Another token has limits of its own.
  const starting =
    dispatchToken === token ? github : openGitHub(dispatchToken, inputs, { secrets, made }, clock)
  const registry = createRegistry({
    url: inputs.registryUrl,
    deadline,
    serverUrl,
    token,
    secrets,
    made,
    clock,
    onSecret: log.secret
  })
  const { owner, scopes } = await findOwner(github.octokit, inputs.owner, kind)
  checkScopes(scopes, inputs, policies, log)
  github.serverClock.check()
  // A policy or a report names packages, too.
  const isNamed = inputs.packagesGiven || (inputs.policy ?? policies.earlierRun) !== undefined
  const guessed = isNamed ? undefined : inputs.packages.names[0]
  const asked = { guessed, patterns: patternsIn(inputs, policies), mayList: kind !== 'installation' }
  const packagesOf = (client: GitHub['octokit']): Packages =>
    createPackages(client, owner, serverUrl, clock, capacity, asked)
  return {
    owner,
    tokenKind: kind === 'installation' && isOfFork(env) ? 'of-fork' : kind,
    serverUrl,
    packages: packagesOf(github.octokit),
    urgentPackages: packagesOf(urgent(github.octokit)),
    setAside: github.governor.setAside,
    registry,
    memory: openCache(inputs, env, clock, log),
    repository: createRepository(github.octokit, inputs.repository),
    openRepository: name => createRepository(github.octokit, name),
    dispatcher: openDispatcher(starting, inputs),
    clock,
    checkTime() {
      if (clock.now() >= deadline) throw timeIsOver()
    },
    checkClock: github.serverClock.check,
    gitHubTime: github.serverClock.gitHubTime,
    log,
    counts: () => countRequests(new Set([github, starting]), registry.reads),
    openJournal: run =>
      openRecord(
        inputs.reportFile,
        run,
        { api: apiUrl, registry: inputs.registryUrl, version: VERSION },
        log.warning
      )
  }
}

function openGitHub(
  token: string,
  inputs: Inputs,
  known: { readonly secrets: Secrets; readonly made: Secrets },
  clock: Clock
): GitHub {
  return createGitHub({
    token,
    ...known,
    baseUrl: inputs.apiUrl,
    reserve: inputs.reserveRequests,
    patience: inputs.patience,
    deadline: clock.now() + inputs.timeLimit,
    clock
  })
}

/** How much of `time-limit` may go into what anybody could have written: the run must get further than that. */
const SHARE_OF_MEMORY = 0.25

/** What earlier runs left in the cache of GitHub Actions; a dry run leaves nothing there, as it does nowhere. */
function openCache(inputs: Inputs, env: NodeJS.ProcessEnv, clock: Clock, log: Log): ManifestCache {
  const folder = join(env['RUNNER_TEMP'] || tmpdir(), `ghcr-steward-memory-${randomUUID()}`)
  const cache = inputs.memory ? actionsCache(env, folder, log.debug, log.secret) : undefined
  if (cache === undefined) return noMemory
  const allowance = createAllowance(clock, inputs.timeLimit * SHARE_OF_MEMORY)
  const store = inputs.dryRun ? readOnly(cache) : cache
  return openMemory(store, new URL(inputs.registryUrl).host, log.debug, allowance, clock)
}

/** The pattern that takes a list of packages, and where it is written: the subject of a sentence. */
function patternsIn({ packagesGiven, policy }: Inputs, { packages }: Policies): string | undefined {
  if (packages.linked) return '`packages: linked`'
  const [pattern] = packages.patterns.filter(one => !packages.names.includes(one))
  if (pattern === undefined) return undefined
  if (packagesGiven || policy === undefined) return `The pattern \`${pattern}\` in \`packages\``
  // It stands for entries that only say what they do not match.
  return pattern === '**'
    ? 'A pattern under `match` in the policy'
    : `The pattern \`${pattern}\` under \`match\` in the policy`
}

function openDispatcher({ octokit }: GitHub, inputs: Inputs): Dispatcher | undefined {
  const { dispatchWorkflow, dispatchRepository = inputs.repository, serverUrl } = inputs
  if (dispatchWorkflow === undefined) return undefined
  return {
    workflows: createWorkflows(octokit, dispatchRepository, dispatchWorkflow, serverUrl),
    repository: createRepository(octokit, dispatchRepository)
  }
}

function countRequests(clients: ReadonlySet<GitHub>, reads: number): RequestCounts {
  const stats = [...clients].map(({ governor }) => governor.stats())
  const sum = (key: 'requests' | 'points' | 'writes') => stats.reduce((total, one) => total + one[key], 0)
  return { api: sum('requests'), points: sum('points'), writes: sum('writes'), reads }
}

/** Stops a real run whose token lacks scopes, and warns a dry one: it proves nothing about deleting. */
function checkScopes(scopes: string | undefined, inputs: Inputs, policies: Policies, log: Log): void {
  const missing = missingScopes(scopes, neededScopes(inputs, policies))
  if (missing.length === 0) return
  const sentence = lackingScopes(missing, inputs.serverUrl)
  if (!inputs.dryRun || missing.includes('read:packages')) throw new ExpectedError(sentence)
  log.warning(`A real run would stop here. ${sentence}`)
}

function neededScopes({ mode }: Inputs, { stripsTags }: Policies): Scope[] {
  const deletes = mode === 'retain' || mode === 'purge'
  const writes = (mode === 'retain' && stripsTags) || mode === 'restore'
  return [
    'read:packages',
    ...(deletes ? ['delete:packages' as const] : []),
    ...(writes ? ['write:packages' as const] : [])
  ]
}
