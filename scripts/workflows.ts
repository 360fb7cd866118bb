/**
 * Runs the workflows of the README and the documents through a workflow engine that nobody here wrote (nektos/act, on
 * this machine itself, without containers), against the emulated GitHub, and one workflow about the engine itself. A wrong
 * word in an example fails: each workflow of the README is also run with one, which must be found out.
 *
 *   npm run workflows              with act from PATH, or from an earlier build
 *   npm run workflows -- --build   builds act first, where Go is installed
 *
 * Where act cannot be had it says so and ends well.
 */

import { parseArgs } from 'node:util'
import { print, printError } from './print.ts'
import {
  type DocumentedWorkflow,
  documentedWorkflows,
  engineWorkflow,
  slipsOf
} from './workflows/documents.ts'
import { findAct, runWorkflow } from './workflows/engine.ts'
import { type Home, openHome } from './workflows/home.ts'

const { values } = parseArgs({ options: { build: { type: 'boolean' } } })

try {
  await main()
} catch (error) {
  printError(error)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const act = findAct(values.build === true)
  if (act === undefined) {
    console.log(
      'act is neither on PATH nor built, so no workflow was run: npm run workflows -- --build builds it where Go is'
    )
    return
  }
  await using home = await openHome()
  let failed = 0
  const tell = (holds: boolean, what: string, log: string): void => {
    console.log(`${holds ? 'ok  ' : 'FAIL'}  ${what}`)
    if (holds) return
    failed++
    print(log.replaceAll(/^/gm, '      '))
  }
  const passes = async (workflow: DocumentedWorkflow, at: Home): Promise<void> => {
    const { code, log, leaked } = await runWorkflow(act, workflow, at)
    tell(code === 0 && leaked.length === 0, `${workflow.document}: ${workflow.name}`, log)
  }
  const workflows = documentedWorkflows()
  for (const workflow of workflows) await passes(workflow, home)
  // It counts what is deleted, so nothing may have been deleted before.
  await using fresh = await openHome()
  await passes(engineWorkflow(), fresh)
  for (const { what, ...workflow } of workflows.flatMap(slipsOf)) {
    const { code, log } = await runWorkflow(act, workflow, home)
    tell(code !== 0, `${workflow.document}: ${workflow.name} fails with ${what}`, log)
  }
  const troubles = [home, fresh].flatMap(({ world, violations }) => [...world.broken(), ...violations()])
  for (const trouble of troubles) tell(false, trouble, '')
  if (failed > 0) process.exitCode = 1
}
