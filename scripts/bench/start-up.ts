import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dist } from './measure.ts'

const ROUNDS = 15

/**
 * How long the bundle takes from its start to its first decision (refusing an unknown input), beside a script
 * that does nothing: run in turns, so that the machine's moods hit both.
 */
export async function startUp(): Promise<string[]> {
  const empty = join(tmpdir(), 'ghcr-steward-nothing.mjs')
  writeFileSync(empty, '')
  const times: Record<'bundle' | 'nothing', number[]> = { bundle: [], nothing: [] }
  for (let round = 0; round < ROUNDS; round++) {
    times.bundle.push(run(dist))
    times.nothing.push(run(empty))
  }
  const bundle = median(times.bundle)
  const nothing = median(times.nothing)
  return [
    `\`dist/index.js\` has ${(statSync(dist).size / 1024).toFixed(0)} KiB. From its start to its first decision (refusing an ` +
      `unknown input) it takes ${bundle.toFixed(0)} ms, the median of ${ROUNDS}, of which Node itself takes ` +
      `${nothing.toFixed(0)} ms: ${(bundle / nothing).toFixed(1)} times an empty script.`
  ]
}

function run(script: string): number {
  const start = performance.now()
  spawnSync(process.execPath, [script], { env: { INPUT_NO_SUCH_INPUT: 'x', GITHUB_REPOSITORY: 'acme/app' } })
  return performance.now() - start
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number
}
