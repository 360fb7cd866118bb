import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { blocksOf } from '../../scripts/lint/blocks.ts'
import { startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock, runInside } from '../helpers/inside.ts'

const OLD = Date.parse('2026-01-01T00:00:00Z')
const JOBS = ['api', 'app/web', 'cli', 'docs']

/** The recipe that the documents give, as it stands there. */
function recipe() {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/large-organizations.md'), 'utf8')
  const [block] = blocksOf(text).filter(({ language }) => language === 'yaml')
  return parse(block?.text ?? '').jobs
}

/** The inputs of a step as the runner hands them over. */
const written = (inputs: object): Record<string, string> =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name, String(value)]))

test('four jobs of a matrix share one quota, and their reports merge into one summary', async () => {
  const clock = fastClock(100)
  const world = createWorld(clock.now)
  world.org('acme', { olivia: 'admin' })
  for (const name of JOBS) {
    const pkg = world.package(`acme/${name}`)
    for (let number = 0; number < 10; number++) pkg.push(image(), { at: OLD + number * 60_000 })
    pkg.push(image(), { at: OLD + 3_600_000, tags: ['latest'] })
  }
  await using github = await startEmulator({ now: clock.now, world, limits: { quotas: QUOTAS } })
  const token = world.classic('olivia')
  const { packages, clean, summary } = recipe()

  const listing = await runInside(github, { ...written(packages.steps[0].with), token }, clock)
  expect(listing.code).toBe(0)
  expect(JSON.parse(listing.outputs['packages'] ?? '')).toEqual(JOBS)
  expect(github.requests.filter(({ host, status }) => host === 'registry' && status === 200)).toEqual([])

  const reserve = Number(clean.steps[1].with['reserve-requests'])
  const inputs = { token, 'delete-untagged': 'true', 'reserve-requests': String(reserve) }
  const jobs = await Promise.all(JOBS.map(name => runInside(github, { ...inputs, packages: name }, clock)))
  expect(jobs.map(({ code, stdout }) => (code === 0 ? 'green' : stdout))).toEqual(JOBS.map(() => 'green'))
  expect(github.violations).toEqual([])
  expect(world.broken()).toEqual([])
  // The quota does not suffice for all of it: what is left is said, and others find their reserve.
  const deleted = jobs.reduce((sum, { outputs }) => sum + Number(outputs['deleted-count']), 0)
  expect(deleted).toBeLessThan(120)
  expect(jobs.some(({ outputs }) => outputs['incomplete'] === 'true')).toBe(true)
  expect(github.limiter.quota(world.account(token)).remaining).toBeGreaterThan(reserve / 2)

  const rows = merged(
    summary.steps[1].run,
    jobs.map(({ report }) => report)
  )
  expect(rows.map(row => row[0])).toEqual(JOBS)
  expect(rows.map(row => row.slice(1).map(Number))).toEqual(
    jobs.map(({ outputs }) => {
      const gone = Number(outputs['deleted-count'])
      return [33, 3, gone, 0, 0, 30 - gone]
    })
  )
})

const QUOTAS = { classic: 190, 'fine-grained': 1, app: 1, 'github-token': 1, anonymous: 60 }

/** Runs the recipe's script over the reports; gives the cells of the table that it writes. */
function merged(script: string, reports: readonly unknown[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'fan-out-'))
  const file = join(folder, 'summary')
  for (const [index, report] of reports.entries()) {
    const place = join(folder, 'reports', `report-${index}`)
    mkdirSync(place, { recursive: true })
    writeFileSync(join(place, 'ghcr-steward-report.json'), JSON.stringify(report))
  }
  const shell = spawnSync('bash', ['-e', '-c', script], {
    cwd: folder,
    env: { ...process.env, GITHUB_STEP_SUMMARY: file },
    encoding: 'utf8'
  })
  expect(shell.stderr).toBe('')
  const lines = readFileSync(file, 'utf8').split('\n')
  rmSync(folder, { recursive: true })
  return lines
    .slice(2)
    .filter(line => line.startsWith('|'))
    .map(line =>
      line
        .replaceAll('`', '')
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim())
    )
}
