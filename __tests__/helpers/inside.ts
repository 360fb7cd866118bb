import { appendFileSync } from 'node:fs'
import { actionsLog, type StepOutput } from '../../src/log.ts'
import { run } from '../../src/main.ts'
import type { Clock } from '../../src/model/clock.ts'
import { type ActionRun, type Circumstances, prepareStep, type Servers } from './run-action.ts'

/** A clock that runs faster than the real one, for pauses that are real and still take no time. */
export function fastClock(times: number): Clock {
  const start = Date.now()
  return {
    now: () => start + (Date.now() - start) * times,
    sleep: ms => new Promise(wake => setTimeout(wake, ms / times))
  }
}

/**
 * The same run as `runAction` makes, without a process of its own and on a clock that is handed in. All modes work;
 * paths start from `GITHUB_WORKSPACE`, which is the run's own folder unless `env` says otherwise.
 *
 * @param clock also the emulator's: `startEmulator({ now: clock.now })`
 */
export async function runInside(
  servers: Servers,
  inputs: Readonly<Record<string, string>>,
  clock: Clock,
  circumstances: Pick<Circumstances, 'repository' | 'env'> = {}
): Promise<ActionRun> {
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
    (text: string | Error): void =>
      say(`::${name}::${String(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}`)
  return {
    info: say,
    debug: command('debug'),
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
