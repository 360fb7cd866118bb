import { expect, test } from '@jest/globals'
import { image } from '../../emulator/shapes.ts'
import { buildWorkflow, errorsOf, missingOf, scene, startedFor } from '../../helpers/check-run.ts'

/** Whole checks in which one witness is behind the others, or somebody else's run looks like a build. */

const DENIAL = {
  kind: 'answer',
  answer: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } }
} as const
const DISPATCH = { 'dispatch-workflow': 'build.yml' }

const warningsOf = ({ stdout }: { stdout: string }): string[] =>
  stdout.split('\n').flatMap(line => /^::warning::(.*)$/.exec(line)?.[1] ?? [])

test('E-08: an image that only the registry has yet is present, and no build is started', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v2.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.app.push(image(), { tags: ['v1.0.0'] })
  acme.app.lie({ kind: 'lag', changes: 100 })
  acme.app.lie({ kind: 'count', value: 3 })
  acme.app.push(image(), { tags: ['v2.0.0'] })
  await using run = await acme.run(DISPATCH)
  expect({ code: run.code, missing: missingOf(run), started: startedFor(acme) }).toEqual({
    code: 0,
    missing: {},
    started: []
  })
})

test('E-08: one denial of a tag that the list does not show is asked about again', async () => {
  await using acme = await scene()
  acme.repository.tag('v2.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.app.push(image(), { tags: ['v1.0.0'] })
  acme.app.lie({ kind: 'lag', changes: 100 })
  acme.app.lie({ kind: 'count', value: 3 })
  acme.app.push(image(), { tags: ['v2.0.0'] })
  acme.github.faults.on({ host: 'registry', path: /\/manifests\/v?2\.0\.0$/, times: 2 }, DENIAL)
  await using run = await acme.run(DISPATCH)
  expect({ code: run.code, missing: missingOf(run), started: startedFor(acme) }).toEqual({
    code: 0,
    missing: {},
    started: []
  })
})

test('E-08: one denial of an index that is listed is asked about again', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  const { digest } = acme.app.push(image(), { tags: ['v1.0.0'] })
  acme.github.faults.on({ host: 'registry', path: new RegExp(`/manifests/${digest}$`), times: 1 }, DENIAL)
  await using run = await acme.run(DISPATCH)
  expect({ code: run.code, missing: missingOf(run), started: startedFor(acme) }).toEqual({
    code: 0,
    missing: {},
    started: []
  })
})

test("E-31: an outsider's pull request that is titled like a release holds no rebuild", async () => {
  await using acme = await scene()
  acme.repository.tag('v3.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.workflow('ci.yml', {})
  for (const event of ['pull_request', 'pull_request_target', 'issues', 'push']) {
    acme.repository.ran('ci.yml', { title: 'v3.0.0', event, status: 'queued', branch: 'patch-1' })
  }
  await using run = await acme.run(DISPATCH)
  expect(run.code).toBe(0)
  expect(startedFor(acme)).toEqual(['v3.0.0'])
})

test.each([
  ['Build v2.0.0-rc.1', 'v2.0.0-rc.1'],
  ['Build v7.7.7', 'v7.7.7']
])('E-31: a run "%s" holds the rebuild of no other tag', async (title, tag) => {
  await using acme = await scene()
  acme.repository.tag('v2.0.0', 'v2.0.0-rc.1')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.ran('build.yml', {
    title,
    event: 'workflow_dispatch',
    status: 'in_progress',
    inputs: { tag }
  })
  await using run = await acme.run({ ...DISPATCH, 'skip-tags': '/-rc/' })
  expect(run.code).toBe(0)
  expect(startedFor(acme).filter(one => one === 'v2.0.0')).toEqual(['v2.0.0'])
})

test('a missing image and a rebuild that is held are each an annotation that names the tag', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v2.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.ran('build.yml', { title: 'Build v2.0.0', status: 'queued', inputs: { tag: 'v2.0.0' } })
  await using run = await acme.run(DISPATCH)
  expect(errorsOf(run)).toEqual([])
  expect(warningsOf(run)).toEqual([
    expect.stringMatching(/^2 tags lack their image: v2\.0\.0, v1\.0\.0\.$/),
    expect.stringMatching(
      /^1 rebuild not started, a run is under way\. The first is v2\.0\.0: A run for it is (?:queued|in progress): /
    )
  ])
})
