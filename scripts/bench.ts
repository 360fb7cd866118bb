/**
 * Measures what the README claims, in one run on one machine: the claims are ratios, never seconds.
 * `npm run bench` runs everything, which takes some ten minutes, and writes BENCHMARK.md;
 * `npm run bench -- start-up packages` runs parts of it and only prints them.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { deciding } from './bench/deciding.ts'
import { deletions } from './bench/deletions.ts'
import { giantOf } from './bench/giant.ts'
import { jobs } from './bench/jobs.ts'
import type { Part } from './bench/measure.ts'
import { packages } from './bench/packages.ts'
import { startUp } from './bench/start-up.ts'
import { worldOf } from './bench/worlds.ts'

const PARTS: Readonly<Record<string, Part>> = {
  'start-up': startUp,
  small: worldOf(1_000),
  medium: worldOf(10_000),
  large: worldOf(100_000),
  giant: giantOf(300_000),
  'giant-500': giantOf(500_000),
  deciding,
  packages,
  jobs,
  deletions
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in PARTS))
if (unknown.length > 0)
  throw new Error(`no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`)

const report = ['# Benchmark', '', machine(), '', introduction()]
for (const [name, part] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const lines = ['', `## ${name}`, '', ...(await part())]
  console.log(lines.join('\n'))
  report.push(...lines)
}
if (wanted.length === 0)
  writeFileSync(resolve(import.meta.dirname, '../BENCHMARK.md'), `${report.join('\n')}\n`)
// Requests of the other side that nobody waits for are still under way.
process.exit()

function machine(): string {
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  return `Measured on ${date} with Node ${process.versions.node} on ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, by \`npm run bench\`.`
}

function introduction(): string {
  return (
    'The bundled action against the emulated GitHub and registry on the same machine, which share its processors. All ' +
    "times are real, none is scaled: GitHub's limits count in minutes of the clock. What counts is the ratio to the floor " +
    'beside it; seconds depend on the machine.'
  )
}
