import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { execute, type Perform, pretend } from '../../src/apply/execute.ts'
import { BudgetError } from '../../src/errors.ts'
import type { Outcome, OutcomeStatus, Step } from '../../src/model/decision.ts'
import { deletion, planOf, version } from '../helpers/make.ts'

const statuses: readonly OutcomeStatus[] = ['done', 'already', 'refused', 'skipped', 'failed']

/** Deletions in an order where each comes after any of those before it. */
const plans = fc.array(fc.tuple(fc.array(fc.nat(20), { maxLength: 3 }), fc.constantFrom(...statuses)), {
  maxLength: 25
})

it('starts a deletion only when everything it comes after is confirmed gone, whatever is refused or fails', async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), async (rows, scheduler) => {
      const versions = rows.map((_, index) => version(`v${index}`))
      const steps = rows.map(([parents], index) =>
        deletion(
          versions[index]!,
          parents.filter(parent => parent < index).map(parent => versions[parent]!)
        )
      )
      const gone = new Set<string>()
      const perform: Perform = async step => {
        const { after, version } = step as Step & { action: 'delete' }
        expect(after.filter(parent => !gone.has(parent))).toEqual([])
        await scheduler.schedule(Promise.resolve())
        const status = rows[versions.indexOf(version)]![1]
        if (status === 'done' || status === 'already') gone.add(version.digest)
        return { status, detail: '' }
      }
      const reported: Outcome[] = []
      const outcomes = await scheduler.waitFor(
        execute(planOf(steps), perform, outcome => reported.push(outcome))
      )
      expect(outcomes.map(outcome => outcome.step)).toEqual(steps)
      expect(new Set(reported)).toEqual(new Set(outcomes))
      for (const { step, status } of outcomes) {
        const { after } = step as Step & { action: 'delete' }
        if (after.some(parent => !gone.has(parent))) expect(status).toBe('skipped')
      }
    })
  )
})

it.each<[OutcomeStatus, OutcomeStatus, OutcomeStatus]>([
  ['done', 'refused', 'skipped'],
  ['refused', 'done', 'skipped'],
  ['done', 'already', 'done']
])(
  'E-25 of a digest that GitHub lists twice one row is %s and the other %s: its platform is %s',
  async (first, second, then) => {
    const [one, child] = [version('index'), version('platform')]
    const other = { ...one, id: one.id + 1_000 }
    const steps = [deletion(one), deletion(other), deletion(child, [one, other])]
    const perform: Perform = async ({ version: { id } }) => ({
      status: id === one.id ? first : id === other.id ? second : 'done',
      detail: ''
    })
    const outcomes = await execute(planOf(steps), perform, () => {})
    expect(outcomes.at(-1)?.status).toBe(then)
  }
)

const three = ['a', 'b', 'c'].map(name => deletion(version(name)))

it('leaves the rest when GitHub or the time leaves no room', async () => {
  const perform: Perform = async step => {
    if (step !== three[0]) throw new BudgetError('no requests are left until 12:00')
    return { status: 'done', detail: '' }
  }
  const outcomes = await execute(planOf(three), perform, () => {})
  expect(outcomes.map(({ status, detail }) => [status, detail])).toEqual([
    ['done', ''],
    ['left', 'no requests are left until 12:00'],
    ['left', 'no requests are left until 12:00']
  ])
})

it('stops the package when a step says that nothing further would go better', async () => {
  const many = Array.from({ length: 30 }, (_, index) => deletion(version(`m${index}`)))
  let tried = 0
  const perform: Perform = async () => {
    tried++
    return { status: 'failed', detail: 'Package not found.', stop: 'the token may not delete' }
  }
  const outcomes = await execute(planOf(many), perform, () => {})
  expect(tried).toBeLessThanOrEqual(8)
  expect(outcomes.at(-1)).toMatchObject({ status: 'skipped', detail: 'the token may not delete' })
})

it('lets a bug through with its own stack, after what was under way has ended', async () => {
  const bug = new TypeError('cannot read properties of undefined')
  const reported: OutcomeStatus[] = []
  const perform: Perform = async step => {
    if (step === three[1]) throw bug
    return { status: 'done', detail: '' }
  }
  await expect(execute(planOf(three), perform, outcome => reported.push(outcome.status))).rejects.toBe(bug)
  expect(reported).toHaveLength(3)
})

it('does nothing in a dry run', async () => {
  const outcomes = await execute(planOf(three), pretend, () => {})
  expect(outcomes.map(outcome => outcome.status)).toEqual(['planned', 'planned', 'planned'])
})
