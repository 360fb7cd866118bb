import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { type ActionRun, runAction } from '../helpers/run-action.ts'

/** The documents' recipes for approval and undo as they are written: the steps of their YAML, one after the other, as a runner takes them. */

interface Step {
  readonly id?: string
  readonly uses: string
  readonly with: Readonly<Record<string, unknown>>
}
interface Workflow {
  readonly name: string
  readonly jobs: Readonly<
    Record<
      string,
      { readonly steps: readonly Step[]; readonly needs?: string; readonly environment?: string }
    >
  >
}

const text = readFileSync(resolve(import.meta.dirname, '../../docs/approval-and-undo.md'), 'utf8')
const workflows = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)]
  .map(([, yaml = '']) => parse(yaml) as Partial<Workflow>)
  .filter((block): block is Workflow => block.jobs !== undefined)

function jobOf(workflow: string, job: string) {
  const found = workflows.find(({ name }) => name === workflow)?.jobs[job]
  if (found === undefined) throw new Error(`the document has no job ${job} in "${workflow}"`)
  return found
}

const workspace = mkdtempSync(join(tmpdir(), 'ghcr-steward-recipes-'))
afterAll(() => rmSync(workspace, { recursive: true }))

/** Artifacts by name: what GitHub keeps between jobs and runs. */
type Artifacts = Map<string, { readonly file: string; readonly text: string }>

/** Runs the steps of one job; gives the run of its step of this action. */
async function play(
  github: Emulator,
  token: string,
  steps: readonly Step[],
  artifacts: Artifacts
): Promise<ActionRun> {
  const downloads = new Map<string, string>()
  let run: ActionRun | undefined
  for (const { uses, with: given } of steps) {
    const name = String(given['name'])
    if (uses.startsWith('actions/download-artifact@')) {
      const { file, text } = artifacts.get(name) ?? { file: '', text: '' }
      downloads.set(file, text)
    } else if (uses.startsWith('actions/upload-artifact@')) {
      expect(given['path']).toMatch(/^\$\{\{ steps\.steward\.outputs\.report \}\}$/)
      const path = run?.outputs['report'] ?? ''
      artifacts.set(name, { file: basename(path), text: readFileSync(path, 'utf8') })
    } else {
      expect(uses).toMatch(/^ghcr-steward\/ghcr-steward@v\d+$/)
      const here = mkdtempSync(join(workspace, 'job-'))
      for (const [file, text] of downloads) writeFileSync(join(here, file), text)
      const inputs = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]))
      run = await runAction(github, { token, ...inputs }, { repository: 'acme/my-app', cwd: here })
    }
  }
  if (run === undefined) throw new Error('a job without a step of this action')
  return run
}

it('the approval recipe deletes what its plan says, once approved, and the undo recipe brings it back', async () => {
  await using github = await startEmulator()
  const app = github.world.package('acme/my-app', { repository: 'acme/my-app' })
  const token = github.world.githubToken('acme/my-app', { packages: 'write', actions: 'read' })
  const day = 86_400_000
  app.push(image(), { tags: ['v1.0.0'], at: Date.now() - 90 * day })
  for (let build = 1; build <= 33; build++) {
    app.push(image(), { tags: [`sha-${build}`], at: Date.now() - (90 - build) * day })
  }
  const before = { tags: app.tags(), digests: app.digests() }
  const artifacts: Artifacts = new Map()

  const plan = jobOf('Retention with approval', 'plan')
  await using planned = await play(github, token, plan.steps, artifacts)
  expect(planned).toMatchObject({ code: 0, outputs: { 'planned-count': '9' } })
  expect(github.writes).toEqual([])

  const apply = jobOf('Retention with approval', 'apply')
  expect(apply).toMatchObject({ needs: 'plan', environment: expect.any(String) })
  await using applied = await play(github, token, apply.steps, artifacts)
  expect(applied).toMatchObject({ code: 0, outputs: { 'deleted-count': '9' } })

  const undo = jobOf('Undo a retention', 'undo')
  await using undone = await play(github, token, undo.steps, artifacts)
  expect(undone).toMatchObject({ code: 0, outputs: { 'restored-count': '9' } })
  expect({ tags: app.tags(), digests: app.digests() }).toEqual(before)
})
