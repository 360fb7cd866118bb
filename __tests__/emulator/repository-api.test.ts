import { describe, expect, it } from '@jest/globals'
import { buildWorkflow, scene } from '../helpers/check-run.ts'
import { caller } from './client.ts'

/** The emulated repositories are as unkind as GitHub's. */

async function started(facts: Parameters<typeof scene>[0] = {}) {
  const acme = await scene(facts)
  acme.repository.workflow('old.yml', { title: () => 'Build' })
  acme.repository.tag('v1.0.0')
  acme.repository.workflow('build.yml', buildWorkflow(acme.app))
  acme.repository.tag('v2.0.0')
  const token = acme.world.githubToken('acme/app')
  const post = async (workflow: string, body: object, as = token) => {
    const url = `${acme.github.apiUrl}/repos/acme/app/actions/workflows/${workflow}/dispatches`
    const headers = { authorization: `token ${as}`, 'content-type': 'application/json' }
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  return { ...acme, post, get: caller(acme.github, token), [Symbol.asyncDispose]: acme[Symbol.asyncDispose] }
}

it('gives all refs at once, whatever page is asked for', async () => {
  await using acme = await started()
  const first = await acme.get('GET /repos/acme/app/git/matching-refs/tags?per_page=1&page=1')
  const ninth = await acme.get('GET /repos/acme/app/git/matching-refs/tags%2Fv?per_page=1&page=9')
  expect(first.body.map(({ ref }: { ref: string }) => ref)).toEqual(['refs/tags/v1.0.0', 'refs/tags/v2.0.0'])
  expect(ninth.body).toEqual(first.body)
  expect(acme.github.contractViolations).toEqual([])
})

describe('a dispatch', () => {
  it.each([
    ['build.yml', { ref: 'main', inputs: { tag: 'v1' } }, 204, undefined],
    ['build.yml', { ref: 'main', inputs: { tag: 'v1' }, return_run_details: true }, 200, undefined],
    ['build.yml', { ref: 'refs/tags/v2.0.0', inputs: { tag: 'v1' } }, 204, undefined],
    ['build.yml', { ref: 'v1.0.0', inputs: { tag: 'v1' } }, 422, /does not have 'workflow_dispatch' trigger/],
    ['old.yml', { ref: 'main' }, 422, /does not have 'workflow_dispatch' trigger/],
    ['build.yml', { ref: 'gone', inputs: { tag: 'v1' } }, 422, /^No ref found for: gone$/],
    ['build.yml', { ref: 'main', inputs: { tga: 'v1' } }, 422, /^Unexpected inputs provided: \["tga"\]$/],
    ['build.yml', { ref: 'main' }, 422, /^Required input 'tag' not provided$/],
    ['none.yml', { ref: 'main' }, 404, /^Not Found$/]
  ])('of %s with %j answers %d', async (workflow, body, status, message) => {
    await using acme = await started()
    const reply = await acme.post(workflow, body)
    expect(reply.status).toBe(status)
    if (message !== undefined) expect(reply.body.message).toMatch(message)
    expect(acme.repository.row.runs).toHaveLength(status < 300 ? 1 : 0)
    expect(acme.github.contractViolations).toEqual([])
  })

  it('needs the right to it', async () => {
    await using acme = await started()
    const tokens = [
      acme.world.githubToken('acme/app', { actions: 'read' }),
      acme.world.githubToken('acme/other'),
      acme.world.classic('olivia', ['read:packages'])
    ]
    for (const token of tokens) {
      const reply = await acme.post('build.yml', { ref: 'main', inputs: { tag: 'v1' } }, token)
      expect(reply.status).toBe(403)
    }
  })

  it('of a server that does not know `return_run_details` is refused with it', async () => {
    await using acme = await started({ server: 'enterprise' })
    const reply = await acme.post('build.yml', {
      ref: 'main',
      inputs: { tag: 'v1' },
      return_run_details: true
    })
    expect([reply.status, reply.body.message]).toEqual([
      422,
      'Invalid request.\n\n"return_run_details" is not a permitted key.'
    ])
  })
})

describe('runs', () => {
  const RUNS = 'GET /repos/acme/app/actions/workflows/build.yml/runs?event=workflow_dispatch'

  it('are not listed at once, tell nothing of their inputs, and end after some looks', async () => {
    await using acme = await started()
    await acme.post('build.yml', { ref: 'main', inputs: { tag: 'v1.5.0' } })
    const seen: unknown[] = []
    for (let look = 0; look < 3; look++) {
      const { body } = await acme.get(RUNS)
      seen.push(
        body.workflow_runs.map((run: { status: string; conclusion: string }) => [run.status, run.conclusion])
      )
      expect(JSON.stringify(body)).not.toContain('"inputs"')
    }
    expect(seen).toEqual([[['in_progress', null]], [['completed', 'success']], [['completed', 'success']]])
    expect(Object.keys(acme.app.tags())).toEqual(['v1.5.0'])
    expect(acme.github.contractViolations).toEqual([])
  })

  it('that wait in a concurrency group are cancelled by the next one', async () => {
    await using acme = await started()
    acme.repository.workflow('build.yml', buildWorkflow(acme.app, { concurrency: () => 'build' }))
    for (const tag of ['v1', 'v2', 'v3']) await acme.post('build.yml', { ref: 'main', inputs: { tag } })
    for (let look = 0; look < 5; look++) await acme.get(RUNS)
    expect(acme.repository.row.runs.map(run => run.conclusion)).toEqual(['success', 'cancelled', 'success'])
  })

  it('of a private repository need the permission to read them', async () => {
    await using acme = await started({ isPrivate: true })
    const blind = caller(acme.github, acme.world.githubToken('acme/app', { contents: 'read' }))
    const stranger = caller(acme.github, acme.world.githubToken('acme/other'))
    expect((await acme.get(RUNS)).status).toBe(200)
    expect((await blind(RUNS)).status).toBe(403)
    expect((await stranger(RUNS)).status).toBe(404)
  })
})
