import { expect, it } from '@jest/globals'
import type { ApplyContext } from '../../src/apply/apply.ts'
import type { DriftDetector } from '../../src/apply/drift/drift.ts'
import { remover } from '../../src/apply/remove.ts'
import { BudgetError, StaleError } from '../../src/errors.ts'
import type { WriteAnswer } from '../../src/github/write-answers.ts'
import type { PackageVersion } from '../../src/model/package.ts'
import { fakeClock } from '../helpers/fake-clock.ts'
import { somePackage, version } from '../helpers/make.ts'

const deletable = version('deletable')
const unchanged: Pick<DriftDetector, 'check' | 'fresh' | 'note'> = {
  check: async () => undefined,
  fresh: () => true,
  note: rows => rows
}

/** Deletes `deletable` against scripted answers; gives the outcome and how many DELETEs were sent. */
async function run(
  answers: readonly (WriteAnswer | Error)[],
  looks: readonly (PackageVersion | undefined)[],
  knowledge = unchanged,
  isDenied = true
) {
  let sent = 0
  let looked = 0
  const packages = {
    remove: async (): Promise<WriteAnswer> => {
      const answer = answers[Math.min(sent++, answers.length - 1)] as WriteAnswer | Error
      if (answer instanceof Error) throw answer
      return answer
    },
    version: async () => ({ seen: looks[Math.min(looked++, looks.length - 1)], at: 0 })
  }
  const registry = { headTag: async () => ({ state: isDenied ? 'missing' : 'found' }) }
  const context = { packages, registry, clock: fakeClock(), tokenKind: 'installation', serverUrl: '' }
  const scope = { pkg: somePackage, context, journal: { append: () => {} } } as unknown as ApplyContext
  const remove = remover(knowledge, () => false, scope)
  return { ...(await remove(deletable)), sent }
}

const unsure: WriteAnswer = { kind: 'unsure', message: 'HTTP 502' }
const notFound: WriteAnswer = { kind: 'not-found', message: 'Package not found.' }

it.each<[string, (WriteAnswer | Error)[], (PackageVersion | undefined)[], object]>([
  ['204', [{ kind: 'done' }], [], { status: 'done', sent: 1 }],
  [
    'T-26 a refusal by rule',
    [{ kind: 'refused', message: '5000 downloads' }],
    [],
    { status: 'refused', sent: 1 }
  ],
  ['T-28a 404 for a version that is gone', [notFound], [undefined], { status: 'already', sent: 1 }],
  [
    'T-28a 404 for a version whose absence shows late',
    [notFound],
    [deletable, undefined],
    { status: 'already' }
  ],
  [
    '403',
    [{ kind: 'forbidden', message: 'Resource not accessible' }],
    [],
    { status: 'failed', stop: expect.stringMatching(/Admin/) }
  ],
  ['T-29 502 that did it', [unsure], [undefined], { status: 'done', sent: 1 }],
  [
    'T-29 502, then 404 for the second DELETE',
    [unsure, notFound],
    [deletable, undefined],
    { status: 'done' }
  ],
  ['502 that did not, then 204', [unsure, { kind: 'done' }], [deletable], { status: 'done', sent: 2 }],
  ['502 for ever', [unsure], [deletable], { status: 'failed', sent: 3 }],
  [
    'T-31 a limit, then 204',
    [{ kind: 'limited', message: 'wait' }, { kind: 'done' }],
    [],
    { status: 'done', sent: 2 }
  ],
  [
    'knowledge that went stale while waiting, more often than a DELETE is sent',
    [...Array.from({ length: 4 }, () => new StaleError()), { kind: 'done' }],
    [],
    { status: 'done' }
  ]
])('settles %s', async (_, answers, looks, outcome) => {
  expect(await run(answers, looks)).toMatchObject(outcome)
})

it('T-28b takes a 404 for a lack of rights unless GitHub finds the package and the registry denies the version', async () => {
  const there = await run([notFound], [deletable], unchanged, false)
  expect(there).toMatchObject({ status: 'failed', stop: expect.stringMatching(/Admin/) })
  const rightless = await run([notFound], [deletable])
  expect(rightless).toMatchObject({ status: 'failed', stop: expect.stringMatching(/Admin/) })
  const denied = await run([{ kind: 'not-found', message: 'Package version not found.' }], [deletable])
  expect(denied).toEqual({ status: 'failed', detail: expect.stringContaining('the next run'), sent: 1 })
})

it('sends nothing for a version that changed or is gone', async () => {
  const changed = await run([], [], { ...unchanged, check: async () => 'tag v1 was put on it' })
  expect(changed).toMatchObject({ status: 'skipped', detail: 'tag v1 was put on it', sent: 0 })
  const gone = await run([], [], { ...unchanged, check: async () => 'gone' })
  expect(gone).toMatchObject({ status: 'already', sent: 0 })
})

it('hands on that there is no room for more requests', async () => {
  await expect(run([new BudgetError('none left')], [])).rejects.toThrow('none left')
})

it('E-01 calls nothing gone that GitHub does not find and the registry has', async () => {
  const gone = { ...unchanged, check: async () => 'gone' }
  expect(await run([], [], gone, false)).toMatchObject({ status: 'failed', sent: 0 })
  expect(await run([notFound], [undefined], unchanged, false)).toMatchObject({ status: 'failed' })
})
