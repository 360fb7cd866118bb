import type { Context } from '../context.ts'
import type { Look } from '../github/packages.ts'
import { lackingRights } from '../github/token.ts'
import type { Restoral as Answer } from '../github/write-answers.ts'
import type { Clock } from '../model/clock.ts'
import { emptyPlan, type Outcome } from '../model/decision.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { type Restoral, restoralOf } from '../policy/restore-steps.ts'
import type { Journal } from '../report/journal.ts'
import { sentEntry } from '../report/record-build.ts'
import { execute, type Perform, type Performed } from './execute.ts'

/** The requests that restoring takes. */
export interface RestoringHands {
  /** One restore, sent once; `announce` runs right before it goes out. */
  restore(version: PackageVersion, announce: () => boolean): Promise<Answer>
  /** The version as it is now; undefined when it is not there. */
  version(id: number): Promise<Look<PackageVersion | undefined>>
}

/** How often a restore is sent for one version before it counts as failed. */
const TRIES = 3
/** What was restored shows with a delay, as all that GitHub lists (facts 1.3). */
const LAG = 2_000

/**
 * Restores one version: sends it once, and settles what the answer leaves open with a GET. To restore what is
 * there already does no harm, so an open answer is worth another try.
 *
 * @param announce writes down that the request goes out
 * @param noRights a sentence saying what to grant, for a 404 or 403 that means "you may not restore"
 */
export function restorer(
  hands: RestoringHands,
  announce: (version: PackageVersion) => void,
  noRights: string,
  clock: Clock
): (version: PackageVersion) => Promise<Performed> {
  const isBack = async ({ id }: PackageVersion): Promise<boolean> =>
    (await hands.version(id)).seen !== undefined

  /** One try; undefined when it is worth another. */
  async function attempt(version: PackageVersion): Promise<Performed | undefined> {
    const answer = await hands.restore(version, () => {
      announce(version)
      return true
    })
    switch (answer.kind) {
      case 'restored':
        return BACK
      case 'refused':
        return failed(`GitHub refuses to restore it: ${answer.message}`)
      case 'forbidden':
        return { ...failed(`GitHub answered "${answer.message}". ${noRights}`), stop: noRights }
      case 'not-found':
        if (await isBack(version)) return BACK
        await clock.sleep(LAG)
        if (await isBack(version)) return BACK
        return failed(
          `GitHub answered "${answer.message}": it is deleted for more than 30 days, its tags or its digest ` +
            `were pushed again meanwhile, or the token may not restore. ${noRights}`
        )
      case 'unsure':
        return (await isBack(version)) ? BACK : undefined
      case 'limited':
        return undefined
    }
  }

  return async version => {
    for (let sent = 0; sent < TRIES; sent++) {
      const performed = await attempt(version)
      if (performed !== undefined) return performed
    }
    return failed(`GitHub gave no clear answer ${TRIES} times, and it is not back`)
  }
}

const BACK: Performed = { status: 'done', detail: '' }
const failed = (detail: string): Performed => ({ status: 'failed', detail })

/** The hands that restore versions of one package; each request goes into the journal before it is sent. */
export function restoringHands(pkg: Package, context: Context, journal: Journal): Perform {
  const { packages, clock } = context
  const restore = restorer(
    {
      restore: (version, announce) => packages.restore(pkg, version.id, announce),
      version: id => packages.version(pkg, id)
    },
    version => journal.append(sentEntry(pkg.name, restoralOf(version), clock.now())),
    lackingRights(context.tokenKind, pkg, context.serverUrl, 'restore'),
    clock
  )
  return step => restore(step.version)
}

/** Restores versions; what happens goes to the journal and to `report`. */
export function restoreVersions(
  pkg: Package,
  steps: readonly Restoral[],
  context: Context,
  journal: Journal,
  report: (outcome: Outcome) => void
): Promise<Outcome[]> {
  return execute({ ...emptyPlan(pkg), steps }, restoringHands(pkg, context, journal), report)
}
