import { describe, expect, test } from '@jest/globals'
import type { OutcomeStatus } from '../../src/model/decision.ts'
import { failures } from '../../src/report/verdict.ts'
import { troubleshooting } from '../../src/util/links.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'
import { drop, packageRun, runOf } from './runs.ts'

const withOutcome = (status: OutcomeStatus, detail: string) =>
  runOf([packageRun([drop(version('a', { tags: ['old'] }))], () => [status, detail])])

describe('a run is red for', () => {
  test('a failed deletion, with its cause', () => {
    expect(failures(withOutcome('failed', 'GitHub answered 500.'))).toEqual([
      'app: 1 change failed. The first is old: GitHub answered 500.'
    ])
  })

  test('law 3: a manifest that could not be read', () => {
    const unread = [{ digest: digestOf('u'), ref: 'v2', cause: 'status 500' }]
    expect(failures(runOf([packageRun([], undefined, { unread })]))).toEqual([
      'app: 1 manifest could not be read, so it is kept with everything that it may need. The first is v2: status 500. ' +
        `If this continues and nobody needs it, delete it with \`mode: purge\` and \`purge: ${digestOf('u')}\`. ` +
        `See ${troubleshooting('a-manifest-could-not-be-read')}`
    ])
  })

  test('one that GitHub does not list, with what can be deleted', () => {
    const unread = [{ digest: digestOf('u'), namedBy: digestOf('v'), ref: 'u', cause: 'status 500' }]
    expect(failures(runOf([packageRun([], undefined, { unread })])).join()).toContain(
      `delete what names it with \`mode: purge\` and \`purge: ${digestOf('v')}\`.`
    )
  })

  test('a brake, in a dry run too', () => {
    const brakes = [{ input: 'max-deletions', limit: 1, value: 2 }] as const
    const run = runOf([packageRun([], undefined, { brakes })], { dryRun: true })
    expect(failures(run)).toEqual([
      'app: The plan has 2 deletions, and `max-deletions` allows 1: nothing was deleted. ' +
        `See ${troubleshooting('a-brake-held')}`
    ])
  })

  test('T-36: a package on which nothing was decided, and a run that found no package', () => {
    const error = 'GitHub has no such package.'
    const missing = { package: somePackage, plan: undefined, outcomes: [], warnings: [], error }
    expect(failures(runOf([missing]))).toEqual([`app: ${error}`])
    expect(failures(runOf([]))).toEqual([expect.stringContaining('`packages`')])
  })
})

describe('a run stays green', () => {
  test.each<OutcomeStatus>(['done', 'already', 'planned', 'refused', 'skipped', 'left'])(
    'T-26: when a deletion is %s',
    status => {
      expect(failures(withOutcome(status, 'why'))).toEqual([])
    }
  )

  test('T-31: when a limit ended it early, before the first package even', () => {
    expect(failures(runOf([], { incomplete: 'GitHub has no requests left.' }))).toEqual([])
  })
})
