import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { BudgetError } from '../../../src/errors.ts'
import { limitOf } from '../../../src/github/rate-limit/answers.ts'
import { createGovernor, type Governor } from '../../../src/github/rate-limit/governor.ts'
import { type Kind, POINTS } from '../../../src/github/rate-limit/points.ts'
import { runsOf } from '../../helpers/runs-of.ts'
import { type SimClock, simClock } from '../sim-clock.ts'

const MINUTE = 60_000
/** The default of the input `patience`. */
const PATIENCE = 5 * MINUTE
const NEVER = Number.POSITIVE_INFINITY
const noHeaders = {}

/** GitHub's quota headers; `reset` in milliseconds of the clock. */
const quota = (remaining: number, reset: number, more: Record<string, string> = {}) => ({
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(reset / 1000),
  'x-ratelimit-resource': 'core',
  ...more
})

/** Arrivals at the server's side, in order. */
interface Arrival {
  readonly at: number
  readonly kind: Kind
}

/** Workers that send one request after the other; each takes `there` + `back` milliseconds. */
async function load(
  governor: Governor,
  clock: SimClock,
  workers: { kind: Kind; count: number; pause: number }[],
  trip: (n: number) => { there: number; back: number },
  until: number
) {
  const arrivals: Arrival[] = []
  const waits: Record<Kind, number> = { read: 0, write: 0 }
  let sent = 0
  let underWay = 0
  let most = 0
  const work = async (kind: Kind, pause: number) => {
    while (clock.now() < until) {
      const asked = clock.now()
      const permit = await governor.admit(kind)
      waits[kind] = Math.max(waits[kind], clock.now() - asked)
      most = Math.max(most, ++underWay)
      const { there, back } = trip(sent++)
      await clock.sleep(there)
      arrivals.push({ at: clock.now(), kind })
      await clock.sleep(back)
      underWay--
      permit.answered(noHeaders)
      await clock.sleep(pause)
    }
  }
  const all = workers.flatMap(({ kind, count, pause }) =>
    Array.from({ length: count }, () => work(kind, pause))
  )
  await clock.run()
  await Promise.all(all)
  return { arrivals, waits, most }
}

/** The most points that any 60 seconds at the server held. */
function busiestMinute(arrivals: readonly Arrival[]): number {
  let points = 0
  let most = 0
  let first = 0
  for (const { at, kind } of arrivals) {
    points += POINTS[kind]
    for (let old = arrivals[first]; old !== undefined && at - old.at > MINUTE; old = arrivals[first]) {
      points -= POINTS[old.kind]
      first++
    }
    most = Math.max(most, points)
  }
  return most
}

/** A latency between `low` and `high`, the same in every run. */
const jitter = (low: number, high: number) => (n: number) => {
  const whole = low + ((n * 7919) % (high - low + 1))
  return { there: (n * 31) % whole, back: whole - ((n * 31) % whole) }
}

it('sustains 95 % of 180 deletes a minute with reads between, and lets no read wait for long', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const { arrivals, waits } = await load(
    governor,
    clock,
    [
      { kind: 'write', count: 8, pause: 0 },
      { kind: 'read', count: 1, pause: 3_000 }
    ],
    jitter(100, 300),
    10 * MINUTE
  )
  const deletes = arrivals.filter(({ kind }) => kind === 'write').length
  expect(deletes).toBeGreaterThanOrEqual(0.95 * 1800)
  expect(busiestMinute(arrivals)).toBeLessThanOrEqual(900)
  expect(waits.read).toBeLessThan(2_000)
  // Knowledge keeps for ten seconds: after the first minute no write waits that long either.
  expect(governor.stats()).toMatchObject({ writes: deletes })
})

it('stalls once at most: after the first burst the minute has passed, writes go evenly', async () => {
  const clock = simClock()
  const { arrivals } = await load(
    createGovernor(0, NEVER, PATIENCE, clock),
    clock,
    [{ kind: 'write', count: 8, pause: 0 }],
    jitter(200, 200),
    6 * MINUTE
  )
  const late = arrivals.filter(({ at }) => at > 2 * MINUTE)
  const gaps = late.slice(1).map(({ at }, index) => at - (late[index]?.at ?? 0))
  expect(Math.max(...gaps)).toBeLessThan(3_000)
})

it('never puts more than 900 points into any minute at the server, nor 20 requests under way', async () => {
  const worker = fc.record({
    kind: fc.constantFrom<Kind>('read', 'write'),
    count: fc.integer({ min: 1, max: 30 }),
    pause: fc.constantFrom(0, 0, 50, 1_000)
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(worker, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.record({ there: fc.constantFrom(0, 1, 90, 5_000), back: fc.nat(9_000) })),
      fc.constantFrom(1, 10, 100),
      async (workers, trips, scale) => {
        const clock = simClock()
        const trip = () => {
          const { there, back } = trips.next().value
          return { there, back: Math.floor(back / scale) }
        }
        const { arrivals, most } = await load(
          createGovernor(0, NEVER, PATIENCE, clock),
          clock,
          workers,
          trip,
          2.5 * MINUTE
        )
        arrivals.sort((a, b) => a.at - b.at)
        expect(busiestMinute(arrivals)).toBeLessThanOrEqual(900)
        expect(most).toBeLessThanOrEqual(20)
      }
    ),
    runsOf(25)
  )
})

it('keeps a read before a thousand writes that came earlier, and no write out for good', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const done: Record<Kind, number[]> = { read: [], write: [] }
  const send = async (kind: Kind) => {
    const permit = await governor.admit(kind)
    await clock.sleep(100)
    permit.answered(noHeaders)
    done[kind].push(clock.now())
  }
  for (let n = 0; n < 300; n++) void send('write')
  await clock.run(20_000)
  void send('read')
  await clock.run(20_200)
  expect(done.read).toHaveLength(1)
  // Reads without end still leave the writes their turn.
  for (let n = 0; n < 3_000; n++) void send('read')
  const before = done.write.length
  await clock.run(MINUTE * 2)
  expect(done.write.length).toBeGreaterThan(before + 15)
})

it('admits in the order of asking', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const order: number[] = []
  for (let n = 0; n < 100; n++) {
    void governor.admit('write').then(async permit => {
      order.push(n)
      await clock.sleep(10)
      permit.answered(noHeaders)
    })
  }
  await clock.run()
  expect(order).toEqual(Array.from({ length: 100 }, (_, n) => n))
})

it('takes back what a request cost that was not sent', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  for (let n = 0; n < 1_000; n++) (await governor.admit('write')).refund()
  expect(governor.stats()).toEqual({ requests: 0, writes: 0, points: 0 })
  expect(clock.now()).toBe(0)
})

/** When a request that is asked for now is admitted; its answer is `noHeaders`. */
async function admittedAt(governor: Governor, clock: SimClock, kind: Kind = 'read'): Promise<number> {
  const asked = governor.admit(kind).then(permit => {
    const at = clock.now()
    permit.answered(noHeaders)
    return at
  })
  // A rejection is the test's to see, after the clock has run.
  asked.catch(() => {})
  await clock.run()
  return asked
}

/** Sends one read and lets GitHub answer with these headers. */
async function answeredWith(governor: Governor, headers: Record<string, string>): Promise<void> {
  const permit = await governor.admit('read')
  permit.answered(headers)
}

it('T-31 holds everybody back until a limit has passed, and waits five minutes at most', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const [first, second] = [await governor.admit('read'), await governor.admit('read')]
  first.limited({ kind: 'secondary', retryAfter: 4 * MINUTE }, noHeaders)
  second.limited({ kind: 'secondary', retryAfter: MINUTE }, noHeaders)
  expect(await admittedAt(governor, clock)).toBe(4 * MINUTE)
  const third = await governor.admit('read')
  third.limited({ kind: 'secondary', retryAfter: 6 * MINUTE }, noHeaders)
  await expect(admittedAt(governor, clock)).rejects.toThrow('before 1970-01-01 00:10:00 UTC')
  expect(clock.now()).toBe(4 * MINUTE)
})

it('T-31 waits for longer each time that a limit is met again, and for five minutes in all', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const sent: number[] = []
  const asked = (async () => {
    for (;;) {
      const permit = await governor.admit('read')
      sent.push(clock.now())
      permit.limited({ kind: 'secondary', retryAfter: undefined }, noHeaders)
    }
  })()
  asked.catch(() => {})
  await clock.run()
  await expect(asked).rejects.toThrow(BudgetError)
  expect(sent).toEqual([0, MINUTE, 3 * MINUTE])
})

it('T-31 takes the answer to a request from before a limit for no sign that the limit has passed', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const [early, refused] = [await governor.admit('read'), await governor.admit('read')]
  refused.limited({ kind: 'secondary', retryAfter: 5_000 }, noHeaders)
  early.answered(noHeaders)
  const sent: number[] = []
  for (let n = 0; n < 3; n++) {
    void governor.admit('read').then(async permit => {
      sent.push(clock.now())
      await clock.sleep(100)
      permit.answered(noHeaders)
    })
  }
  await clock.run()
  expect(sent).toEqual([5_000, 5_100, 5_100])
})

it('T-31 counts requests that were under way together as one meeting with a limit, then sends one to try', async () => {
  const clock = simClock()
  const governor = createGovernor(0, NEVER, PATIENCE, clock)
  const together = await Promise.all(Array.from({ length: 10 }, () => governor.admit('read')))
  for (const permit of together) permit.limited({ kind: 'secondary', retryAfter: 5_000 }, noHeaders)
  const sent: number[] = []
  for (let n = 0; n < 5; n++) {
    void governor.admit('read').then(async permit => {
      sent.push(clock.now())
      await clock.sleep(100)
      permit.answered(noHeaders)
    })
  }
  await clock.run()
  expect(sent).toEqual([5_000, 5_100, 5_100, 5_100, 5_100])
})

it('T-31 waits for a primary limit that resets soon, and stops at one that does not', async () => {
  const soon = simClock()
  const waiting = createGovernor(50, NEVER, PATIENCE, soon)
  await answeredWith(waiting, quota(50, 4 * MINUTE))
  expect(await admittedAt(waiting, soon)).toBe(4 * MINUTE + 1_000)

  const late = simClock()
  const stopping = createGovernor(50, NEVER, PATIENCE, late)
  await answeredWith(stopping, quota(50, 40 * MINUTE))
  await expect(admittedAt(stopping, late)).rejects.toThrow(
    'GitHub allows this token 50 more API requests before 1970-01-01 00:40:00 UTC, and `reserve-requests` keeps 50'
  )
})

it('does not begin a wait that the time limit would not let it finish', async () => {
  const clock = simClock()
  const governor = createGovernor(50, 3 * MINUTE, PATIENCE, clock)
  await answeredWith(governor, quota(50, 4 * MINUTE))
  await expect(admittedAt(governor, clock)).rejects.toThrow(BudgetError)
  expect(clock.now()).toBe(0)
})

it('T-31 takes a reset in the past, absent headers and other resources for nothing known', async () => {
  const clock = simClock(10 * MINUTE)
  const governor = createGovernor(50, NEVER, PATIENCE, clock)
  await answeredWith(governor, quota(0, 9 * MINUTE))
  await answeredWith(governor, {})
  await answeredWith(governor, quota(0, 60 * MINUTE, { 'x-ratelimit-resource': 'search' }))
  await answeredWith(governor, { 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '99999' })
  expect(await admittedAt(governor, clock)).toBe(10 * MINUTE)
})

it('never goes below the reserve, however many requests are asked for at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 80 }),
      fc.array(fc.record({ ms: fc.integer({ min: 1, max: 900 }), lost: fc.boolean() }), {
        minLength: 40,
        maxLength: 40
      }),
      async (reserve, start, trips) => {
        const clock = simClock()
        const governor = createGovernor(reserve, NEVER, PATIENCE, clock)
        const left = reserve + start
        let remaining = left
        await answeredWith(governor, quota(remaining, 60 * MINUTE))
        const refusals: unknown[] = []
        for (let n = 0; n < 200; n++) {
          const { ms, lost } = trips[n % trips.length] ?? { ms: 1, lost: false }
          governor.admit('read').then(
            async permit => {
              // GitHub counts at arrival; answers overtake each other.
              const told = --remaining
              await clock.sleep(ms)
              if (lost) permit.lost()
              else permit.answered(quota(told, 60 * MINUTE))
            },
            error => refusals.push(error)
          )
        }
        await clock.run()
        // It may stop a little early: what is under way may count, and answers overtake each other.
        expect(remaining).toBeGreaterThanOrEqual(reserve)
        expect(remaining).toBeLessThan(reserve + 20)
        expect(refusals).toHaveLength(200 - (left - remaining))
        expect(refusals.every(error => error instanceof BudgetError)).toBe(true)
      }
    ),
    runsOf(50)
  )
})

it('admits nobody once the time is over, not even those who wait', async () => {
  const clock = simClock()
  const governor = createGovernor(0, MINUTE, PATIENCE, clock)
  const outcomes: string[] = []
  for (let n = 0; n < 400; n++) {
    governor.admit('write').then(
      async permit => {
        expect(clock.now()).toBeLessThan(MINUTE)
        await clock.sleep(200)
        permit.answered(noHeaders)
        outcomes.push('sent')
      },
      error => outcomes.push(error.message)
    )
  }
  await clock.run()
  expect(outcomes).toHaveLength(400)
  expect(new Set(outcomes)).toEqual(new Set(['sent', 'The time that `time-limit` allows is over.']))
})

it('E-05 keeps requests and time for urgent requests until what was set aside is released', async () => {
  const clock = simClock()
  const governor = createGovernor(50, 10 * MINUTE, PATIENCE, clock)
  const send = async (urgent: boolean, remaining: number) => {
    const permit = await governor.admit('read', urgent)
    permit.answered(quota(remaining, 60 * MINUTE))
  }
  await send(false, 56)
  const release = governor.setAside(() => ({ requests: 5, ms: MINUTE }))
  await send(false, 55)
  await expect(send(false, 54)).rejects.toThrow(BudgetError)
  await send(true, 54)
  await expect(send(false, 53)).rejects.toThrow(BudgetError)
  release()
  await send(false, 53)

  const late = simClock(9 * MINUTE)
  const timed = createGovernor(0, 19 * MINUTE, PATIENCE, late)
  timed.setAside(() => ({ requests: 0, ms: MINUTE }))
  void late.sleep(9.5 * MINUTE)
  await late.run()
  await expect(timed.admit('write')).rejects.toThrow('time-limit')
  const permit = await timed.admit('write', true)
  permit.answered(noHeaders)
})

it.each([
  ['999999999999', BudgetError],
  // No date has so many: as if the server had not said it.
  ['9999999999999', undefined],
  ['999999999999999', undefined]
])('a limit that resets in %s seconds ends in a sentence, or passes', async (seconds, refusal) => {
  for (const headers of [
    { 'retry-after': seconds },
    { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': seconds }
  ]) {
    const clock = simClock()
    const governor = createGovernor(50, clock.now() + 3_600_000, PATIENCE, clock)
    const limit = limitOf(429, headers, '')!
    ;(await governor.admit('read')).limited(limit, headers)
    const next = governor.admit('read').then(
      () => undefined,
      error => error.constructor
    )
    await clock.run()
    expect(await next).toBe(refusal)
  }
})
