import * as core from '@actions/core'
import { blankInputs, inputWarnings } from './config/advice.ts'
import { type Inputs, policyUnderTest, readInputs } from './config/inputs.ts'
import { openPolicies, type Policies } from './config/policies.ts'
import { readPolicy } from './config/policy-file.ts'
import { runPolicyTests } from './config/policy-tests.ts'
import { inWorkspace } from './config/written-files.ts'
import { type Context, openContext } from './context.ts'
import { BudgetError, ExpectedError, InputError, messageOf } from './errors.ts'
import { actionsLog, annotate, type FilePlace, type Log } from './log.ts'
import type { Clock } from './model/clock.ts'
import type { Mode, RunResult } from './model/run.ts'
import { check } from './modes/check/check.ts'
import { purge } from './modes/purge.ts'
import { checkRestore, restore } from './modes/restore/restore.ts'
import { checkPlan, retain } from './modes/retain/retain.ts'
import { closingLines, openingLine } from './report/log-lines.ts'
import { EMPTY_OUTPUTS, type OutputName, outputs } from './report/outputs.ts'
import { writePage } from './report/page/page.ts'
import { absentPhrases } from './report/phrases.ts'
import { sizesPhrase } from './report/sizes.ts'
import { renderSummary } from './report/summary.ts'
import { checkWarnings, failures, leftUndone, nothingYet, ONE_OFF } from './report/verdict.ts'
import { count } from './util/format.ts'
import { readme } from './util/links.ts'
import { limitMatching } from './util/regex.ts'
import { unusableSettings } from './util/runner-settings.ts'
import { steady } from './util/steady.ts'
import { tellBug } from './util/tell-bug.ts'
import { VERSION } from './util/version.ts'

/** What a step of a workflow leaves behind besides its log. */
export interface StepResults {
  /** If a name has several values, the last counts. */
  setOutput(name: OutputName, value: string): void
  /** Adds Markdown to the job summary. */
  writeSummary(markdown: string): Promise<void>
}

/** How much of `time-limit` may go into matching patterns: what is left is for requests. */
const SHARE_OF_MATCHING = 0.1

/** The same for `policy-tests` in milliseconds, where no other input is looked at. */
const MATCHING_OF_TESTS = 60_000

type RunMode = (inputs: Inputs, context: Context, policies: Policies) => Promise<RunResult>

const RUN_MODE: Readonly<Record<Mode, RunMode>> = { retain, check, purge, restore }

/** What a mode refuses before the first request. */
const CHECK_FIRST: Readonly<Partial<Record<Mode, (inputs: Inputs, policies: Policies) => void>>> = {
  retain: checkPlan,
  restore: checkRestore
}

/** One run as a step of a workflow, in this process. Never throws; sets the exit code. */
export async function main(): Promise<void> {
  const clock: Clock = {
    now: steady(Date.now),
    sleep: ms => new Promise(resolve => setTimeout(resolve, ms))
  }
  process.exitCode = await run(process.env, clock, actionsLog(clock), {
    setOutput(name, value) {
      try {
        core.setOutput(name, value)
      } catch (error) {
        throw new ExpectedError(`The step's outputs (GITHUB_OUTPUT) cannot be written: ${messageOf(error)}.`)
      }
    },
    async writeSummary(markdown) {
      if ((process.env['GITHUB_STEP_SUMMARY'] ?? '') !== '') await core.summary.addRaw(markdown).write()
    }
  })
}

/**
 * One run, from the inputs to the exit code. Never throws.
 *
 * @param env the runner's variables, the inputs among them
 * @returns the exit code: 1 when the run is red
 */
export async function run(
  env: NodeJS.ProcessEnv,
  clock: Clock,
  log: Log,
  results: StepResults
): Promise<0 | 1> {
  let done: (typeof ONE_OFF)[Mode]
  try {
    // Set first, so that a later step can parse them however this run ends.
    for (const [name, value] of Object.entries(EMPTY_OUTPUTS)) results.setOutput(name as OutputName, value)
    const policy = policyUnderTest(env)
    if (policy !== undefined) {
      limitMatching(
        MATCHING_OF_TESTS,
        () => testPolicy(policy, workspaceOf(env), log),
        'all that `policy-tests` may take'
      )
      return 0
    }
    if (unusableSettings.length > 0) throw new InputError(unusableSettings)
    const inputs = inWorkspace(readInputs(env), workspaceOf(env))
    done = ONE_OFF[inputs.mode]
    log.info(openingLine(inputs.mode, inputs.dryRun, inputs.owner, VERSION))
    annotate(log.warning, [...blankInputs(env), ...inputWarnings(inputs)])
    return await limitMatching(inputs.timeLimit * SHARE_OF_MATCHING, () =>
      runMode(inputs, env, clock, log, results)
    )
  } catch (error) {
    return fail(error, done, log, results)
  }
}

/** The rest of a run whose inputs are known. */
async function runMode(
  inputs: Inputs,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  log: Log,
  results: StepResults
): Promise<0 | 1> {
  const policies = openPolicies(inputs, workspaceOf(env), clock)
  annotate(sentence => log.warning(sentence, placeIn(sentence)), policies.advice)
  CHECK_FIRST[inputs.mode]?.(inputs, policies)
  const context = await openContext(inputs, policies, env, clock, log)
  const openJournal: Context['openJournal'] = planned => {
    const journal = context.openJournal(planned)
    // From here on, the report can undo the run, even one that fails in the middle.
    results.setOutput('report', inputs.reportFile)
    return journal
  }
  try {
    const result = await RUN_MODE[inputs.mode](inputs, { ...context, openJournal }, policies)
    return await report(result, inputs, log, results)
  } finally {
    await context.memory.close()
  }
}

/** Runs the tests of a policy, asking nobody. */
function testPolicy(policy: string, workspace: string, log: Log): void {
  const names = runPolicyTests(readPolicy(policy, workspace))
  if (names.length === 0)
    throw new ExpectedError('The policy has no `tests`. Add some, or leave `policy-tests` out.')
  for (const name of names) log.info(`as expected: ${name}`)
  log.info(`${count(names.length, 'policy test')} passed.`)
}

/** The folder that paths start from. */
function workspaceOf(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_WORKSPACE'] || process.cwd()
}

/** Outputs, summary, annotations and the exit code of the run. */
async function report(run: RunResult, inputs: Inputs, log: Log, results: StepResults): Promise<0 | 1> {
  const { values, warnings } = outputs(run, inputs.reportFile)
  for (const [name, value] of Object.entries(values)) results.setOutput(name as OutputName, value)
  await writeSummary(renderSummary(run), log, results)
  if (inputs.pageFile !== undefined) writeHtml(inputs.pageFile, run, log)
  annotate(log.notice, absentPhrases(run))
  annotate(log.warning, [...run.warnings, ...checkWarnings(run), ...warnings])
  const red = failures(run)
  // What failed has to be mended first.
  const goesOn = red.length === 0 && run.goesOn !== false && ONE_OFF[run.mode] === undefined
  const next = goesOn ? ' The next run goes on.' : ''
  if (run.incomplete !== undefined && leftUndone(run).length === 0)
    log.warning(`The run ended early. ${run.incomplete}${next}`)
  annotate(log.error, red)
  for (const line of [sizesPhrase(run), ...closingLines(run, inputs.reportFile)])
    if (line !== '') log.info(line)
  return red.length > 0 ? 1 : 0
}

/** A summary that cannot be written must not hide what was done. */
async function writeSummary(markdown: string, log: Log, results: StepResults): Promise<void> {
  try {
    await results.writeSummary(markdown)
  } catch (error) {
    log.warning(`The job summary could not be written: ${messageOf(error)}`)
  }
}

/** The same holds for the page. */
function writeHtml(path: string, run: RunResult, log: Log): void {
  try {
    writePage(path, run)
    log.info(`The report as a page: ${path}`)
  } catch (error) {
    log.warning(`The page that \`page-file\` asks for could not be written: ${messageOf(error)}`)
  }
}

/** Where a sentence about a policy file begins with its place: `policy.yml:6:18: …`. */
function placeIn(sentence: string): FilePlace | undefined {
  const [, file, line, column] = /^([\w./-]+\.ya?ml):(\d+):(\d+): /.exec(sentence) ?? []
  return file === undefined ? undefined : { file, startLine: Number(line), startColumn: Number(column) }
}

/** The end of a run without a result, and its exit code. */
function fail(error: unknown, done: (typeof ONE_OFF)[Mode], log: Log, results: StepResults): 0 | 1 {
  if (error instanceof BudgetError) {
    results.setOutput('incomplete', 'true')
    if (done !== undefined) {
      log.error(nothingYet(done, error.message))
      return 1
    }
    log.warning(`The run ended before anything was decided. ${error.message} The next run goes on.`)
    return 0
  }
  if (error instanceof InputError) {
    annotate(
      sentence => log.error(sentence, placeIn(sentence)),
      error.problems,
      'which show once these are mended'
    )
    log.info(`No request was sent to GitHub. All inputs are explained here: ${readme('inputs')}`)
  } else if (error instanceof ExpectedError) log.error(error.message)
  else tellBug(error, log.info, log.error)
  return 1
}
