import type { ApplyContext, Changes } from '../../apply/apply.ts'
import { restoreVersions, type TagLooks, versionRestorer } from '../../apply/restore/restore.ts'
import { packageRestorer } from '../../apply/whole-package.ts'
import { orFailure } from '../../errors.ts'
import { emptyPlan, type Plan } from '../../model/decision.ts'
import type { Package } from '../../model/package.ts'
import { causeOf } from '../../report/phrases.ts'
import { once } from '../../util/concurrency.ts'
import { count } from '../../util/format.ts'
import type { Order } from './orders.ts'
import { type Elsewhere, readState } from './package-state.ts'
import { type PackageState, type RestorePlan, settledSteps, unknownPhrase } from './restore-plan.ts'
import { beforeRestore, type Standing } from './settle-tags.ts'
import { verifyRestore } from './verify-restore.ts'

/** How versions of a package that is there come back. */
export function versionsBack(plan: RestorePlan, state: PackageState, elsewhere: readonly Elsewhere[]) {
  return (scope: ApplyContext): Changes => {
    const before = beforeRestore(plan, () => state.active, scope, state.deleted)
    const restoreVersion = once(async () => versionRestorer(scope, looksOf(plan, await before())))
    return {
      perform: async step => (await restoreVersion())(step),
      afterwards: outcomes => verifyRestore(plan, outcomes, before, scope, elsewhere)
    }
  }
}

/** The looks around single versions, with the tags that each is known to have had. */
function looksOf({ steps, tags }: RestorePlan, { guard }: Standing): TagLooks {
  const had = Map.groupBy(tags, ([, { digest }]) => digest)
  const coming = steps.map(({ version }) => {
    const more = had.get(version.digest)?.map(([tag]) => tag) ?? []
    return { ...version, tags: [...new Set([...version.tags, ...more])] }
  })
  return guard.around(coming)
}

/** A package brings back the versions that it had; those that were deleted before it are restored one by one. */
export function packageBack(plan: RestorePlan) {
  return (scope: ApplyContext): Changes => {
    const restorePackage = packageRestorer(scope)
    const list = async () => (await scope.context.packages.listVersions(scope.pkg)).versions
    const before = beforeRestore(plan, list, scope)
    const restoreVersion = once(async () => versionRestorer(scope, looksOf(plan, await before())))
    return {
      async perform(step) {
        const performed = await restorePackage()
        if (performed.status !== 'done') return { ...performed, status: 'failed' }
        // What came back with the package has its tags.
        const restore = await restoreVersion()
        const { seen } = await scope.context.packages.version(scope.pkg, step.version.id)
        return seen === undefined ? restore(step) : performed
      },
      async afterwards(outcomes) {
        const { status, detail } = await restorePackage()
        if (status !== 'done') return { outcomes, alarms: [causeOf(detail)] }
        return verifyRestore(plan, outcomes, before, scope)
      }
    }
  }
}

/** Nobody can tell what a deleted package had, so it is restored first, and then what is named. */
export function packageThenNamed(order: Order) {
  return (scope: ApplyContext): Changes => {
    const { pkg, context } = scope
    const restorePackage = packageRestorer(scope)
    return {
      perform: restorePackage,
      async afterwards() {
        const { status, detail } = await restorePackage()
        if (status !== 'done') return { outcomes: [], alarms: [detail] }
        const read = await orFailure(() => readState(pkg, order, context))
        if ('problem' in read) return { outcomes: [], alarms: [read.sentence] }
        const { plan, state } = read
        if (plan.unknown.length > 0) {
          const alarm = `The package is restored, but nothing of what was named, because ${unknownPhrase(plan, state)}`
          return { outcomes: [], alarms: [alarm] }
        }
        const settled = settledSteps(plan, state, context.clock.now())
        const due = { ...plan, steps: plan.steps.filter(({ version }) => !settled.has(version.id)) }
        const before = beforeRestore(plan, () => state.active, scope, state.deleted)
        const outcomes = await restoreVersions(due.steps, scope, looksOf(plan, await before()))
        const verified = await verifyRestore(plan, outcomes, before, scope)
        const alarms = [...undatedIn(plan), ...(verified.alarms ?? [])]
        return { ...verified, alarms, plan: decided(pkg, due) }
      }
    }
  }
}

/** What may have been deleted in the time that is asked for, and nobody knows: a sentence. */
export function undatedIn({ undated }: RestorePlan): string[] {
  const [first] = undated
  if (first === undefined) return []
  return [
    `GitHub does not say when ${count(undated.length, 'deleted version')} went, so a time does not tell whether to restore ` +
      `${undated.length === 1 ? 'it' : 'them'}: give tags, digests or ids, or the report of the run. The first is ${first.digest}.`
  ]
}

/** A plan that restores, as the report has it. */
export function decided(pkg: Package, { steps, reason }: RestorePlan): Plan {
  const decisions = steps.map(({ version }) => ({
    verdict: 'restore' as const,
    version,
    reasons: [reason] as const
  }))
  return { ...emptyPlan(pkg), decisions, steps }
}
