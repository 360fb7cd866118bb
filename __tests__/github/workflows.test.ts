import { describe, expect, test } from '@jest/globals'
import { createWorkflows } from '../../src/github/workflows.ts'
import { type Answer, connect, type Received, SECONDARY, type Server, serve } from './server.ts'

const workflowsOf = (server: Server, file = 'build.yml') =>
  createWorkflows(connect(server).octokit, 'acme/app', file, 'https://github.com')

const STARTED = {
  workflow_run_id: 7,
  run_url: 'https://api.github.com/repos/acme/app/actions/runs/7',
  html_url: 'https://evil.example/acme/app/actions/runs/7'
}

const row = (id: number, more: object = {}) => ({
  id,
  display_title: `Build ${id}`,
  head_branch: 'main',
  event: 'workflow_dispatch',
  status: 'completed',
  conclusion: 'success',
  html_url: `https://evil.example/acme/app/actions/runs/${id}`,
  ...more
})

describe('a dispatch', () => {
  test('R-06: gives the run that GitHub names, with its page on the server of the run', async () => {
    await using server = await serve(() => [200, STARTED])
    const started = await workflowsOf(server, '.github/workflows/build.yml').dispatch('main', { tag: 'v1' })
    expect(started).toEqual({
      kind: 'started',
      run: { id: 7, url: 'https://github.com/acme/app/actions/runs/7' }
    })
    expect(server.received.map(({ url }) => url)).toEqual([
      '/repos/acme/app/actions/workflows/build.yml/dispatches'
    ])
  })

  test('R-06: is started without a name, too', async () => {
    await using server = await serve(() => [204])
    expect(await workflowsOf(server).dispatch('main', {})).toEqual({ kind: 'started' })
  })

  test.each([400, 422])(
    'R-06: is sent once more without the key that a server does not know (%d), and never with it again',
    async status => {
      const message = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
      await using server = await serve((_, count) => (count === 1 ? [status, { message }] : [204]))
      const workflows = workflowsOf(server)
      expect(await workflows.dispatch('main', {})).toEqual({ kind: 'started' })
      await workflows.dispatch('main', {})
      // The body of a request without the key is the shorter one.
      const [first = 0, ...others] = server.received.map(({ headers }) => Number(headers['content-length']))
      expect(others.map(size => size < first)).toEqual([true, true])
    }
  )

  test.each<[number, string, RegExp]>([
    [
      422,
      "Workflow does not have 'workflow_dispatch' trigger",
      /add `workflow_dispatch:` under `on:` in build\.yml/
    ],
    [422, 'No ref found for: x', /change `dispatch-ref`/],
    [422, 'Unexpected inputs provided: ["tag"]', /under `on: workflow_dispatch: inputs:`/],
    [422, "Required input 'x' not provided", /`dispatch-inputs`/],
    [422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", /Enable build\.yml/],
    [422, "Provided value 'x' for input 'y' not in the list of allowed values", /`options`/],
    [422, 'something new', /GitHub says "something new" \(HTTP 422\)/],
    [404, 'Not Found', /no \.github\/workflows\/build\.yml on the default branch of acme\/app/],
    [403, 'Resource not accessible by integration', /`permissions: actions: write`/],
    [401, 'Bad credentials', /wrong, expired or revoked/]
  ])(
    'R-15: refused with %d "%s" says what to change, and is not sent again',
    async (status, message, remedy) => {
      await using server = await serve(() => [status, { message }])
      expect(await workflowsOf(server).dispatch('main', {})).toEqual({
        kind: 'refused',
        sentence: expect.stringMatching(remedy)
      })
      // E-13: after a 401 the token is asked once; it is dead here as well, so nothing is sent again.
      expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
        'POST /repos/acme/app/actions/workflows/build.yml/dispatches',
        ...(status === 401 ? ['GET /rate_limit'] : [])
      ])
    }
  )

  test.each<[string, Answer, string]>([
    ['a rate limit', [403, SECONDARY, { 'retry-after': '1' }], 'limited'],
    ['a server error', [502, {}], 'unsure'],
    ['a lost connection', response => response.destroy(), 'unsure']
  ])('is sent once, whatever comes of it: %s', async (_, answer, kind) => {
    await using server = await serve(() => answer)
    expect((await workflowsOf(server).dispatch('main', {})).kind).toBe(kind)
    expect(server.received).toHaveLength(1)
  })
})

describe('runs', () => {
  test('are read to the thousand that GitHub gives', async () => {
    const rows = Array.from({ length: 1_234 }, (_, n) => row(n + 1))
    const page = ({ url }: Received): Answer => {
      const number = Number(new URL(url, 'http://x').searchParams.get('page') ?? 1)
      return [200, { total_count: 1_234, workflow_runs: rows.slice((number - 1) * 100, number * 100) }]
    }
    await using server = await serve(page)
    expect(await workflowsOf(server).history()).toHaveLength(1_000)
    expect(server.received).toHaveLength(10)
    expect(await workflowsOf(server).recent()).toHaveLength(100)
  })

  test('that are active are asked for by each status that is not the end', async () => {
    await using server = await serve(({ url }): Answer => {
      const status = new URL(url, 'http://x').searchParams.get('status') ?? ''
      const rows = status === 'queued' ? [row(1, { status, conclusion: null, head_branch: null })] : []
      return [200, { total_count: rows.length, workflow_runs: rows }]
    })
    expect(await workflowsOf(server).active()).toEqual([
      {
        id: 1,
        title: 'Build 1',
        branch: '',
        event: 'workflow_dispatch',
        status: 'queued',
        conclusion: undefined,
        url: 'https://github.com/acme/app/actions/runs/1'
      }
    ])
    expect(server.received.map(({ url }) => /status=(\w+)/.exec(url)?.[1])).toEqual([
      'requested',
      'pending',
      'waiting',
      'queued',
      'in_progress'
    ])
  })

  test.each<[string, Answer]>([
    ['no right', [403, { message: 'Resource not accessible by integration' }]],
    ['nothing there', [404, { message: 'Not Found' }]],
    ['an answer of another form', [200, { workflow_runs: [] }]]
  ])('R-07: that cannot be read are not "none": %s', async (_, answer) => {
    await using server = await serve(() => answer)
    await expect(workflowsOf(server).active()).rejects.toThrow(/^Reading the runs/)
    await expect(workflowsOf(server).history()).rejects.toThrow(/^Reading the runs/)
    await expect(workflowsOf(server).run(1)).rejects.toThrow(/^Reading the run 1/)
  })
})

describe('a workflow', () => {
  test.each<[string, Answer, RegExp]>([
    ['is not there', [404, { message: 'Not Found' }], /no \.github\/workflows\/build\.yml/],
    ['is switched off', [200, { state: 'disabled_inactivity' }], /Enable build\.yml/],
    ['may not be read', [403, { message: 'no' }], /`permissions: actions: write`/]
  ])('that %s is told before anything is started', async (_, answer, remedy) => {
    await using server = await serve(() => answer)
    expect(await workflowsOf(server).examine()).toMatch(remedy)
  })

  test('that is active is fine', async () => {
    await using server = await serve(() => [200, { state: 'active' }])
    await expect(workflowsOf(server).examine()).resolves.toBeUndefined()
  })
})
