import { expect, test } from '@jest/globals'
import { image } from '../../emulator/shapes.ts'
import { buildWorkflow, errorsOf, scene, startedFor } from '../../helpers/check-run.ts'

/** What workflows hand over as it is, from variables and secrets that may be blank. */

test.concurrent('checked-tags: every tag that was looked for, newest first', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v1.1.0', 'v0.1.0')
  await using run = await acme.run({ 'skip-tags': 'v0.*', 'required-tags': 'latest' })
  expect(run.outputs['checked-tags']).toBe('v1.1.0\nv1.0.0\nlatest')
})

test.concurrent('a workflow without inputs is started with `dispatch-inputs: none`', async () => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app, { dispatch: {} }))
  acme.repository.tag('v1.0.0')
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml', 'dispatch-inputs': 'none' })
  expect(errorsOf(run)).toEqual([])
  expect(acme.repository.row.runs.map(({ inputs }) => inputs)).toEqual([{}])
})

test.concurrent.each([
  'v1","admin":"yes',
  "v1'}},{",
  'v1{tag}{version}',
  'v1$&$`$1',
  'v1\nadmin=yes',
  '</script>%22'
])('E-38: a git tag named %j stays one value of the one input that asks for it', async name => {
  await using acme = await scene()
  const dispatch = { tag: { required: true }, note: { required: true } }
  acme.repository.workflow('build.yml', buildWorkflow(acme.app, { dispatch }))
  acme.repository.tag(name)
  await using run = await acme.run({
    'git-tags': '/[^]*/',
    'image-tags': 'sha-{short-sha}',
    'dispatch-workflow': 'build.yml',
    'dispatch-inputs': 'tag={tag}\nnote=<{tag}>'
  })
  expect(acme.repository.row.runs.map(({ inputs }) => inputs)).toEqual([{ tag: name, note: `<${name}>` }])
  expect(run.stdout).not.toMatch(/^admin=/m)
})

test.concurrent('a workflow by its name alone is refused before any request, with the file that is meant', async () => {
  await using acme = await scene()
  await using run = await acme.run({ 'dispatch-workflow': 'build' })
  expect(errorsOf(run).join()).toContain('Write `build.yml`')
  expect(acme.github.requests).toEqual([])
})

test.concurrent('a blank dispatch-token is the token', async () => {
  await using acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v1.0.0')
  await using run = await acme.run({ 'dispatch-workflow': 'build.yml', 'dispatch-token': ' ' })
  expect(errorsOf(run)).toEqual([])
  expect(startedFor(acme)).toEqual(['v1.0.0'])
})

test.concurrent.each([
  ['v*', ['v1.0.0']],
  ['**', ['v1.0.0', '2.0.0']]
])('a prefix from a variable, with a star behind it: %s', async (patterns, expected) => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', '2.0.0')
  await using run = await acme.run({ 'git-tags': patterns })
  expect(run.outputs['checked-tags']?.split('\n').sort()).toEqual(expected.sort())
})

test.concurrent.each([
  ['v', ['v1.0.0', 'v1.1.0-rc.1'], 'v*'],
  ['release-', ['release-7'], 'release-*'],
  // Unset and empty look the same to an action: the default.
  ['', ['v1.0.0', 'v1.1.0-rc.1'], 'v*'],
  // A tag that is there is that tag.
  ['nightly', ['nightly'], 'nightly']
])('a plain prefix from a variable, straight through: %j', async (prefix, expected, read) => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'v1.1.0-rc.1', 'release-7', '2.0.0', 'nightly', 'nightly-1')
  await using run = await acme.run({ 'git-tags': prefix })
  expect(run.outputs['checked-tags']?.split('\n').toSorted()).toEqual(expected)
  expect(run.stdout).toContain(`(\`git-tags\`: ${read}); `)
})

test.concurrent('a release that is not there is no prefix: its pre-releases do not stand for it', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.1.0-rc.1')
  acme.app.push(image(), { tags: ['v1.1.0-rc.1'] })
  await using run = await acme.run({ 'git-tags': 'v1.1.0', 'fail-on-missing': 'true' })
  expect(run.code).toBe(1)
  expect(errorsOf(run).join()).toContain('no git tag matches `git-tags` (`v1.1.0`)')
})

test.concurrent('an image for every commit of a branch: what `git log` prints, and no git tags', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0')
  acme.app.push(image(), { tags: ['sha-1a2b3c4', 'main'] })
  const log = 'sha-c1e0416\nsha-f323df0\nsha-1804024\n'
  const required = `sha-1a2b3c4\n${log}`
  await using run = await acme.run({ 'git-tags': '!*', 'required-tags': required })
  expect(errorsOf(run)).toEqual([])
  expect(run.outputs['missing-tags']?.split('\n').toSorted()).toEqual(log.trim().split('\n').toSorted())
})

test.concurrent('what retention is told to require stays', async () => {
  await using acme = await scene()
  acme.app.push(image(), { tags: ['sha-1a2b3c4'], at: '2026-01-01T00:00:00Z' })
  acme.app.push(image(), { tags: ['sha-0000000'], at: '2026-01-01T00:00:00Z' })
  await using run = await acme.run({ mode: 'retain', 'delete-tags': 'sha-*', 'required-tags': 'sha-1a2b3c4' })
  expect(errorsOf(run)).toEqual([])
  expect(Object.keys(acme.app.tags())).toEqual(['sha-1a2b3c4'])
})

test.concurrent('`!*` asks for no git tag, with a slash or without', async () => {
  await using acme = await scene()
  acme.repository.tag('v1.0.0', 'release/v1.0.0')
  await using run = await acme.run({ 'git-tags': '!*', 'fail-on-missing': 'true' })
  expect(errorsOf(run)).toEqual([])
  expect(run.outputs['checked-tags']).toBe('')
  expect(run.stdout).not.toContain('::warning')
})
