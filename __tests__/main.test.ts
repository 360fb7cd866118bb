import { expect, it } from '@jest/globals'
import { EMPTY_OUTPUTS } from '../src/report/outputs.ts'
import { secondaryRefusal } from './emulator/limits.ts'
import { startEmulator } from './emulator/server.ts'
import { image } from './emulator/shapes.ts'
import { createWorld } from './emulator/world.ts'
import { fastClock, runInside } from './helpers/inside.ts'
import { type ActionRun, runAction } from './helpers/run-action.ts'

/** What `main.ts` makes of a run, whatever its mode, and that `dist` does what the source does. */

const stage = async (now = Date.now) => {
  const world = createWorld(now)
  world.org('acme', { olivia: 'admin' })
  const app = world.package('acme/app', { repository: 'acme/app' })
  app.push(image(), { tags: ['latest'] })
  const old = app.push(image(), { tags: ['old'], at: now() - 30 * 86_400_000 })
  return { old, token: world.githubToken('acme/app'), github: await startEmulator({ now, world }) }
}

/** Runs that bring every mode to its end. */
const MODES: Record<string, Record<string, string>> = {
  retain: { 'delete-tags': 'old' },
  check: { 'git-tags': 'v*', 'required-tags': 'latest, gone' },
  purge: { purge: 'old', confirm: 'app' },
  restore: { restore: `sha256:${'0'.repeat(64)}` }
}

it.concurrent.each(Object.entries(MODES))(
  'the bundle ends a run of mode %s as the source does',
  async (mode, inputs) => {
    const ends = []
    const clock = fastClock(100)
    for (const where of ['bundle', 'inside'] as const) {
      const { github, token } = await stage(where === 'bundle' ? Date.now : clock.now)
      await using _github = github
      const given = { token, mode, ...inputs }
      await using run = await (where === 'bundle'
        ? runAction(github, given)
        : runInside(github, given, clock))
      expect(run.stdout).not.toContain('has a bug')
      const { code, outputs, stdout } = run
      const { deleted, report, ...plain } = outputs
      const said = stdout.split('\n').filter(line => /^::(?:error|warning)/.test(line)).length
      ends.push({ code, plain, said, deleted: JSON.parse(deleted ?? '').length, report: report !== '' })
    }
    expect(ends[0]).toEqual(ends[1])
  }
)

const outputsOf = ({ outputs }: ActionRun): Record<string, string> => ({ ...outputs })

it.concurrent.each<[string, Record<string, string>]>([
  ['a run that is red on its inputs', { mode: 'retian' }],
  ['a run that is red on a package', { packages: 'nowhere' }],
  ['the tests of a policy', { 'policy-tests': 'true', policy: 'version: 1\npackages: []' }]
])('%s sets every output', async (_, inputs) => {
  const { github, token } = await stage()
  await using _github = github
  await using run = await runInside(github, { token, ...inputs }, fastClock(1))
  expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(EMPTY_OUTPUTS).sort())
  expect(run.code).toBe(1)
})

it.concurrent('a run that ends before it decides anything sets every output, and `incomplete`', async () => {
  const { github, token } = await stage()
  await using _github = github
  // More than the run may wait for, on the very first request.
  const refusal = secondaryRefusal(403, 7_200)
  github.faults.on({ host: 'api' }, { kind: 'answer', answer: refusal })
  await using run = await runInside(github, { token, 'time-limit': '1h' }, fastClock(1))
  expect(outputsOf(run)).toEqual({ ...EMPTY_OUTPUTS, incomplete: 'true' })
  expect(run.code).toBe(0)
})

it.concurrent('a run that is killed amid its changes has named the report that undoes it', async () => {
  const { github, token, old } = await stage()
  await using _github = github
  const end = new AbortController()
  github.faults.on({ host: 'api', method: 'DELETE' }, { kind: 'then', run: () => end.abort() })
  await using run = await runAction(github, { token, 'delete-tags': 'old' }, { kill: end.signal })
  expect(run.code).toBe(null)
  expect(run.outputs['report']).toBe(`${run.temp}/ghcr-steward-report.json`)
  expect(JSON.stringify(run.report)).toContain(old.digest)
})
