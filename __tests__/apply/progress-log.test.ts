import { expect, it } from '@jest/globals'
import { progressLog } from '../../src/apply/progress-log.ts'
import type { Log } from '../../src/log.ts'
import { emptyPlan, type Outcome } from '../../src/model/decision.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import type { PackageRun } from '../../src/model/run.ts'
import { packageFold } from '../../src/report/summary-package.ts'
import { somePackage, version } from '../helpers/make.ts'

/** What was deleted can be restored by whoever has nothing but the log or the summary. */

const deleted = (one: PackageVersion, root = one): Outcome => ({
  step: { action: 'delete', version: one, after: [], root: root.digest },
  status: 'done',
  detail: ''
})

function told(outcomes: readonly Outcome[]) {
  const lines: string[] = []
  const run: PackageRun = {
    package: somePackage,
    plan: { ...emptyPlan(somePackage), steps: outcomes.map(({ step }) => step) },
    outcomes,
    warnings: []
  }
  const log = { info: (line: string) => lines.push(line), progress: () => {} } as unknown as Log
  const progress = progressLog(run, log)
  for (const outcome of outcomes) progress.outcome(outcome)
  return { log: lines.join('\n'), summary: packageFold(run, 1_000), lines }
}

it('E-36 names everything that was deleted by its id in the log, and by its full digest as well in a fold of the summary', () => {
  const root = version('root', { tags: ['sha-1'] })
  const part = version('part')
  const { log, summary } = told([deleted(root), deleted(part, root)])
  expect(log).toContain(`to restore it: id ${root.id} (${root.digest}), ${part.id}`)
  for (const { id, digest } of [root, part]) {
    expect(summary).toMatch(new RegExp(`\\| \`${id}\` \\| sha-1 \\| \`${digest}\` \\|`))
  }
})

it('E-36 names no version that is still there', () => {
  const refused: Outcome = { ...deleted(version('popular')), status: 'refused', detail: 'more than 5000' }
  const { log, summary } = told([refused])
  expect(log).not.toContain('to restore it')
  expect(summary).not.toMatch(/Ids and digests/)
})

it('E-36 stays short when a hundred thousand versions were deleted, and says where the rest is', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => deleted(version(`v${index}`)))
  const { lines, summary } = told(many)
  expect(lines.length).toBeLessThan(2_100)
  expect(summary).toMatch(
    /Ids and digests of 100,000 deleted versions.*and 99,000 more versions, in the JSON/s
  )
  expect(Buffer.byteLength(summary)).toBeLessThan(900 * 1024)
})
