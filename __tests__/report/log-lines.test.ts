import { expect, test } from '@jest/globals'
import { closingLines, openingLine } from '../../src/report/log-lines.ts'
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
  expect(closingLines(run, 'r.json')).toEqual([
    expect.stringMatching(
      /^Nothing was changed\. A real run would delete 2 images \(2 versions\) in about 1 s\. Digest of the plan: sha256:/
    ),
    expect.stringContaining('`plan: r.json`')
  ])
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
