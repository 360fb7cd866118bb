import { describe, expect, test } from '@jest/globals'
import type { CheckFindings, Dispatch, TagCheck } from '../../src/model/check.ts'
import type { PackageRun, RunResult } from '../../src/model/run.ts'
import { statePhrase } from '../../src/report/check-phrases.ts'
import { outputs } from '../../src/report/outputs.ts'
import { parseRecord } from '../../src/report/read-record.ts'
import {
  finishedRecord,
  packageHead,
  runRecord,
  stepRecords,
  versionRecords
} from '../../src/report/record-build.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { failures } from '../../src/report/verdict.ts'
import { digestOf, somePackage } from '../helpers/make.ts'
import { runOf } from './runs.ts'

/** What a check tells of itself. */

const tag = (name: string, state: TagCheck['state'], more: Partial<TagCheck> = {}): TagCheck => ({
  tag: name,
  images: [name],
  state,
  lacks: [],
  ...more
})

const packageOf = (
  name: string,
  checks: readonly TagCheck[],
  more: Partial<PackageRun> = {}
): PackageRun => ({
  package: { ...somePackage, name },
  plan: undefined,
  outcomes: [],
  checks,
  warnings: [],
  ...more
})

const dispatch = (name: string, status: Dispatch['status'], more: Partial<Dispatch> = {}): Dispatch => ({
  tag: name,
  workflow: 'build.yml',
  repository: 'acme/app',
  status,
  detail: '',
  ...more
})

function checkOf(
  packages: readonly PackageRun[],
  found: Partial<CheckFindings> = {},
  more: Partial<RunResult> = {}
) {
  const expected = ['v3', 'v2', 'v1', 'latest']
  const check = { expected, dispatches: [], unmapped: [], failOnMissing: false, errors: [], ...found }
  return runOf(packages, { mode: 'check', check, ...more })
}

const APP = packageOf('app', [
  tag('v3', 'absent'),
  tag('v2', 'incomplete', { lacks: ['linux/arm64', digestOf('att')] }),
  tag('v1', 'present')
])
const WEB = packageOf('web', [tag('v2', 'absent'), tag('latest', 'absent')])

test('the summary has one bar for how much is there, and no chart', () => {
  const summary = renderSummary(checkOf([APP, WEB]))
  expect(summary).toContain(
    '`████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░` 20 % of the expected images are there'
  )
  expect(summary).not.toContain('mermaid')
  expect(renderSummary(checkOf([packageOf('app', [tag('v1', 'present')])]))).not.toContain('█')
})

test('the outputs have what is missing, each tag once and in one order, and what was started', () => {
  const url = 'https://github.com/acme/app/actions/runs/7'
  const dispatches = [
    dispatch('v3', 'dispatched', { url }),
    dispatch('v2', 'held', { detail: 'A run is there.' })
  ]
  const { values } = outputs(checkOf([APP, WEB], { dispatches }), '/tmp/report.json')
  expect(values['missing-tags']).toBe('v3\nv2\nlatest')
  expect(JSON.parse(values.missing)).toEqual([
    { package: 'app', tag: 'v3', state: 'absent', lacks: [], images: ['v3'] },
    {
      package: 'app',
      tag: 'v2',
      state: 'incomplete',
      lacks: ['linux/arm64', digestOf('att')],
      images: ['v2']
    },
    { package: 'web', tag: 'v2', state: 'absent', lacks: [], images: ['v2'] },
    { package: 'web', tag: 'latest', state: 'absent', lacks: [], images: ['latest'] }
  ])
  expect(JSON.parse(values.dispatched)).toEqual([
    { tag: 'v3', workflow: 'build.yml', repository: 'acme/app', url, status: 'dispatched' }
  ])
})

test('a list of tags that is too long for GitHub is cut between two tags, with a warning', () => {
  const names = Array.from({ length: 20_000 }, (_, n) => `v1.${n}.0-${'x'.repeat(20)}`)
  const run = checkOf(
    [
      packageOf(
        'app',
        names.map(name => tag(name, 'absent'))
      )
    ],
    { expected: names }
  )
  const { values, warnings } = outputs(run, '')
  const kept = values['missing-tags'].split('\n')
  expect(values['missing-tags'].length).toBeLessThanOrEqual(150_000)
  expect(names.slice(0, kept.length)).toEqual(kept)
  expect(warnings).toContainEqual(expect.stringContaining('The output `missing-tags` lacks its last'))
})

describe('a check is red', () => {
  test.each<[string, RunResult, RegExp | undefined]>([
    ['not for what is missing', checkOf([APP]), undefined],
    [
      'unless that was asked for',
      checkOf([APP], { failOnMissing: true }),
      /^2 tags lack their image: v3, v2\.$/
    ],
    [
      'R-07: for what could not be read',
      checkOf([packageOf('app', [tag('v1', 'unreadable', { cause: 'HTTP 500' })])]),
      /^app: 1 expected image could not be read, .*The first is v1: HTTP 500\.$/
    ],
    [
      'once for a package that could not be read',
      checkOf([packageOf('app', [tag('v1', 'unreadable')], { error: 'Listing failed.' })]),
      /^app: Listing failed\.$/
    ],
    [
      'R-04: for a build without an image',
      checkOf([APP], { dispatches: [dispatch('v3', 'not-built', { detail: 'Why.' })] }),
      /^1 rebuild produced no image\. The first is v3: Why\.$/
    ],
    [
      'R-05: for one that was cancelled',
      checkOf([APP], { dispatches: [dispatch('v3', 'cancelled')] }),
      /^1 rebuild cancelled/
    ],
    [
      'for one that could not be started',
      checkOf([APP], { dispatches: [dispatch('v3', 'failed')] }),
      /^1 rebuild failed to start/
    ],
    [
      'not for one that runs, is held, or left',
      checkOf([APP], {
        dispatches: (['running', 'held', 'left', 'exhausted', 'planned', 'dispatched', 'built'] as const).map(
          status => dispatch('v3', status)
        )
      }),
      undefined
    ],
    ['R-03: for a tag that moved back', checkOf([APP], { errors: ['It moved.'] }), /^It moved\.$/]
  ])('%s', (_, run, sentence) => {
    expect(failures(run)).toEqual(sentence === undefined ? [] : [expect.stringMatching(sentence)])
  })
})

describe('the summary', () => {
  const url = 'https://github.com/acme/app/actions/runs/7'

  test('has the numbers of each package, and of all', () => {
    const summary = renderSummary(checkOf([APP, WEB]))
    expect(summary).toContain('## 4 expected tags, 3 missing in 2 packages of acme')
    const red = renderSummary(checkOf([APP], { errors: ['It moved.'] }))
    expect(red).toMatch(/^## Failed: \d expected tags, /)
    expect(summary).toContain('| **all packages** | 5 | 3 | 1 | 0 | 1 |')
    expect(summary).toMatch(/\[`app`\]\([^)]+\) \| 3 \| 1 \| 1 \| 0 \| 1 \|/)
    expect(summary).toContain(
      `| \`v2\` | incomplete, lacks linux/arm64, sha256&#58;${digestOf('att').slice(7, 19)} |`
    )
  })

  test('links to what was started, and says why the rest was not', () => {
    const dispatches = [
      dispatch('v3', 'dispatched', { url }),
      dispatch('v2', 'exhausted', { detail: 'Three runs have failed.' })
    ]
    const summary = renderSummary(checkOf([APP], { dispatches }))
    expect(summary).toMatch(/^## .* 2 missing, 1 being built in 1 package of acme$/m)
    expect(summary).toContain(`| \`v3\` | started | [\`build.yml\`](${url}) |  |`)
    expect(summary).toContain('| `v2` | not started again | `build.yml` | Three runs have failed. |')
  })

  test('of a dry run says that nothing was started', () => {
    const summary = renderSummary(checkOf([APP], {}, { dryRun: true }))
    expect(summary).toContain('## Dry run: ')
    expect(summary).toContain('**Nothing was started.**')
  })

  test('lists the git tags that give no image tag', () => {
    expect(renderSummary(checkOf([APP], { unmapped: ['v1+x'] }))).toContain(
      'Git tags that give no image tag: 1'
    )
  })

  test('is not escaped from by names, causes and addresses', () => {
    const evil = '</details>|`![x](https://evil)<script>'
    const checks = [
      tag(evil, 'unreadable', { cause: evil }),
      tag(`${evil}2`, 'incomplete', { lacks: [evil] })
    ]
    const dispatches = [dispatch(evil, 'failed', { detail: evil, url: 'https://x/) [y](https://evil' })]
    const summary = renderSummary(checkOf([packageOf('app', checks)], { dispatches, unmapped: [evil] }))
    expect(summary).not.toMatch(/<script>|!\[x\]|\]\(https:\/\/(?:evil|x)/)
  })

  test('stays below the size that GitHub shows', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `v1.${n}.0-${'x'.repeat(100)}`)
    const many = names.map(name => tag(name, 'absent'))
    const dispatches = names.map(name => dispatch(name, 'left', { detail: 'x'.repeat(400) }))
    const run = checkOf([packageOf('app', many), packageOf('web', many)], { expected: names, dispatches })
    expect(Buffer.byteLength(renderSummary(run))).toBeLessThan(1_000_000)
  })
})

test.each([
  [tag('v1', 'present'), 'present'],
  [tag('v1', 'absent'), 'absent'],
  [tag('v1', 'incomplete', { lacks: ['linux/arm64'] }), 'incomplete, lacks linux/arm64'],
  [tag('v1', 'unreadable', { cause: 'HTTP 500' }), 'unreadable: HTTP 500']
])('%j in words', (check, words) => {
  expect(statePhrase(check)).toBe(words)
})

test('the report of a check can be read again', () => {
  const run = checkOf([APP, packageOf('web', [tag('v1', 'unreadable', { cause: 'x' })])], {
    dispatches: [dispatch('v3', 'built', { url: 'https://github.com/acme/app/actions/runs/7' })]
  })
  const at = '2026-01-01T00:00:00.000Z'
  const place = { at, tag: 'v3', workflow: 'build.yml', repository: 'acme/app' }
  const record = {
    schema: 1,
    run: runRecord(run, { api: 'https://api.github.com', registry: 'https://ghcr.io', version: '1.0.0' }),
    packages: run.packages.map(one => ({
      ...packageHead(one),
      versions: [...versionRecords(one)],
      steps: [...stepRecords(one)]
    })),
    journal: [
      { event: 'dispatch-sent', ...place, ref: 'main', inputs: { tag: 'v3' } },
      { event: 'dispatch-outcome', ...place, status: 'dispatched', detail: '' }
    ],
    finished: finishedRecord(run, Date.parse(at))
  }
  const read = parseRecord(JSON.stringify(record), 'report.json')
  expect(read).toEqual(JSON.parse(JSON.stringify(record)))
  expect(read.finished?.dispatches?.[0]).toMatchObject({ tag: 'v3', status: 'built' })
  expect(read.packages[0]?.checks?.map(({ state }) => state)).toEqual(['absent', 'incomplete', 'present'])
})
