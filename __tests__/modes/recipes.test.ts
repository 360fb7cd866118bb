import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from '@jest/globals'
import { startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { recipe, recipeFolder } from '../helpers/recipes.ts'
import { type ActionRun, runAction } from '../helpers/run-action.ts'
import { jobIn, play, type Runner } from '../helpers/workflow.ts'
import { checkout } from '../helpers/workspace.ts'

/** The documents' recipes for approval and undo as they are written, played by the bundle as a runner does. */

const job = (workflow: string, name: string) => jobIn('docs/approval-and-undo.md', workflow, name)

it.concurrent('the approval recipe deletes what its plan says, once approved, and the undo recipe brings it back', async () => {
  await using github = await startEmulator()
  using folder = recipeFolder()
  await using stack = new AsyncDisposableStack()
  const app = github.world.package('acme/my-app', { repository: 'acme/my-app' })
  const day = 86_400_000
  app.push(image(), { tags: ['v1.0.0'], at: Date.now() - 90 * day })
  for (let build = 1; build <= 32; build++) {
    app.push(image(), { tags: [`sha-${build}`], at: Date.now() - (90 - build) * day })
  }
  const before = { tags: app.tags(), digests: app.digests() }
  const runner: Runner<ActionRun> = {
    token: permissions => github.world.githubToken('acme/my-app', permissions),
    folder: folder.path,
    artifacts: new Map(),
    run: async (inputs, env) =>
      stack.use(
        await runAction(github, inputs, {
          repository: 'acme/my-app',
          env,
          cwd: env['GITHUB_WORKSPACE'] ?? ''
        })
      )
  }

  const planned = await play(job('Retention with approval', 'plan'), {}, runner)
  expect(planned).toMatchObject([{ code: 0, outputs: { 'planned-count': '6' } }])
  expect(github.writes).toEqual([])

  const apply = job('Retention with approval', 'apply')
  expect(apply).toMatchObject({ needs: 'plan', environment: expect.any(String) })
  const applied = await play(apply, {}, runner)
  expect(applied).toMatchObject([{ code: 0, outputs: { 'deleted-count': '6' } }])

  const undone = await play(job('Undo a retention', 'undo'), { inputs: { run: '1' } }, runner)
  expect(undone).toMatchObject([{ code: 0, outputs: { 'restored-count': '6' } }])
  expect({ tags: app.tags(), digests: app.digests() }).toEqual(before)
})

const text = readFileSync(new URL('../../docs/policies.md', import.meta.url), 'utf8')
const BUNDLE = resolve(import.meta.dirname, '../../dist/index.js')

it.concurrent('the tests of a policy run by their recipe and by the command of the documents, asking nobody', async () => {
  const policy = recipe('docs/policies.md', 'Tests')
  const [, ...command] = /`npm start -- --with (policy=\S+) --with (policy-tests=true)`/.exec(text) ?? []
  for (const [rules, code] of [
    [policy, 0],
    [policy.replace('expect: { delete: [old] }', 'expect: { delete: [] }'), 1]
  ] as const) {
    await using github = await startEmulator()
    using folder = recipeFolder()
    await using stack = new AsyncDisposableStack()
    const files = { '.github/ghcr-steward.yml': rules }
    const runs = await play(
      jobIn('docs/policies.md', 'Policy', 'test'),
      {},
      {
        token: () => '',
        files,
        folder: folder.path,
        artifacts: new Map(),
        run: async (inputs, env) =>
          stack.use(await runAction(github, inputs, { env, cwd: env['GITHUB_WORKSPACE'] ?? '' }))
      }
    )
    expect(runs).toMatchObject([{ code }])
    expect(github.requests).toEqual([])
    using checkedOut = checkout(files)
    const given = command.map(pair => pair.split('='))
    const env = Object.fromEntries(given.map(([name = '', value]) => [`INPUT_${name.toUpperCase()}`, value]))
    const { status, stdout } = spawnSync(process.execPath, [BUNDLE], {
      cwd: checkedOut.root,
      env,
      encoding: 'utf8'
    })
    expect({ status, passed: stdout.includes('1 policy test passed.') }).toEqual({
      status: code,
      passed: code === 0
    })
  }
})
