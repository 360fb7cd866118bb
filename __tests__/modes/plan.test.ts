import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Builder, Pushed } from '../emulator/builder.ts'
import { primaryRefusal } from '../emulator/limits.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { image, index, manifest } from '../emulator/shapes.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import type { ActionRun } from '../helpers/run-action.ts'

const POLICY = { 'delete-tags': 'sha-*', 'delete-untagged': 'true' }
const UNTAG = { 'delete-tags': 'nightly edge', untag: 'true' }
const clock = fastClock(100)
let github: Emulator
let app: Builder
let token: string
let one: Pushed
let two: Pushed
beforeEach(async () => {
  github = await startEmulator({ now: clock.now })
  app = github.world.package('acme/app', { repository: 'acme/app' })
  token = github.world.githubToken('acme/app')
  app.push(image(), { tags: ['v1'], at: '2026-01-01T00:00:00Z' })
  one = app.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
  two = app.push(image(), { tags: ['sha-2'], at: '2026-02-02T00:00:00Z' })
})
afterEach(() => github.close())

const run = (inputs: Record<string, string>) =>
  runInside(github, { token, packages: 'app', ...inputs }, clock)
const dry = (more: Record<string, string> = {}) => run({ 'dry-run': 'true', ...POLICY, ...more })

/** The headers of an hour's quota that is used up. */
const exhausted = (now: number) => ({
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': '0',
  'x-ratelimit-reset': String(Math.ceil(now / 1_000) + 36_000)
})

/** The plan as a later job downloads it, changed by `edit` where a test wants another one. */
function planOf({ report, temp }: ActionRun, edit: (text: string) => string = text => text): string {
  const path = join(temp, 'plan.json')
  writeFileSync(path, edit(JSON.stringify(report)))
  return path
}

it('deletes what the plan names and nothing else, whatever else would be due by now', async () => {
  await using first = await dry()
  const late = app.push(image(), { tags: ['sha-3'], at: '2026-02-03T00:00:00Z' })
  await using second = await run({ plan: planOf(first) })
  expect(second).toMatchObject({ code: 0, outputs: { 'deleted-count': '6', 'failed-count': '0' } })
  expect(Object.keys(app.tags()).sort()).toEqual(['sha-3', 'v1'])
  expect(app.digests()).toContain(late.digest)
  await using third = await run({ plan: planOf(first) })
  expect(third).toMatchObject({ code: 0, outputs: { 'deleted-count': '0' } })
  expect(third.summary).toMatch(/6 versions of the plan are already gone/)
})

it.each([{}, UNTAG])(
  'takes off the tags that the plan names, also where the rules are repeated: %j',
  async again => {
    app.push(image(), { tags: ['v2', 'nightly', 'edge'], at: '2026-03-01T00:00:00Z' })
    await using first = await run({ 'dry-run': 'true', ...UNTAG })
    await using second = await run({ plan: planOf(first), ...again })
    expect(second).toMatchObject({ code: 0, outputs: { 'untagged-count': '2', 'deleted-count': '0' } })
    expect(Object.keys(app.tags()).sort()).toEqual(['sha-1', 'sha-2', 'v1', 'v2'])
  }
)

it('takes them off beside a brake that holds what the repeated rules would delete by now, and not the plan', async () => {
  const rules = { 'delete-tags': 'nightly edge x-*', untag: 'true', 'max-deletions': '2' }
  app.push(image(), { tags: ['v2', 'nightly', 'edge'], at: '2026-03-01T00:00:00Z' })
  await using first = await run({ 'dry-run': 'true', ...rules })
  for (let n = 0; n < 3; n++) app.push(manifest(), { tags: [`x-${n}`], at: '2026-03-02T00:00:00Z' })
  await using second = await run({ plan: planOf(first), ...rules })
  expect(second).toMatchObject({ code: 0, outputs: { 'untagged-count': '2', 'deleted-count': '0' } })
})

it.each<[string, () => unknown, RegExp]>([
  ['a tag was put on it', () => app.tag(one, 'prod'), /tag prod was put on it since the plan/],
  [
    'a new image names its platform',
    () => app.push(index([{ shape: one.shape.children[0]!, platform: 'linux/amd64' }]), { tags: ['v9'] }),
    /v9, which stays, needs it/
  ],
  ['its tag moved away', () => app.push(manifest(), { tags: ['sha-1'] }), /tag sha-1 was taken off it/]
])('skips and lists a version when %s', async (_, change, sentence) => {
  await using first = await dry()
  change()
  await using second = await run({ plan: planOf(first) })
  expect(second.code).toBe(0)
  expect(github.world.broken()).toEqual([])
  expect(second.summary).toMatch(sentence)
  expect(second.summary).toMatch(/Skipped: \d/)
  expect(app.tags()).not.toHaveProperty('sha-2')
  expect(app.digests()).not.toContain(two.digest)
})

it("keeps what today's rules keep, where the inputs repeat the policy", async () => {
  await using first = await dry({ 'keep-at-least': '1', 'delete-tags': 'sha-*' })
  expect(first.outputs['planned-count']).toBe('3')
  app.delete(two)
  await using second = await run({ ...POLICY, 'keep-at-least': '1', plan: planOf(first) })
  expect(second.stdout).toMatch(/it is kept now: newest of rule "delete-tags"/)
  expect(app.digests()).toContain(one.digest)
})

it('does as it said in a dry run of the plan itself', async () => {
  await using first = await dry()
  app.tag(one, 'prod')
  await using rehearsal = await run({ plan: planOf(first), 'dry-run': 'true' })
  expect(github.writes).toEqual([])
  expect(rehearsal.summary).toMatch(/Dry run: 1 image would be deleted \(3 versions\)/)
})

it('refuses the report of a dry run of a plan, in which what was skipped stands as well', async () => {
  await using first = await dry()
  app.tag(one, 'prod')
  await using rehearsal = await run({ plan: planOf(first), 'dry-run': 'true' })
  expect(rehearsal.stdout).toMatch(/Next: look at the summary, then run without `dry-run`\.$/m)
  await using real = await run({ plan: planOf(rehearsal) })
  expect([real.code, github.writes, app.tags()['prod']]).toEqual([1, [], one.digest])
  expect(real.stdout).toMatch(
    /is of a dry run that applied a plan itself\. Give the report of the run that made/
  )
  await using right = await run({ plan: planOf(first) })
  expect([right.code, app.tags()['prod']]).toEqual([0, one.digest])
})

it.each<[string, Record<string, string>, (text: string) => string, RegExp]>([
  ['another policy', { 'delete-tags': 'sha-1' }, text => text, /policy for app has changed since the plan/],
  ['another owner', {}, text => text.replace('"owner":"acme"', '"owner":"else"'), /about packages of else/],
  [
    'another package',
    { packages: 'app, other' },
    text => text,
    /covers only app, and .*Leave other out of `packages`/
  ],
  ['more packages', { packages: 'other' }, text => text, /covers app, and this run is about other\./],
  ['another server', {}, text => text.replace('"api":"http', '"api":"x'), /about x:/],
  ['a real run', {}, text => text.replace('"dryRun":true', '"dryRun":false'), /of a real run/],
  ['another mode', {}, text => text.replace('"mode":"retain"', '"mode":"purge"'), /mode `purge`/],
  ['a run that was killed', {}, text => text.replace('"finished"', '"unfinished"'), /was killed/],
  ['nothing at all', {}, () => '{}', /not a report of ghcr-steward/]
])('refuses a plan of %s before anything is deleted', async (_, inputs, edit, sentence) => {
  await using first = await dry()
  await using second = await run({ ...inputs, plan: planOf(first, edit) })
  expect(second.code).toBe(1)
  expect(second.stdout).toMatch(sentence)
  expect(github.writes).toEqual([])
})

it('refuses the plan of a dry run that failed', async () => {
  github.faults.on({ host: 'registry', path: /manifests/ }, { kind: 'answer', answer: { status: 400 } })
  await using first = await dry()
  github.faults.clear()
  await using second = await run({ plan: planOf(first) })
  expect(second.code).toBe(1)
  expect(second.stdout).toMatch(/of a run that failed/)
})

it('E-35: applies what an incomplete dry run decided on, and says what it did not come to', async () => {
  const world = github.world
  const web = world.package('acme/web', { repository: 'acme/app' })
  web.push(image(), { tags: ['v1'], at: '2026-01-01T00:00:00Z' })
  const old = web.push(image(), { tags: ['sha-1'], at: '2026-02-01T00:00:00Z' })
  await using first = await dry({ packages: 'app, web' })
  const cut = (text: string): string => {
    const { packages, ...rest } = JSON.parse(text) as { packages: { name: string; policy?: string }[] }
    const left = packages.map(({ policy, ...one }) =>
      one.name === 'web' ? { ...one, versions: [], steps: [] } : { ...one, policy }
    )
    return JSON.stringify({ ...rest, packages: left })
  }
  await using second = await run({ ...POLICY, packages: 'app, web', plan: planOf(first, cut) })
  expect(second.stdout).not.toMatch(/policy for .* has changed/)
  expect(second.stdout).toMatch(/::warning::.*ended before it decided on web.*Make another plan/)
  expect(second.code).toBe(0)
  expect(app.digests()).not.toContain(one.digest)
  expect(web.digests()).toContain(old.digest)
})

it('E-35: a dry run that decided on nothing is no plan, and that is what is said', async () => {
  github.faults.on(
    { path: /\/versions/ },
    { kind: 'answer', answer: { ...primaryRefusal(403), headers: exhausted(clock.now()) } }
  )
  await using first = await dry()
  github.faults.clear()
  await using second = await run({ ...POLICY, plan: planOf(first) })
  expect(second.stdout).toMatch(/::error::.*ended before it decided on anything/)
  expect(second.code).toBe(1)
})

it('E-35: says so when the plan is of another version of the action, which may read policies otherwise', async () => {
  await using first = await dry()
  const edit = (text: string) =>
    text.replace(/"version":"[^"]+"/, '"version":"0.0.1"').replace(/"policy":"sha256:./, '"policy":"sha256:_')
  await using second = await run({ ...POLICY, plan: planOf(first, edit) })
  expect(second.stdout).toMatch(/::error::.*made by ghcr-steward 0\.0\.1/)
})

it.each<[string, Record<string, string>]>([
  ['plan', { plan: 'nowhere.json' }],
  ['plan', { plan: '/' }],
  ['restore', { mode: 'restore', restore: 'nowhere.json' }],
  ['purge', { mode: 'purge', purge: 'package v1', confirm: 'app' }]
])('a run is refused before its first request for its input `%s`: %j', async (input, inputs) => {
  await using result = await run(inputs)
  expect(result.code).toBe(1)
  expect(result.stdout).toContain(`::error::Input \`${input}\``)
  expect(result.stdout).toContain('No request was sent to GitHub.')
  expect(github.requests).toEqual([])
})
