import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunResult } from '../../src/model/run.ts'
import { failures } from '../../src/report/verdict.ts'
import type { Builder, Pushed } from '../emulator/builder.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { createWorld, type World } from '../emulator/world.ts'
import { fastClock, runInside } from './inside.ts'

/** How much faster than life these runs go: they mostly wait for the next look. */
const TIMES = 40

export interface InsideScene extends AsyncDisposable {
  readonly github: Emulator
  readonly world: World
  /** The package acme/app, whose repository is acme/app. */
  readonly app: Builder
  /** A moment so many days back. */
  ago(days: number): number
  /** Runs the action in this process, on a clock that runs fast. */
  run(inputs: Readonly<Record<string, string>>): Promise<InsideRun>
  /** Which of these are there. */
  there(pushed: Readonly<Record<string, Pushed>>): string[]
}

export interface InsideRun {
  readonly result: RunResult
  /** Why it would be red; empty when it is green. */
  readonly failures: readonly string[]
}

/** GitHub with the organization acme and its package app, for runs inside this process. */
export async function openInside(): Promise<InsideScene> {
  const folder = mkdtempSync(join(tmpdir(), 'ghcr-steward-inside-'))
  const clock = fastClock(TIMES)
  const world = createWorld()
  world.now = clock.now()
  world.org('acme', { olivia: 'admin' })
  world.user('olivia')
  const app = world.package('acme/app', { repository: 'acme/app' })
  const github = await startEmulator({ world, now: clock.now, contract: 'off' })
  const token = world.githubToken('acme/app')
  return {
    github,
    world,
    app,
    ago: days => world.now - days * 86_400_000,
    run: async inputs => {
      const result = await runInside(github, { token, ...inputs }, join(folder, 'report.json'), clock)
      return { result, failures: failures(result) }
    },
    there: pushed =>
      Object.entries(pushed).flatMap(([name, { digest }]) =>
        app.version(digest) === undefined ? [] : [name]
      ),
    [Symbol.asyncDispose]: async () => {
      await github.close()
      rmSync(folder, { recursive: true })
    }
  }
}
