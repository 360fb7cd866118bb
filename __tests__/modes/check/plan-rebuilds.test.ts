import { describe, expect, test } from '@jest/globals'
import type { TagCheck, WorkflowRun } from '../../../src/model/check.ts'
import {
  areNameless,
  isAbout,
  judge,
  type KnownRuns,
  MOST_ATTEMPTS,
  planRebuilds
} from '../../../src/modes/check/plan-rebuilds.ts'
import { type Expected, expectTags } from '../../../src/policy/expected-tags.ts'
import { inBounds } from '../../helpers/in-bounds.ts'

const rules = { gitTags: ['*'], skipTags: [], imageTags: ['{tag}', '{version}'], requiredTags: [] }
const expectedOf = (...tags: readonly string[]): readonly Expected[] => expectTags(tags, rules).expected

let ids = 1
const run = (title: string, facts: Partial<WorkflowRun> = {}): WorkflowRun => ({
  id: ids++,
  title,
  branch: 'main',
  event: 'workflow_dispatch',
  status: 'completed',
  conclusion: 'failure',
  url: `https://github.com/acme/app/actions/runs/${ids}`,
  ...facts
})
const active = (title: string, facts: Partial<WorkflowRun> = {}) =>
  run(title, { status: 'in_progress', conclusion: undefined, ...facts })

const NO_RUNS: KnownRuns = { active: [], dispatched: [] }

function planned(tags: readonly string[], runs: Partial<KnownRuns> = {}, most = 20) {
  const missing = expectedOf(...tags)
  const rebuilds = planRebuilds(missing, expectedOf(...tags, 'v9.9.9'), { ...NO_RUNS, ...runs }, most)
  return Object.fromEntries(rebuilds.map(({ expected, status }) => [expected.name, status]))
}

test('ten thousand tags and a thousand runs that name none of them', () => {
  const runs = Array.from({ length: 1_000 }, (_, at) => run(`Build ${at}`))
  const all = expectedOf(...Array.from({ length: 10_000 }, (_, at) => `v1.${at}.0`))
  expect(inBounds(() => areNameless(runs, all))).toBe(true)
})

test('the branch and title of a run that GitHub starts for a pull request are those of anybody', () => {
  const [expected] = expectedOf('v1.0.0') as [Expected]
  expect(isAbout(active('v1.0.0', { branch: 'v1.0.0', event: 'dynamic' }), expected)).toBe(false)
  expect(isAbout(active('fix', { branch: 'v1.0.0', event: 'push' }), expected)).toBe(true)
})

describe('R-12: the newest are rebuilt first, and only so many', () => {
  test.each([
    [20, ['planned', 'planned', 'planned']],
    [2, ['planned', 'planned', 'left']],
    [0, ['left', 'left', 'left']]
  ])('at most %d', (most, statuses) => {
    const plan = planned(['v1.0.0', 'v3.0.0', 'v2.0.0'], {}, most)
    expect(Object.entries(plan)).toEqual(['v3.0.0', 'v2.0.0', 'v1.0.0'].map((tag, at) => [tag, statuses[at]]))
  })
})

describe('R-10: no tag is built twice at a time', () => {
  test.each<[string, Partial<KnownRuns>]>([
    ['a dispatched run whose name tells the tag', { dispatched: [active('Build v1.0.0')] }],
    ['one that waits', { dispatched: [active('Build v1.0.0', { status: 'pending' })] }],
    ['one whose name tells the version', { dispatched: [active('Release 1.0.0')] }],
    ['a push of the tag, in any workflow', { active: [active('fix', { branch: 'v1.0.0', event: 'push' })] }]
  ])('%s holds it, and nothing else', (_, runs) => {
    expect(planned(['v1.0.0', 'v1.0.1'], runs)).toEqual({ 'v1.0.0': 'held', 'v1.0.1': 'planned' })
  })

  test('a run that does not say for which tag it is holds them all', () => {
    expect(planned(['v1.0.0', 'v1.0.1'], { dispatched: [active('Build')] })).toEqual({
      'v1.0.0': 'held',
      'v1.0.1': 'held'
    })
  })

  test('a run for a tag that is not missing holds nothing, nor does one that has ended', () => {
    expect(planned(['v1.0.0'], { dispatched: [active('Build v9.9.9'), run('Build')] })).toEqual({
      'v1.0.0': 'planned'
    })
  })
})

describe('E-31: only a run that builds the tag holds it', () => {
  test.each<[string, Partial<KnownRuns>]>([
    ['a pull request titled like the tag', { active: [active('v3', { event: 'pull_request' })] }],
    ['one from a fork', { active: [active('v3', { event: 'pull_request_target', branch: 'v3' })] }],
    ['a review of one', { active: [active('v3', { event: 'pull_request_review' })] }],
    ['a comment', { active: [active('v3', { event: 'issue_comment' })] }],
    ['a pull request in the queue', { active: [active('v3', { event: 'merge_group' })] }],
    ['a page of the wiki', { active: [active('v3', { event: 'gollum' })] }],
    ['an issue', { active: [active('v3', { event: 'issues' })] }],
    ['a run for a tag that nobody expects', { dispatched: [active('Build v2.0.0-rc.1')] }],
    ['one with build metadata', { dispatched: [active('Build v2.0.0+b5')] }],
    ['one of another part', { dispatched: [active('Build web@v2.0.0')] }],
    ['one of a plain version', { dispatched: [active('Release 7.1.2')] }]
  ])('%s holds nothing', (_, runs) => {
    expect(planned(['v3', 'v2.0.0'], runs)).toEqual({ v3: 'planned', 'v2.0.0': 'planned' })
  })

  test('a run that names no tag at all still holds all', () => {
    const runs = { dispatched: [active('Build 2 images (#17)')] }
    expect(planned(['v3'], runs)).toEqual({ v3: 'held' })
  })
})

test('E-31 a run that a pull request started is no attempt at the tag either, whatever it is called', () => {
  const dispatched = Array.from({ length: MOST_ATTEMPTS }, () => run('v3', { event: 'pull_request' }))
  expect(planned(['v3'], { dispatched })).toEqual({ v3: 'planned' })
})

describe('R-11: a tag that cannot be built is not tried for ever', () => {
  const tries = (count: number, conclusion: string) =>
    Array.from({ length: count }, () => run('Build v1.0.0', { conclusion }))

  test.each([
    ['failure', MOST_ATTEMPTS, 'exhausted'],
    ['failure', MOST_ATTEMPTS - 1, 'planned'],
    ['timed_out', MOST_ATTEMPTS, 'exhausted'],
    // A run that succeeds every day without an image is no better than one that fails.
    ['success', MOST_ATTEMPTS, 'exhausted'],
    ['cancelled', 10, 'planned'],
    ['skipped', 10, 'planned']
  ])('%s, %d times: %s', (conclusion, count, status) => {
    expect(planned(['v1.0.0'], { dispatched: tries(count, conclusion) })).toEqual({ 'v1.0.0': status })
  })

  test('it takes no place of another one', () => {
    const runs = {
      dispatched: tries(MOST_ATTEMPTS, 'failure').map(one => ({ ...one, title: 'Build v2.0.0' }))
    }
    expect(planned(['v1.0.0', 'v2.0.0'], runs, 1)).toEqual({ 'v2.0.0': 'exhausted', 'v1.0.0': 'planned' })
  })
})

test.each([
  [['Build', 'Build', 'Build'], true],
  [['Build', 'Build v1.0.0', 'Build'], false],
  [['Build', 'Build'], false],
  [[], false]
])('R-11: whether the runs %j do not say what they are for: %s', (titles, nameless) => {
  expect(
    areNameless(
      titles.map(title => run(title)),
      expectedOf('v1.0.0', 'v2.0.0')
    )
  ).toBe(nameless)
})

test.each([
  ['Build v1.2.3', true],
  ['Build v1.2.3.', true],
  ['Build "v1.2.3" again', true],
  ['refs/tags/v1.2.3', true],
  ['Release 1.2.3', true],
  ['Build v1.2.30', false],
  ['Build v1.2.3-rc.1', false],
  ['Build v1.2.3.4', false],
  ['Build pkg@1.2.3', false],
  ['Build app-v1.2.3', false],
  ['Build', false]
])('whether the run "%s" is about v1.2.3: %s', (title, about) => {
  expect(isAbout(run(title), expectedOf('v1.2.3')[0]!)).toBe(about)
})

test.each([
  ['v1.2.3', true],
  ['refs/tags/v1.2.3', true],
  ['v1.2', false]
])('whether a run on the ref %s is about v1.2.3: %s', (branch, about) => {
  expect(isAbout(run('x', { branch }), expectedOf('v1.2.3')[0]!)).toBe(about)
})

test('a tag with special characters is taken literally', () => {
  expect(isAbout(run('Build axb'), expectedOf('a.b')[0]!)).toBe(false)
  expect(isAbout(run('Build a.b (x)'), expectedOf('a.b')[0]!)).toBe(true)
})

describe('what a run has come to', () => {
  const check = (state: TagCheck['state']): TagCheck => ({ tag: 'v1', images: ['v1'], state, lacks: [] })
  test.each<[string, WorkflowRun | undefined, TagCheck['state'][], string, RegExp]>([
    ['built', run('', { conclusion: 'success' }), ['present'], 'built', /^$/],
    [
      'R-04: the image counts, not the colour',
      run('', { conclusion: 'failure' }),
      ['present'],
      'built',
      /^$/
    ],
    [
      'R-04: green without an image',
      run('', { conclusion: 'success' }),
      ['absent'],
      'not-built',
      /metadata-action/
    ],
    ['one package of two', run('', { conclusion: 'success' }), ['present', 'incomplete'], 'not-built', /./],
    ['red', run('', { conclusion: 'timed_out' }), ['absent'], 'not-built', /"timed out"/],
    ['R-05: cancelled', run('', { conclusion: 'cancelled' }), ['absent'], 'cancelled', /concurrency/],
    ['not ended', active(''), ['absent'], 'running', /in progress/],
    ['never seen', undefined, ['absent'], 'running', /No run/],
    [
      'R-07: not to be read',
      run('', { conclusion: 'success' }),
      ['unreadable'],
      'dispatched',
      /could not be read/
    ]
  ])('%s', (_, last, states, status, detail) => {
    const judged = judge(last, states.map(check))
    expect(judged.status).toBe(status)
    expect(judged.detail).toMatch(detail)
  })
})
