import { expect, it } from '@jest/globals'
import type { ApplyContext } from '../../../src/apply/apply.ts'
import { type TagLooks, versionRestorer } from '../../../src/apply/restore/restore.ts'
import { BudgetError } from '../../../src/errors.ts'
import type { WriteAnswer } from '../../../src/github/write-answers.ts'
import { restoralOf } from '../../../src/policy/order.ts'
import { fakeClock } from '../../helpers/fake-clock.ts'
import { somePackage, version } from '../../helpers/make.ts'

const lost = version('lost')
const NO_LOOKS: TagLooks = { before: async () => {}, isFresh: () => true, behind: async () => {} }

/** Restores `lost` against scripted answers; `back` says whether it is there at each look. */
async function run(answers: readonly (WriteAnswer | Error)[], back: readonly boolean[] = []) {
  let sent = 0
  let looked = 0
  let announced = 0
  const packages = {
    restore: async (_: unknown, __: number, announce: () => boolean): Promise<WriteAnswer> => {
      announce()
      expect(announced).toBe(sent + 1)
      const answer = answers[Math.min(sent++, answers.length - 1)] as WriteAnswer | Error
      if (answer instanceof Error) throw answer
      return answer
    },
    version: async () => ({ seen: back[Math.min(looked++, back.length - 1)] ? lost : undefined, at: 0 })
  }
  const context = { packages, clock: fakeClock(), tokenKind: 'installation', serverUrl: '' }
  const journal = { append: () => void announced++ }
  const scope = { pkg: somePackage, context, journal } as unknown as ApplyContext
  return { ...(await versionRestorer(scope, NO_LOOKS)(restoralOf(lost))), sent }
}

const unsure: WriteAnswer = { kind: 'unsure', message: 'HTTP 502' }
const notFound: WriteAnswer = { kind: 'not-found', message: 'Package version not found.' }
const limited: WriteAnswer = { kind: 'limited', message: 'wait' }

it.each<[string, WriteAnswer[], boolean[], object]>([
  ['204', [{ kind: 'done' }], [], { status: 'done', sent: 1 }],
  ['a lost answer that did it', [unsure], [true], { status: 'done', sent: 1 }],
  ['a lost answer that did not, then 204', [unsure, { kind: 'done' }], [false], { status: 'done', sent: 2 }],
  [
    'a lost answer, then 404 because it is back',
    [unsure, notFound],
    [false, true],
    { status: 'done', sent: 2 }
  ],
  ['lost answers for ever', [unsure], [false], { status: 'failed', sent: 3 }],
  ['404 for what shows late', [notFound], [false, true], { status: 'done', sent: 1 }],
  ['404 once, then 204', [notFound, { kind: 'done' }], [false], { status: 'done', sent: 2 }],
  ['404 for what is gone for good', [notFound], [false], { status: 'failed', sent: 2 }],
  ['a limit, then 204', [limited, { kind: 'done' }], [], { status: 'done', sent: 2 }],
  ['a limit for ever', [limited], [], { status: 'failed', sent: 3 }],
  ['400', [{ kind: 'refused', message: 'no' }], [], { status: 'failed', sent: 1 }],
  [
    '403',
    [{ kind: 'forbidden', message: 'no' }],
    [],
    { status: 'failed', stop: expect.stringMatching(/Admin/), sent: 1 }
  ]
])('settles %s', async (_, answers, back, outcome) => {
  expect(await run(answers, back)).toMatchObject(outcome)
})

it('hands on that there is no room for more requests', async () => {
  await expect(run([new BudgetError('none left')])).rejects.toThrow('none left')
})
