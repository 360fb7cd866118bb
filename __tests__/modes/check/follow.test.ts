import { describe, expect, test } from '@jest/globals'
import { BudgetError, ExpectedError } from '../../../src/errors.ts'
import type { WorkflowRun } from '../../../src/model/check.ts'
import { type Dispatched, follow, type RunSource } from '../../../src/modes/check/builds.ts'
import { expectTags } from '../../../src/policy/expected-tags.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'

const HOUR = 3_600_000
const rules = { gitTags: ['*'], skipTags: [], imageTags: ['{tag}'], requiredTags: [] }

const begunFor = (tags: Readonly<Record<string, number | undefined>>): Dispatched[] =>
  expectTags(Object.keys(tags), rules).expected.map(expected => ({ expected, runId: tags[expected.name] }))

const run = (id: number, title = 'Build', ended?: string): WorkflowRun => ({
  id,
  title,
  branch: 'main',
  event: 'workflow_dispatch',
  status: ended === undefined ? 'in_progress' : 'completed',
  conclusion: ended,
  url: `https://github.com/acme/app/actions/runs/${id}`
})

/** Runs as they look at each look; the last look stays. What fails is thrown. */
function source(...looks: readonly (readonly WorkflowRun[] | Error)[]) {
  let asked = 0
  const single: number[] = []
  const answer = (): readonly WorkflowRun[] => {
    const look = looks[Math.min(asked, looks.length - 1)] ?? []
    if (look instanceof Error) throw look
    return look
  }
  const given: RunSource = {
    recent: async () => {
      try {
        return [...answer()]
      } finally {
        asked++
      }
    },
    run: async id => {
      single.push(id)
      throw new ExpectedError(`no run ${id}`)
    }
  }
  return { ...given, looks: () => asked, single }
}

async function followed(
  begun: readonly Dispatched[],
  from: RunSource,
  { wait = HOUR, before = [] as readonly number[] } = {}
) {
  const clock = fakeClock()
  const start = clock.now()
  const ended: string[] = []
  const result = await follow(begun, new Set(before), from, start + wait, clock, ({ name }) =>
    ended.push(name)
  )
  const runs = Object.fromEntries([...result.runs].map(([tag, one]) => [tag, [one.id, one.conclusion]]))
  return { runs, ended, stopped: result.stopped, took: clock.now() - start }
}

test('runs are followed until all have ended', async () => {
  const from = source(
    [run(1)],
    [run(1), run(2)],
    [run(1, '', 'success'), run(2)],
    [run(1, '', 'success'), run(2, '', 'failure')]
  )
  const result = await followed(begunFor({ v1: 1, v2: 2 }), from)
  expect(result.runs).toEqual({ v1: [1, 'success'], v2: [2, 'failure'] })
  expect(result.ended).toEqual(['v1', 'v2'])
  expect(from.looks()).toBe(4)
})

test('the pauses grow, and an hour takes few requests', async () => {
  const from = source([run(1)])
  const result = await followed(begunFor({ v1: 1 }), from)
  expect(result.took).toBe(HOUR)
  expect(result.runs).toEqual({ v1: [1, undefined] })
  expect(from.looks()).toBeGreaterThan(60)
  expect(from.looks()).toBeLessThan(75)
})

test('the wait is not exceeded by a pause', async () => {
  expect((await followed(begunFor({ v1: 1 }), source([run(1)]), { wait: 2_000 })).took).toBe(2_000)
})

describe('R-06: a run that GitHub did not name', () => {
  test('is the new one whose name tells the tag', async () => {
    const from = source([
      run(9, 'Build v2', 'success'),
      run(8, 'Build v1', 'failure'),
      run(7, 'Build v1', 'success')
    ])
    const result = await followed(begunFor({ v1: undefined, v2: undefined }), from, { before: [7] })
    expect(result.runs).toEqual({ v1: [8, 'failure'], v2: [9, 'success'] })
  })

  test('is the next one in order where names tell nothing', async () => {
    const from = source([run(9, 'Build', 'success'), run(8, 'Build', 'failure'), run(7, 'Build', 'success')])
    const result = await followed(begunFor({ v2: undefined, v1: undefined }), from, { before: [7] })
    // v2 is started first, for it is newer.
    expect(result.runs).toEqual({ v2: [8, 'failure'], v1: [9, 'success'] })
  })

  test('is not one that GitHub named for another tag, nor one of before', async () => {
    const from = source([run(9, 'Build', 'success'), run(7, 'Build', 'success')])
    const result = await followed(begunFor({ v2: 9, v1: undefined }), from, { before: [7], wait: 60_000 })
    expect(result.runs).toEqual({ v2: [9, 'success'] })
  })
})

test('a run that is not among the newest is asked for by itself', async () => {
  const from = source([])
  const older = { ...from, run: async (id: number) => run(id, 'Build', 'success') }
  expect((await followed(begunFor({ v1: 5 }), older)).runs).toEqual({ v1: [5, 'success'] })
})

test('a run that GitHub does not show yet is waited for', async () => {
  const from = source([], [], [run(5, 'Build', 'success')])
  expect((await followed(begunFor({ v1: 5 }), from)).runs).toEqual({ v1: [5, 'success'] })
  expect(from.single).toEqual([5, 5])
})

describe('a look that fails', () => {
  test('is made up for by the next', async () => {
    const from = source(new ExpectedError('GitHub gave HTTP 502.'), [run(1, '', 'success')])
    const result = await followed(begunFor({ v1: 1 }), from)
    expect(result).toMatchObject({ runs: { v1: [1, 'success'] }, stopped: undefined })
  })

  test('is told when it is the last', async () => {
    const from = source([run(1)], new ExpectedError('GitHub gave HTTP 502.'))
    const result = await followed(begunFor({ v1: 1 }), from, { wait: 60_000 })
    expect(result).toMatchObject({ runs: { v1: [1, undefined] }, stopped: 'GitHub gave HTTP 502.' })
  })

  test('ends the following where there is no room for more', async () => {
    const result = await followed(begunFor({ v1: 1 }), source([run(1)], new BudgetError('The time is over.')))
    expect(result).toMatchObject({ runs: { v1: [1, undefined] }, stopped: 'The time is over.' })
    expect(result.took).toBeLessThan(10_000)
  })

  test('and a bug stays a bug', async () => {
    await expect(followed(begunFor({ v1: 1 }), source(new TypeError('x')))).rejects.toThrow(TypeError)
  })
})
