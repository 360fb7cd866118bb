import { describe, expect, it } from '@jest/globals'
import type { Account } from './accounts.ts'
import { caller } from './client.ts'
import { createLimiter, type Limits, PUBLISHED } from './limits.ts'
import { startEmulator } from './server.ts'

const person: Account = { kind: 'classic', login: 'olivia', scopes: [] }
const workflow = (repository: string): Account => ({ kind: 'github-token', repository, permissions: {} })

function limiter(limits: Partial<Limits> = {}) {
  let now = 1_000_000
  const made = createLimiter({ ...PUBLISHED, ...limits }, () => now)
  /** One request that is answered at once; the status of its refusal. */
  const send = (points: number, account: Account = person) => {
    const refusal = made.enter(account, points, false)
    made.leave(account)
    return refusal?.status
  }
  return { ...made, send, pass: (ms: number) => (now += ms) }
}

describe('points', () => {
  it('allow 180 writes in a window, not one more', () => {
    const { send, violations } = limiter()
    for (let n = 0; n < 180; n++) expect(send(5)).toBeUndefined()
    expect(violations).toEqual([])
    expect(send(1)).toBe(403)
    expect(violations.map(each => each.kind)).toEqual(['points'])
  })

  it('come back one by one as they leave the window, not all at once', () => {
    const { send, pass, violations } = limiter()
    for (let n = 0; n < 180; n++) {
      expect(send(5)).toBeUndefined()
      pass(100)
    }
    // The first was sent 18 s ago; 42 s later it has left, and the second has not.
    pass(42_000)
    expect(send(5)).toBeUndefined()
    expect(violations).toEqual([])
    expect(send(5)).toBe(403)
  })

  it('can be spent at 900 a minute for an hour on end', () => {
    const { send, pass, violations } = limiter({ quotas: { ...PUBLISHED.quotas, classic: 100_000 } })
    for (let n = 0; n < 180 * 60; n++) {
      send(5)
      pass(334)
    }
    expect(violations).toEqual([])
  })

  it('that are overdrawn block everything until retry-after is over, and who does not wait is noted', () => {
    const { send, pass, violations, enter } = limiter()
    for (let n = 0; n < 181; n++) send(5)
    expect(enter(person, 1, false)?.headers?.['retry-after']).toBe('60')
    pass(59_999)
    expect(send(1)).toBe(403)
    pass(1)
    expect(send(1)).toBeUndefined()
    expect(violations.map(each => each.kind)).toEqual(['points', 'impatience', 'impatience'])
  })
})

it('a hundred requests at once pass, one more does not', () => {
  const { enter, violations } = limiter()
  for (let n = 0; n < 100; n++) expect(enter(person, 1, false)).toBeUndefined()
  expect(enter(person, 1, false)?.status).toBe(403)
  expect(violations.map(each => each.kind)).toEqual(['concurrency'])
})

describe('the hourly quota', () => {
  it('belongs to the repository, whatever its jobs are, and comes back after the hour', () => {
    const { send, pass, headers, violations } = limiter({ points: 1e9 })
    for (let n = 0; n < 1_000; n++) send(1, workflow('acme/app'))
    expect(headers(workflow('acme/app'))['x-ratelimit-remaining']).toBe('0')
    expect(send(1, workflow('acme/app'))).toBe(403)
    expect(send(1, workflow('acme/other'))).toBeUndefined()
    expect(violations.map(each => each.kind)).toEqual(['quota'])
    pass(3_600_000)
    expect(send(1, workflow('acme/app'))).toBeUndefined()
  })

  it('can be spent by somebody else', () => {
    const { send, leaveQuota, headers } = limiter()
    leaveQuota(person, 1, 10_000)
    expect(headers(person)).toMatchObject({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': '1010' })
    expect([send(1), send(1)]).toEqual([undefined, 403])
  })
})

it('limits hold over HTTP, with the body and the headers that GitHub sends', async () => {
  await using github = await startEmulator({ limits: { points: 2, retryAfter: 7, refusal: 429 } })
  github.world.user('olivia')
  const call = caller(github, github.world.classic('olivia'))
  expect((await call('GET /user')).headers.get('x-ratelimit-remaining')).toBe('4999')
  expect((await call('GET /rate_limit')).headers.get('x-ratelimit-used')).toBe('1')
  const refused = await call('GET /user')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '7'])
  expect(refused.body.message).toMatch(/^You have exceeded a secondary rate limit\. /)
  expect(github.violations).toHaveLength(1)
  expect(github.requests.map(({ path, status, points }) => [path, status, points])).toEqual([
    ['/user', 200, 1],
    ['/rate_limit', 200, 1],
    ['/user', 429, 1]
  ])
})
