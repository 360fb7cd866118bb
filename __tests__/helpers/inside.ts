import { appendFileSync } from 'node:fs'
import type { AnnotationProperties } from '@actions/core'
import { actionsLog, type StepOutput } from '../../src/log.ts'
import { run } from '../../src/main.ts'
import type { Clock } from '../../src/model/clock.ts'
import { type ActionRun, type Circumstances, prepareStep, type Servers } from './run-action.ts'

/**
 * A clock that runs faster than the real one while anybody sleeps by it, but never fast past the moment that the
 * first sleeper waits for: pauses take no time, and what a busy machine needs for its work, or to wake a sleeper,
 * does not count as a long one.
 *
 * @param busy how much of the time counts in which nobody sleeps: little of it where a test is about what fits into seconds
 */
export function fastClock(times: number, busy = 1): Clock {
  let seen = Date.now()
  let time = seen
  const wakes = new Set<{ readonly until: number }>()
  const now = (): number => {
    const real = Date.now()
    const passed = real - seen
    seen = real
    if (passed === 0) return Math.floor(time)
    const ahead =
      wakes.size === 0 ? 0 : Math.max(0, Math.min(...Array.from(wakes, ({ until }) => until)) - time)
    const fast = Math.min(passed, ahead / times)
    time += fast * times + (passed - fast) * busy
    return Math.floor(time)
  }
  return {
    now,
    async sleep(ms) {
      const wake = { until: now() + ms }
      wakes.add(wake)
      try {
        while (now() < wake.until) await new Promise(done => setTimeout(done, (wake.until - time) / times))
      } finally {
        wakes.delete(wake)
      }
    }
  }
}

/**
 * The same run as `runAction` makes, without a process of its own and on a clock that is handed in. All modes work;
 * paths start from `GITHUB_WORKSPACE`, which is the run's own folder unless `env` says otherwise.
 *
 * @param clock also the emulator's: `createWorld(clock.now)`, `startEmulator({ now: clock.now })`
 */
export async function runInside(
  servers: Servers,
  inputs: Readonly<Record<string, string>>,
  clock: Clock,
  circumstances: Circumstances = {}
): Promise<ActionRun> {
  if (circumstances.kill !== undefined || circumstances.entry !== undefined)
    throw new Error('only a process of its own can be killed or started from another file: run the bundle')
  const { env, finish } = await prepareStep(servers, inputs, circumstances)
  const lines: string[] = []
  const code = await run(env, clock, actionsLog(clock, recorded(lines)), {
    setOutput: (name, value) =>
      appendFileSync(env['GITHUB_OUTPUT'] ?? '', `${name}<<END-OF-VALUE\n${value}\nEND-OF-VALUE\n`),
    writeSummary: async markdown => appendFileSync(env['GITHUB_STEP_SUMMARY'] ?? '', markdown)
  })
  return await finish({ code, stdout: lines.map(line => `${line}\n`).join(''), stderr: '' })
}

/** Writes down what `@actions/core` would print. */
function recorded(lines: string[]): StepOutput {
  const say = (line: string): void => {
    lines.push(line)
  }
  const command =
    (name: string) =>
    (text: string | Error, { file, startLine, startColumn }: AnnotationProperties = {}): void =>
      say(
        `::${name}${file === undefined ? '' : ` file=${file},line=${startLine},col=${startColumn}`}::${String(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`
      )
  return {
    info: say,
    debug: command('debug'),
    notice: command('notice'),
    warning: command('warning'),
    error: command('error'),
    setSecret: command('add-mask'),
    async group(title, work) {
      say(`::group::${title}`)
      try {
        return await work()
      } finally {
        say('::endgroup::')
      }
    }
  }
}
