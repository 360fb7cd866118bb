import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as core from '@actions/core'
import { actionsCache, readOnly } from './cache/actions-cache.ts'
import { type ManifestCache, noMemory, openMemory } from './cache/manifest-cache.ts'
import { blankInputs, type Inputs, inputWarnings, policyUnderTest, readInputs } from './config/inputs.ts'
import { openPolicies, type Policies, readPolicy } from './config/policies.ts'
import { runPolicyTests } from './config/run-policy-tests.ts'
import type { Context, Dispatcher } from './context.ts'
import { BudgetError, ExpectedError, InputError, messageOf } from './errors.ts'
import { createGitHub, type GitHub } from './github/client.ts'
import { findOwner } from './github/owner.ts'
import { createPackages } from './github/packages.ts'
import { createRepository } from './github/repository.ts'
import { lackingScopes, missingScopes, type Scope, tokenKind } from './github/token.ts'
import { createWorkflows } from './github/workflows.ts'
import { actionsLog, annotate, type Log } from './log.ts'
import type { Clock } from './model/clock.ts'
import type { Mode, RequestCounts, RunResult } from './model/run.ts'
import { check } from './modes/check/check.ts'
import { purge } from './modes/purge.ts'
import { restore } from './modes/restore/restore.ts'
import { retain } from './modes/retain/retain.ts'
import { createRegistry } from './registry/client.ts'
import { openRecord } from './report/journal.ts'
import { outputs } from './report/outputs.ts'
import { count } from './report/phrases.ts'
import { renderSummary } from './report/summary.ts'
import { failures } from './report/verdict.ts'
import { REPOSITORY, readme } from './util/links.ts'
import { VERSION } from './util/version.ts'

const clock: Clock = {
  now: Date.now,
  sleep: ms => new Promise(resolve => setTimeout(resolve, ms))
}

type RunMode = (inputs: Inputs, context: Context, policies: Policies) => Promise<RunResult>

const RUN_MODE: Readonly<Record<Mode, RunMode>> = {
  retain,
  check,
  purge,
  restore
}

/** One run of the action, from the inputs to the exit code. Never throws. */
export async function main(): Promise<void> {
  const log = actionsLog(clock)
  try {
    const policy = policyUnderTest(process.env)
    if (policy !== undefined) {
      testPolicy(policy, log)
      return
    }
    const inputs = readInputs(process.env)
    annotate(log.warning, [...blankInputs(process.env), ...inputWarnings(inputs)])
    const policies = openPolicies(inputs, workspace())
    const context = await open(inputs, policies, log)
    try {
      await report(await RUN_MODE[inputs.mode](inputs, context, policies), inputs, log)
    } finally {
      await context.memory.close()
    }
  } catch (error) {
    fail(error, log)
  }
}

/** Runs the tests of a policy, asking nobody. */
function testPolicy(policy: string, log: Log): void {
  const names = runPolicyTests(readPolicy(policy, workspace()))
  if (names.length === 0)
    throw new ExpectedError('The policy has no `tests`. Add some, or leave `policy-tests` out.')
  for (const name of names) log.info(`as expected: ${name}`)
  log.info(`${count(names.length, 'policy test')} passed.`)
}

function workspace(): string {
  return process.env['GITHUB_WORKSPACE'] || process.cwd()
}

/** Opens the doors to GitHub and the registry, and looks at what the token may do. */
async function open(inputs: Inputs, policies: Policies, log: Log): Promise<Context> {
  const { token, apiUrl, serverUrl } = inputs
  log.secret(token)
  const kind = tokenKind(token)
  const github = openGitHub(token, inputs)
  const { dispatchToken = token } = inputs
  log.secret(dispatchToken)
  // Another token has limits of its own.
  const starting = dispatchToken === token ? github : openGitHub(dispatchToken, inputs)
  const registry = createRegistry({
    url: inputs.registryUrl,
    serverUrl,
    token,
    clock,
    onSecret: log.secret
  })
  const { owner, scopes } = await findOwner(github.octokit, inputs.owner, kind)
  examine(scopes, inputs, policies.stripsTags, log)
  return {
    owner,
    tokenKind: kind,
    serverUrl,
    packages: createPackages(github.octokit, owner, clock),
    registry,
    memory: openCache(inputs, log),
    repository: createRepository(github.octokit, inputs.repository),
    openRepository: name => createRepository(github.octokit, name),
    dispatcher: openDispatcher(starting, inputs),
    clock,
    log,
    counts: () => countRequests(new Set([github, starting]), registry.reads),
    openJournal: run =>
      openRecord(inputs.reportFile, run, {
        api: apiUrl,
        registry: inputs.registryUrl,
        version: VERSION
      })
  }
}

function openGitHub(token: string, inputs: Inputs): GitHub {
  return createGitHub({
    token,
    baseUrl: inputs.apiUrl,
    reserve: inputs.reserveRequests,
    deadline: clock.now() + inputs.timeLimit,
    clock,
    userAgent: `ghcr-steward/${VERSION}`
  })
}

/** What earlier runs left in the cache of GitHub Actions; a dry run leaves nothing there, as it does nowhere. */
function openCache(inputs: Inputs, log: Log): ManifestCache {
  const folder = join(process.env['RUNNER_TEMP'] || tmpdir(), `ghcr-steward-memory-${randomUUID()}`)
  const cache = actionsCache(process.env, folder, log.debug)
  if (cache === undefined) return noMemory
  return openMemory(inputs.dryRun ? readOnly(cache) : cache, new URL(inputs.registryUrl).host, log.debug)
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
function examine(scopes: string | undefined, inputs: Inputs, stripsTags: boolean, log: Log): void {
  const needed: Scope[] = [
    'read:packages',
    ...(['retain', 'purge'].includes(inputs.mode) ? ['delete:packages' as const] : []),
    ...((inputs.mode === 'retain' && stripsTags) || inputs.mode === 'restore'
      ? ['write:packages' as const]
      : [])
  ]
  const missing = missingScopes(scopes, needed)
  if (missing.length === 0) return
  const sentence = lackingScopes(missing, inputs.serverUrl)
  if (!inputs.dryRun || missing.includes('read:packages')) throw new ExpectedError(sentence)
  log.warning(`A real run would stop here. ${sentence}`)
}

/** Outputs, summary, annotations and the colour of the run. */
async function report(run: RunResult, inputs: Inputs, log: Log): Promise<void> {
  const { values, warnings } = outputs(run, inputs.reportFile)
  for (const [name, value] of Object.entries(values)) core.setOutput(name, value)
  await writeSummary(renderSummary(run), log)
  annotate(log.warning, [...run.warnings, ...warnings])
  if (run.incomplete !== undefined)
    log.warning(`The run ended early. ${run.incomplete} The next run goes on.`)
  const red = failures(run)
  annotate(log.error, red)
  if (red.length > 0) process.exitCode = 1
}

/** A summary that cannot be written must not hide what was done. */
async function writeSummary(markdown: string, log: Log): Promise<void> {
  if ((process.env['GITHUB_STEP_SUMMARY'] ?? '') === '') return
  try {
    await core.summary.addRaw(markdown).write()
  } catch (error) {
    log.warning(`The job summary could not be written: ${messageOf(error)}`)
  }
}

/** The end of a run that came to no result. */
function fail(error: unknown, log: Log): void {
  if (error instanceof BudgetError) {
    core.setOutput('incomplete', 'true')
    log.warning(`The run ended before anything was decided. ${error.message} The next run goes on.`)
    return
  }
  process.exitCode = 1
  if (error instanceof InputError) {
    annotate(log.error, error.problems)
    log.info(`Nothing was asked of GitHub. What each input takes: ${readme('inputs')}`)
  } else if (error instanceof ExpectedError) log.error(error.message)
  else {
    // A bug: its stack is what whoever repairs it needs, and each line of it is a line of the log.
    const stack = error instanceof Error && error.stack !== undefined ? error.stack : String(error)
    for (const line of stack.split('\n')) log.info(line)
    log.error(
      `ghcr-steward has a bug: ${messageOf(error)}. Please report it with the lines above: ${REPOSITORY}/issues`
    )
  }
}
