import { lackingRights } from '../../github/token.ts'
import { emptyPlan, type Outcome } from '../../model/decision.ts'
import type { PackageVersion } from '../../model/package.ts'
import { type Restoral, restoralOf } from '../../policy/order.ts'
import { sentEntry } from '../../report/record-build.ts'
import type { ApplyContext } from '../apply.ts'
import { execute, type Perform } from '../execute.ts'
import { DONE, failed, sendWrite, type Write } from '../write.ts'

/** Looks at the tags of a version around its restore, which may take them from others. Throw nothing that was foreseen. */
export interface TagLooks {
  /** Right before each time that it is sent. */
  before(version: PackageVersion): Promise<void>
  /** Whether what that look showed may be acted on still: the request may have waited. */
  isFresh(version: PackageVersion): boolean
  behind(version: PackageVersion): Promise<void>
}

/**
 * Restores single versions: sends each once, and settles what the answer leaves open with a GET. To restore what is there
 * already does no harm, so an open answer is worth another try. Each request goes into the journal before it is sent.
 */
export function versionRestorer({ pkg, context, journal }: ApplyContext, tags: TagLooks): Perform {
  const { packages, clock } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'restore')
  return async ({ version }) => {
    let isDenied = false
    const write: Write = {
      async before() {
        await tags.before(version)
        return undefined
      },
      send: () =>
        packages.restore(pkg, version.id, () => {
          if (!tags.isFresh(version)) return false
          journal.append(sentEntry(pkg.name, restoralOf(version), clock.now()))
          return true
        }),
      isSo: async () => (await packages.version(pkg, version.id)).seen !== undefined,
      already: DONE,
      notFound: message => {
        isDenied = true
        return failed(
          `GitHub answered "${message}": it was deleted more than 30 days ago, its tags or its digest were ` +
            `pushed again meanwhile, or the token may not restore. ${noRights}`
        )
      },
      refused: message => failed(`GitHub refuses to restore it: ${message}`),
      forbidden: (message, remedy = noRights) => ({
        ...failed(`GitHub answered "${message}". ${remedy}`),
        stop: remedy
      })
    }
    const performed = await sendWrite(write, clock)
    // One denial may be a slip, or lag behind the deletion.
    const last = isDenied ? await sendWrite(write, clock) : performed
    await tags.behind(version)
    return last
  }
}

/** Restores versions; what happens goes to the journal and to `report`. */
export function restoreVersions(
  steps: readonly Restoral[],
  scope: ApplyContext,
  tags: TagLooks
): Promise<Outcome[]> {
  return execute({ ...emptyPlan(scope.pkg), steps }, versionRestorer(scope, tags), scope.report)
}

/** What was sent may be back, whatever was answered. */
export const sentIn = (tried: readonly Outcome[]): PackageVersion[] =>
  tried.flatMap(({ step, status }) => (status === 'done' || status === 'failed' ? [step.version] : []))

/** The same scope, which reports nothing twice: what GitHub confirmed in vain has been reported already. */
export function reportingNews(restored: readonly Outcome[], scope: ApplyContext): ApplyContext {
  const told = new Set(restored.flatMap(({ step, status }) => (status === 'done' ? [step.version.id] : [])))
  return {
    ...scope,
    report: outcome => {
      if (outcome.status !== 'done' || !told.has(outcome.step.version.id)) scope.report(outcome)
    }
  }
}
