import { BudgetError, ExpectedError } from '../errors.ts'
import type { Outcome, OutcomeStatus, Plan, Step } from '../model/decision.ts'
import { type Digest, shortDigest } from '../model/digest.ts'
import { nameOf } from '../report/phrases.ts'

/** What became of one try at a step. `stop` ends the package: nothing further would go better. */
export interface Performed {
  readonly status: OutcomeStatus
  readonly detail: string
  readonly stop?: string
  /** True where what comes after it stays all the same. */
  readonly holds?: boolean
}

/** Carries one step out. A dry run is handed `pretend` instead of the real thing. */
export type Perform = (step: Step) => Promise<Performed>

/** What a dry run does: nothing. */
export const pretend: Perform = async () => ({ status: 'planned', detail: '' })

/** How many steps may be under way at once; hides the latency of one DELETE behind the others. */
export const CONCURRENT = 8

/** Outcomes after which a version is known to be gone, or back, so that what comes after it may follow. */
const DONE: readonly OutcomeStatus[] = ['done', 'already', 'planned']

/**
 * Carries out the steps of a plan in their order, several at once. A step starts only when every version
 * that it comes `after` is confirmed gone (or back); a refused, failed or skipped parent keeps its children.
 * When GitHub or the time leaves no room (BudgetError), what is under way ends and the rest is `left`.
 *
 * @param report told about every outcome as it happens, in the order of happening
 * @returns one outcome a step, in the order of the plan
 * @throws whatever `perform` throws that is no ExpectedError, after the steps under way have ended
 */
export async function execute(
  plan: Plan,
  perform: Perform,
  report: (outcome: Outcome) => void
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const settled = awaited(plan.steps)
  // Made when the first step is held back: most runs hold none back.
  let names: ((digest: Digest) => string) | undefined
  let next = 0
  let end: { status: OutcomeStatus; detail: string } | undefined
  let bug: { thrown: unknown } | undefined

  const attempt = async (step: Step): Promise<Performed> => {
    if (end !== undefined) return end
    try {
      return await perform(step)
    } catch (error) {
      if (error instanceof BudgetError) {
        end = { status: 'left', detail: error.message }
        return end
      }
      // One that could not even be looked at, or put into the journal: not done, and said.
      if (error instanceof ExpectedError) return { status: 'failed', detail: error.message }
      bug ??= { thrown: error }
      end = { status: 'left', detail: 'the run ended early' }
      return { status: 'failed', detail: 'an unexpected error ended the run' }
    }
  }

  const heldBack = async (step: Step): Promise<Performed | undefined> => {
    if (step.action === 'untag') return undefined
    const unsettled = await firstUnsettled(step.after, settled)
    if (unsettled === undefined) return undefined
    names ??= namesIn(plan)
    return { status: 'skipped', detail: waitsFor[step.action](names(unsettled)) }
  }

  const settle = async (index: number, step: Step): Promise<void> => {
    const performed = (await heldBack(step)) ?? (await attempt(step))
    if (performed.stop !== undefined) end ??= { status: 'skipped', detail: performed.stop }
    const outcome: Outcome = { step, status: performed.status, detail: performed.detail }
    outcomes[index] = outcome
    report(outcome)
    if (step.action === 'untag') return
    const free = step.action === 'restore' && step.optional === true
    settled
      .get(step.version.digest)
      ?.settle(free || (DONE.includes(performed.status) && performed.holds !== true))
  }

  // Workers take steps in order, so whatever a step waits for is already under way: no deadlock.
  const worker = async (): Promise<void> => {
    for (let index = next++; index < plan.steps.length; index = next++) {
      await settle(index, plan.steps[index] as Step)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT }, worker))
  if (bug !== undefined) throw bug.thrown
  return outcomes
}

const waitsFor: Readonly<Record<'delete' | 'restore', (name: string) => string>> = {
  delete: name => `it stays with ${name}, which this run did not delete`,
  restore: name => `it would be broken without ${name}, which was not restored`
}

/** What becomes of a version that others come after. */
interface Awaited {
  readonly promise: Promise<boolean>
  readonly settle: (isDone: boolean) => void
}

/** The first of these versions that is not confirmed gone, or back; one that is not in the plan never is. */
async function firstUnsettled(
  after: readonly Digest[],
  settled: ReadonlyMap<Digest, Awaited>
): Promise<Digest | undefined> {
  for (const digest of after) {
    if (!(await settled.get(digest)?.promise)) return digest
  }
  return undefined
}

/** A promise for each step that another one comes after, as to whether its version is gone, or back. */
function awaited(steps: readonly Step[]): ReadonlyMap<Digest, Awaited> {
  const parents = new Set(steps.flatMap(step => (step.action === 'untag' ? NONE : step.after)))
  const steady = steps.filter(step => step.action !== 'untag' && parents.has(step.version.digest))
  return new Map(
    [...Map.groupBy(steady, ({ version }) => version.digest)].map(([digest, same]) => [
      digest,
      awaiting(same)
    ])
  )
}

/** A digest that GitHub lists twice is gone with the last of its rows, and back with the first. */
function awaiting(same: readonly Step[]): Awaited {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const decisive = same[0]?.action === 'restore'
  let open = same.length
  const settle = (isDone: boolean): void => {
    if (--open === 0 || isDone === decisive) resolve(isDone)
  }
  return { promise, settle }
}

const NONE: readonly never[] = []

function namesIn(plan: Plan): (digest: Digest) => string {
  const names = new Map(plan.decisions.map(({ version }) => [version.digest, nameOf(version)]))
  return digest => names.get(digest) ?? shortDigest(digest)
}
