/**
 * Runs as many random worlds as asked:
 *
 *   npm run soak -- --worlds 20000 --texts 5000 --runs 2000 --seed 1
 *
 * `--worlds` random packages and policies for each law of the policy engine (the suite takes 100), `--texts` broken manifests, policies,
 * reports, lists and references for each reader, and `--runs` whole runs under
 * faults (server errors, dropped and lost answers, limits, stalls, garbled bodies), under `kill -9`, and in races: chains
 * of runs with memory between them, in which others push and move tags while one witness is late, slow or lost. Of the
 * runs a fifth are the bundle in a process of its own, all kills among them; the others go the same road inside
 * this process, on a clock that runs faster. `--kind witnesses` makes all runs of that kind, inside this process where
 * nothing is killed. Ends with 1 when anything was lost, and names the seeds.
 */

import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { disturb, KINDS, type Kind, type Verdict, type Where } from '../__tests__/campaign/campaign.ts'
import { print } from './print.ts'

const root = resolve(import.meta.dirname, '..')
/** Runs under way at once: they mostly wait. */
const AT_ONCE = 6

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '2000' },
    texts: { type: 'string', default: '2000' },
    runs: { type: 'string', default: '200' },
    kind: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) }
  }
})
const worlds = wholeNumber('worlds', values.worlds)
const texts = wholeNumber('texts', values.texts)
const runs = wholeNumber('runs', values.runs)
const seed = wholeNumber('seed', values.seed)
const onlyKind = KINDS.find(kind => kind === values.kind)
if (values.kind !== undefined && onlyKind === undefined) {
  throw new Error(`--kind is "${values.kind}": give one of ${KINDS.join(', ')}`)
}

if (worlds > 0) {
  console.log(`${worlds} random worlds for each law, seed ${seed}`)
  for (const file of ['policy/properties', 'policy/could-change', 'modes/agreement'])
    properties(`__tests__/${file}.test.ts`, { PROPERTY_RUNS: worlds, PROPERTY_SEED: seed })
}
if (texts > 0) {
  console.log(`${texts} texts for each reader, seed ${seed}`)
  properties('__tests__/fuzz.test.ts', { PROPERTY_RUNS: texts, PROPERTY_SEED: seed })
}
if (runs > 0) await campaign()

/** Property tests, in the numbers that were asked for. */
function properties(file: string, numbers: Readonly<Record<string, number>>): void {
  const env = Object.entries(numbers).map(([name, number]) => [name, String(number)])
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/jest/bin/jest.js'), '--testTimeout=3600000', file],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...Object.fromEntries(env) } }
  )
  if (status !== 0) process.exitCode = 1
}

async function campaign(): Promise<void> {
  console.log(`${runs} disturbed runs, seed ${seed}`)
  const started = performance.now()
  const verdicts: Verdict[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let number = next++; number < runs; number = next++) {
      const verdict = await disturb(seed + number, kindOf(number), whereOf(number))
      verdicts.push(verdict)
      tell(verdict)
      if (verdicts.length % 100 === 0) console.log(`${verdicts.length} of ${runs}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  for (const where of ['inside', 'bundle'] as const) {
    for (const kind of KINDS) sumUp(where, kind, verdicts)
  }
  const bad = verdicts.filter(({ findings }) => findings.length > 0)
  const minutes = ((performance.now() - started) / 60_000).toFixed(1)
  console.log(`${verdicts.length} disturbed runs in ${minutes} minutes, ${bad.length} with findings`)
  if (bad.length > 0) process.exitCode = 1
}

/** Of twenty runs three are killed, two are races, and one in a hundred meets a server that never answers: that takes 30 s. */
function kindOf(number: number): Kind {
  if (onlyKind !== undefined) return onlyKind
  if (number % 100 === 50) return 'stall'
  if (number % 10 === 3) return 'races'
  if (number % 20 === 1 || number % 5 === 2) return 'witnesses'
  return [5, 10, 15].includes(number % 20) ? 'kill' : 'faults'
}

function whereOf(number: number): Where {
  if (kindOf(number) === 'kill') return 'bundle'
  return onlyKind === undefined && number % 20 === 0 ? 'bundle' : 'inside'
}

function tell({ seed: which, kind, where, findings }: Verdict): void {
  for (const finding of findings) print(`seed ${which}, ${where}, ${kind}: ${finding}`)
}

function sumUp(where: Where, kind: Kind, verdicts: readonly Verdict[]): void {
  const mine = verdicts.filter(verdict => verdict.where === where && verdict.kind === kind)
  if (mine.length === 0) return
  const early = mine.filter(({ deleted, due }) => deleted < due).length
  const due = mine.reduce((sum, verdict) => sum + verdict.due, 0)
  console.log(
    `${where}, ${kind}: ${mine.length} runs with ${due} deletions due, ${early} of them ended early`
  )
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name} is "${text}": give a whole number`)
  return Number(text)
}
