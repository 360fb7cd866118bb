import { expect, test } from '@jest/globals'
import { closingLines, openingLine } from '../../src/report/log-lines.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { version } from '../helpers/make.ts'
import { drop, keep, packageRun, runOf } from './runs.ts'

const decisions = [drop(version('a')), drop(version('b')), keep(version('c'))]

test('the first line says what this is, and whether it changes anything', () => {
  expect(openingLine('retain', true, 'acme', '1.2.3')).toBe(
    'ghcr-steward 1.2.3: mode retain on packages of acme, a dry run, which changes nothing.'
  )
})

test('a dry run ends with what a real one would do, how long that takes, and how to go on', () => {
  const run = runOf([packageRun(decisions, () => ['planned', ''])], { dryRun: true })
  const requests = { ...run.requests, api: 10 }
  expect(closingLines({ ...run, requests }, 'r.json')).toEqual([
    expect.stringMatching(
      /^Nothing was changed\. A real run would delete 2 images \(2 versions\) in about 1 s\. Digest of the plan, to compare runs: sha256:/
    ),
    expect.stringContaining('`plan: r.json`')
  ])
})

test('a dry run that found nothing to do offers no next step', () => {
  const run = runOf([packageRun([keep(version('c'))])], { dryRun: true })
  expect(closingLines(run, 'r.json')).toEqual([
    'Nothing was changed, and a real run would delete nothing. The report: r.json'
  ])
})

test('a dry run that found nothing to do names the patterns that no tag matches', () => {
  const found = packageRun([keep(version('c'))])
  const hits = [
    { rule: 'delete-tags', action: 'delete', pattern: 'main', hits: 0 },
    { rule: 'delete-tags', action: 'delete', pattern: 'pr-*', hits: 3 }
  ] as const
  const run = runOf([{ ...found, plan: found.plan && { ...found.plan, hits } }], { dryRun: true })
  expect(closingLines(run, 'r.json')[0]).toContain('delete nothing. No tag matches "main". The report')
})

test('any number of versions may be younger than the grace', () => {
  const found = packageRun([keep(version('c'))])
  const all = Array(300_000).fill(keep(version('y'), young))
  const run = runOf(
    [{ ...found, plan: found.plan && { ...found.plan, decisions: all, graced: all.length } }],
    { dryRun: true }
  )
  expect(closingLines(run, 'r.json')[0]).toContain('300,000 versions are younger than the grace of 24 hours')
})

const hour = 3_600_000
const young = { code: 'young', age: hour, grace: 24 * hour } as const
test.each([
  [
    [young, young],
    true,
    '2 versions are younger than the grace of 24 hours (`grace`), so no rule deletes them. '
  ],
  [[young], false, '1 version is younger than the grace of 24 hours (`grace`), so no rule deletes it. ']
])('what grace holds is said where nothing goes: %#', (reasons, dryRun, said) => {
  const found = packageRun([
    keep(version('c')),
    ...reasons.map((reason, n) => keep(version(`y${n}`), reason))
  ])
  const held = { ...found, plan: found.plan && { ...found.plan, graced: reasons.length } }
  const run = runOf([held], { dryRun })
  expect(closingLines(run, 'r.json')[0]).toContain(`. ${said}The report: r.json`)
  expect(renderSummary(run)).toContain(said.trim())
  const going = packageRun([drop(version('d')), keep(version('y'), young)])
  expect(closingLines(runOf([going]), 'r.json').join()).not.toContain('younger')
})

test.each([
  ['main-.*', true],
  ['!pr-.*', true],
  ['v1.*', false],
  ['/main-.*/', false]
])('%s matches no tag: it is said how a regular expression is written: %j', (pattern, isSaid) => {
  const found = packageRun([keep(version('c'))])
  const hits = [{ rule: 'delete-tags', action: 'delete', pattern, hits: 0 }] as const
  const run = runOf([{ ...found, plan: found.plan && { ...found.plan, hits } }], { dryRun: true })
  const [line] = closingLines(run, 'r.json')
  const regex = pattern.replace(/^(!?)(.*)$/, '$1/^$2$/')
  expect(line?.includes(`is a regular expression, write \`${regex}\`.`)).toBe(isSaid)
})

test('a dry run of a purge or a restore offers no plan to apply', () => {
  const planned = { ...packageRun(decisions, () => ['planned', '']) }
  const purge = closingLines(runOf([planned], { dryRun: true, mode: 'purge' }), 'r.json')
  expect(purge.at(-1)).toBe('Next: look at the summary, then run without `dry-run`.')
  const named = runOf([planned], { dryRun: true, mode: 'purge', confirm: 'app' })
  const how = 'Next: look at the summary, then run without `dry-run` and with `confirm: app`.'
  expect(closingLines(named, 'r.json').at(-1)).toBe(how)
  expect(renderSummary(named)).toContain('It needs `confirm`: `app`.')
  const restore = closingLines(runOf([planned], { dryRun: true, mode: 'restore' }), 'r.json')
  expect(restore).toEqual([
    expect.stringMatching(/^Dry run: 2 versions would be restored\. The report: r\.json$/),
    'Next: look at the summary, then run without `dry-run`.'
  ])
})

test.each([
  // API requests of the dry run, deletions, what is said of the quota
  [10, 3, undefined],
  [600, 100, undefined],
  [
    600,
    500,
    'Including a new listing, that takes about 1,350 API requests: 2 hours of quota with `GITHUB_TOKEN` (1,000 an hour), 1 hour with a classic token (5,000). Let it wait for them with `patience: 1h`.'
  ],
  [
    4_000,
    10_000,
    'Including a new listing, that takes about 19,000 API requests: 19 hours of quota with `GITHUB_TOKEN` (1,000 an hour), 4 hours with a classic token (5,000). Let it wait for them with `patience: 1h`.'
  ]
])('E-28: after %i requests, a dry run of %i deletions says: %s', (api, deletions, said) => {
  const going = Array.from({ length: deletions }, (_, n) => drop(version(`v${n}`)))
  const run = runOf([packageRun(going, () => ['planned', ''])], { dryRun: true })
  const lines = closingLines({ ...run, requests: { ...run.requests, api } }, 'r.json')
  expect(lines.find(line => line.includes('hours'))).toBe(said)
  expect(lines).toHaveLength(said === undefined ? 2 : 3)
})

test.each([
  ['refused', '1 image deleted (1 version); other versions: 1 refused by GitHub.'],
  ['failed', '1 image deleted (1 version); other versions: 1 failed.'],
  ['skipped', '1 image deleted (1 version); other versions: 1 skipped.']
] as const)('the last lines mention a deletion that was %s', (status, said) => {
  const run = runOf([
    packageRun(decisions, one => (one === decisions[0]?.version ? ['done', ''] : [status, 'x']))
  ])
  const lines = closingLines(run, 'r.json')
  expect(lines[0]).toContain(said)
  expect(lines.some(line => line.includes('is not a failure'))).toBe(status === 'refused')
})

test('a real run ends with what went, and how to undo it', () => {
  expect(closingLines(runOf([packageRun(decisions)]), 'r.json')).toEqual([
    expect.stringMatching(/^2 images deleted \(2 versions\)\./),
    expect.stringContaining('`mode: restore` with `restore: r.json`')
  ])
  expect(closingLines(runOf([packageRun([keep(version('c'))])]), 'r.json')).toEqual([
    'Nothing was deleted. The report: r.json'
  ])
})

test('a check ends with what it found', () => {
  const run = runOf([packageRun([keep(version('c'))])], { dryRun: true })
  expect(closingLines({ ...run, mode: 'check' }, 'r.json')).toEqual([
    'Dry run: no tag was expected in 1 package of acme. The report: r.json'
  ])
})
