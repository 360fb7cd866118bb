import { join } from 'node:path'
import { setImmediate as immediately } from 'node:timers/promises'
import { readRecord } from '../../src/report/read-record.ts'
import type { RunRecord } from '../../src/report/record.ts'
import { act, type Scene, start } from './exercise.ts'
import { holes, lookAt, nameOf, RETENTION, reportFile, restore } from './exercise-signed.ts'
import type { SignedPackage } from './signed.ts'
import type { Workshop } from './workshop.ts'

/**
 * Retention that is killed again and again, and an undo that is killed: at every end each tag is whole, the report of
 * a killed run brings everything back, and the run that is let to its end leaves nothing over.
 */
export async function exerciseKilled(pkg: SignedPackage, scene: Scene, workshop: Workshop): Promise<void> {
  const { checks } = scene
  const name = nameOf(pkg)
  const inputs = { packages: name, ...RETENTION }

  const killed = async (method: 'DELETE' | 'POST', passed: number, what: Record<string, string>) => {
    const record = await killAt(method, passed, what, scene)
    const when = `${name} killed at the ${method} after ${passed} others`
    const sent = record.journal.filter(({ event }) => event === 'sent')
    checks.that(sent.length > passed, `${when}: the report has all that it sent`)
    checks.that(record.finished === undefined, `${when}: the report does not say that it ended`)
    checks.same(await holes(pkg, scene), [], `${when}: every tag is whole`)
    return record
  }

  const early = await killed('DELETE', 0, inputs)
  await restore(name, early, scene, workshop)
  await lookAt(pkg, true, `${name} after the undo of an early end`, scene)

  const late = await killed('DELETE', 7, inputs)
  await killed('POST', 3, { mode: 'restore', packages: name, restore: reportFile(name, late, workshop) })
  await restore(name, late, scene, workshop)
  await lookAt(pkg, true, `${name} after an undo that was killed and then undone for good`, scene)

  await killed('DELETE', 4, inputs)
  // What described the image has lost it by now, so that it takes a word of its own.
  const rest = { ...inputs, 'delete-untagged': 'true', 'delete-broken': 'orphaned' }
  await act(`retention of ${name} after it was killed`, rest, scene)
  await lookAt(pkg, false, `${name} after all`, scene)
}

/** Runs the action and kills it when this many requests of the method have passed, once the next is carried out. */
async function killAt(
  method: string,
  passed: number,
  inputs: Readonly<Record<string, string>>,
  scene: Scene
): Promise<RunRecord> {
  const { faults, flying } = scene.emulator
  const kill = new AbortController()
  faults.on({ host: 'api', method, after: passed, times: 1 }, { kind: 'then', run: () => kill.abort() })
  await using run = await start(inputs, scene, kill.signal)
  faults.clear()
  // GitHub carries out what it has received, whoever is gone.
  for (let idle = 0; idle < 3; idle = flying.api === 0 ? idle + 1 : 0) await immediately()
  if (run.code !== null)
    throw new Error(`the run was to be killed, and ended with ${run.code}:\n${run.stdout}`)
  return readRecord(join(run.temp, 'ghcr-steward-report.json'))
}
