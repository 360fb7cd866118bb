/**
 * Measures what the README claims, in one run on one machine: the claims are ratios, never seconds.
 * `npm run bench` runs everything, which takes an hour, and writes BENCHMARK.md;
 * `npm run bench -- start-up packages` runs parts of it and prints them, `npm run bench -- giant 60000` a giant of
 * another size as well, and `npm run bench -- write packages` puts its part into BENCHMARK.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
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

/** A number is the size of a giant. */
const partOf = (name: string): Part | undefined =>
  PARTS[name] ?? (/^\d+$/.test(name) ? giantOf(Number(name)) : undefined)

const FILE = resolve(import.meta.dirname, '../BENCHMARK.md')
const words = process.argv.slice(2)
const named = words.filter(word => word !== 'write')
const wanted = named.length === 0 ? Object.keys(PARTS) : named
const unknown = wanted.filter(name => partOf(name) === undefined)
if (unknown.length > 0)
  throw new Error(
    `no such part: ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}, and sizes`
  )

const fresh = new Map<string, string>()
for (const name of wanted) {
  const text = ['', `Measured ${machine()}.`, '', ...((await partOf(name)?.()) ?? []), ''].join('\n')
  console.log(`## ${name}\n${text}`)
  fresh.set(name, text)
}
if (words.length === 0) write(fresh)
else if (named.length < words.length) write(new Map([...written(), ...fresh]))
// Requests of the other side that nobody waits for are still under way.
process.exit()

/** The parts that the file has, by name. */
function written(): [string, string][] {
  const [, ...parts] = readFileSync(FILE, 'utf8').split('\n## ')
  return parts.map(part => {
    const end = part.indexOf('\n')
    return [part.slice(0, end), `${part.slice(end + 1).trimEnd()}\n`]
  })
}

function write(parts: ReadonlyMap<string, string>): void {
  const sections = [...parts].map(([name, text]) => `\n## ${name}\n${text}`)
  writeFileSync(FILE, `# Benchmark\n\n${introduction()}\n${sections.join('')}`)
}

function machine(): string {
  const [cpu] = cpus()
  const date = new Date().toISOString().slice(0, 10)
  return `on ${date} with Node ${process.versions.node} on ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`
}

function introduction(): string {
  return (
    'Written by `npm run bench`: the bundled action against the emulated GitHub and registry on the same machine, which share its processors. All ' +
    "times are real, none is scaled: GitHub's limits count in minutes of the clock. What counts is the ratio to the floor " +
    'beside it; seconds depend on the machine, and on who shares it.'
  )
}
