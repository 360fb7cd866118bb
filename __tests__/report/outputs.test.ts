import { expect, test } from '@jest/globals'
import { outputs } from '../../src/report/outputs.ts'
import { digestOf, somePackage, version } from '../helpers/make.ts'
import { drop, keep, packageRun, runOf } from './runs.ts'

const old = version('old', { tags: ['sha-1'] })
const stuck = version('stuck', { tags: ['sha-2'] })

test('a real run hands over its counts and what was deleted and failed, with reasons', () => {
  const run = packageRun([drop(old), drop(stuck), keep(version('new'))], one =>
    one === old ? ['done', ''] : ['failed', 'GitHub answered 500.']
  )
  const { values, warnings } = outputs(runOf([run]), '/tmp/report.json')
  expect(warnings).toEqual([])
  expect(values).toMatchObject({
    'deleted-count': '1',
    'planned-count': '2',
    'kept-count': '1',
    'failed-count': '1',
    'untagged-count': '0',
    'restored-count': '0',
    incomplete: 'false',
    report: '/tmp/report.json',
    packages: '["app"]'
  })
  expect(JSON.parse(values.deleted)).toEqual([
    {
      package: 'app',
      id: old.id,
      digest: old.digest,
      tags: ['sha-1'],
      reason: 'untagged, pushed 41 days ago'
    }
  ])
  expect(JSON.parse(values.failed)).toEqual([
    { package: 'app', id: stuck.id, digest: stuck.digest, tags: ['sha-2'], reason: 'GitHub answered 500.' }
  ])
})

test('in a dry run nothing counts as deleted', () => {
  const { values } = outputs(runOf([packageRun([drop(old)], () => ['planned', ''])], { dryRun: true }), 'r')
  expect([values['deleted-count'], values.deleted, values['planned-count']]).toEqual(['0', '[]', '1'])
})

test('a stripped tag counts as untagged, never as deleted', () => {
  const run = packageRun([keep(old)])
  const untag = { step: { action: 'untag', version: old, tag: 'sha-1' }, status: 'done', detail: '' } as const
  const { values } = outputs(runOf([{ ...run, outcomes: [untag] }]), 'r')
  expect([values['untagged-count'], values['deleted-count'], values.deleted]).toEqual(['1', '0', '[]'])
})

test.each([
  ['the run ended early', runOf([packageRun([])], { incomplete: 'No time.' }), 'true'],
  ['the budget left deletions over', runOf([{ ...packageRun([drop(old)]), outcomes: [] }]), 'true'],
  ['a step was not come to', runOf([packageRun([drop(old)], () => ['left', ''])]), 'true'],
  ['all was done', runOf([packageRun([drop(old)])]), 'false']
])('incomplete when %s', (_, run, expected) => {
  expect(outputs(run, 'r').values.incomplete).toBe(expected)
})

test('outputs stay far below the 1 MB that GitHub takes, are still JSON, and a warning tells what was cut', () => {
  const due = Array.from({ length: 50_000 }, (_, id) => drop({ ...old, id, digest: digestOf(String(id)) }))
  const packages = Array.from({ length: 20_000 }, (_, index) => ({
    ...packageRun(index === 0 ? due : [], one => (one.id % 2 === 0 ? ['done', ''] : ['failed', 'why'])),
    package: { ...somePackage, name: `package-${index}` }
  }))
  const { values, warnings } = outputs(runOf(packages), 'r')
  expect(Object.values(values).reduce((sum, value) => sum + value.length, 0)).toBeLessThan(600_000)
  expect(JSON.parse(values.deleted)[0].id).toBe(0)
  expect(JSON.parse(values.failed)[0].id).toBe(1)
  expect(values['deleted-count']).toBe('25000')
  expect(warnings.map(warning => /`(\w+)`/.exec(warning)?.[1])).toEqual(['deleted', 'failed', 'packages'])
})
