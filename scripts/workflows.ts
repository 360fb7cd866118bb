/**
 * Runs the workflows of the README and the documents through a workflow engine that nobody here wrote (nektos/act, on
 * this machine itself, without containers), against the emulated GitHub: a wrong word in an example fails.
 *
 *   npm run workflows              with act from PATH, or from an earlier build
 *   npm run workflows -- --build   builds act first, where Go is installed
 *
 * Where act cannot be had it says so and ends well.
 */
import { parseArgs } from 'node:util'
import { ExpectedError } from '../src/errors.ts'
import { documentedWorkflows } from './workflows/documents.ts'
import { findAct, runWorkflow } from './workflows/engine.ts'
import { openHome } from './workflows/home.ts'

const { values } = parseArgs({ options: { build: { type: 'boolean' } } })

try {
  await main()
} catch (error) {
  console.error(error instanceof ExpectedError ? error.message : error)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const act = findAct(values.build === true)
  if (act === undefined) {
    console.log(
      'act is neither on PATH nor built, so no workflow was run; npm run workflows -- --build builds it'
    )
    return
  }
  await using home = await openHome()
  let failed = 0
  for (const workflow of documentedWorkflows()) {
    const { code, log } = await runWorkflow(act, workflow, home)
    const name = `${workflow.document}: ${workflow.name}`
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name}`)
    if (code === 0) continue
    failed++
    console.log(log.replaceAll(/^/gm, '      '))
  }
  const troubles = [...home.world.broken(), ...home.violations()]
  for (const trouble of troubles) console.log(`FAIL  ${trouble}`)
  if (failed + troubles.length > 0) process.exitCode = 1
}
