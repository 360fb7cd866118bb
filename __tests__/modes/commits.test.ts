import { expect, test } from '@jest/globals'
import { tagCommit } from '../emulator/repositories.ts'
import { image } from '../emulator/shapes.ts'
import { buildWorkflow, errorsOf, missingOf, type Scene, scene, startedFor } from '../helpers/check-run.ts'

/** Images that bear the commit of a git tag: what a check expects is what retention protects. */

const OLD = '2026-01-01T00:00:00Z'
const commit = (tag: string): string => tagCommit('acme/app', tag)
const TEMPLATES = [
  ['sha-{short-sha}', `sha-${commit('v1.0.0').slice(0, 7)}`],
  ['{sha}', commit('v1.0.0')],
  ['{tag}-{short-sha}', `v1.0.0-${commit('v1.0.0').slice(0, 7)}`]
] as const

/** A repository with two releases, of which the first has its image, beside one that no git tag names. */
async function release(imageTag: string): Promise<Scene> {
  const acme = await scene()
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v1.0.0', 'v2.0.0')
  acme.app.push(image(), { tags: [imageTag], at: OLD })
  acme.app.push(image(), { tags: ['sha-0000000'], at: OLD })
  return acme
}

test.each(TEMPLATES)('a check expects %s', async (template, imageTag) => {
  await using acme = await release(imageTag)
  await using run = await acme.run({ 'image-tags': template, 'dispatch-workflow': 'build.yml' })
  expect(errorsOf(run)).toEqual([])
  expect(missingOf(run)).toEqual({ 'app:v2.0.0': 'absent' })
  expect(startedFor(acme)).toEqual(['v2.0.0'])
})

test.each(TEMPLATES)('retention keeps %s for git tags and releases', async (template, imageTag) => {
  for (const protect of ['git-tags', 'releases']) {
    await using acme = await release(imageTag)
    acme.repository.release('v1.0.0')
    const inputs = { mode: 'retain', 'delete-tags': '*', 'image-tags': template, protect }
    await using run = await acme.run(inputs)
    expect(errorsOf(run)).toEqual([])
    expect(Object.keys(acme.app.tags())).toEqual([imageTag])
  }
})

test.each([0, 1])(
  'law 3: a look at commits from before a git tag was moved (%i) deletes no image and builds none',
  async after => {
    const moved = `sha-${commit('v1').slice(0, 7)}`
    await using acme = await release(moved)
    acme.repository.tag('v1')
    const body = [{ name: 'v1', commit: { sha: 'a'.repeat(40) } }]
    const stale = () =>
      acme.github.faults.on(
        { host: 'api', path: /app\/tags$/, after, times: 1 },
        { kind: 'answer', answer: { status: 200, body } }
      )
    const images = { 'image-tags': '{tag} sha-{short-sha}', 'git-tags': 'v1' }
    stale()
    await using kept = await acme.run({ mode: 'retain', 'delete-tags': '*', protect: 'git-tags', ...images })
    expect(kept.code).toBe(0)
    expect(Object.keys(acme.app.tags())).toEqual([moved])
    acme.github.faults.clear()
    stale()
    await using checked = await acme.run({ ...images, 'dispatch-workflow': 'build.yml' })
    expect([errorsOf(checked), startedFor(acme)]).toEqual([[], []])
  }
)

test('more git tags than a page has', async () => {
  await using acme = await release('v1.0.0')
  acme.repository.tag(...Array.from({ length: 150 }, (_, minor) => `v3.${minor}.0`))
  const last = commit('v3.100.0')
  acme.app.push(image(), { tags: [last], at: OLD })
  await using run = await acme.run({ 'image-tags': '{sha}', 'git-tags': 'v3.*' })
  expect(errorsOf(run)).toEqual([])
  expect(Object.keys(missingOf(run))).toHaveLength(149)
  expect(missingOf(run)).not.toHaveProperty('app:v3.100.0')
})

test.each(['retain', 'check'])('where the commits are not told, mode %s concludes nothing', async mode => {
  for (const body of [[], { message: 'no' }]) {
    await using acme = await release('v1.0.0')
    const answer = { status: Array.isArray(body) ? 200 : 403, body }
    acme.github.faults.on({ host: 'api', path: /app\/tags/ }, { kind: 'answer', answer })
    const inputs = mode === 'retain' ? { 'delete-tags': '*', protect: 'git-tags' } : {}
    await using run = await acme.run({ mode, 'image-tags': '{sha}', ...inputs })
    expect(errorsOf(run).join()).toMatch(/does not say which commit|Reading the commits of the git tags/)
    expect(Object.keys(acme.app.tags())).toHaveLength(2)
    expect(run.outputs['missing-tags'] ?? '').toBe('')
  }
})

test('a build is told the commit, and nobody is asked for commits that nobody wants', async () => {
  await using acme = await release('v1.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app, { dispatch: { tag: {}, commit: {} } }))
  const asked = { 'dispatch-workflow': 'build.yml', 'dispatch-inputs': 'tag={tag}\ncommit={sha}' }
  await using run = await acme.run(asked)
  expect(errorsOf(run)).toEqual([])
  expect(acme.repository.row.runs.map(({ inputs }) => inputs['commit'])).toEqual([commit('v2.0.0')])
  const asks = () =>
    acme.github.requests.filter(one => one.host === 'api' && one.path.includes('/acme/app/tags')).length
  expect(asks()).toBe(2)
  await using plain = await acme.run()
  expect(plain.code).toBe(0)
  expect(asks()).toBe(2)
})
