import { execute, type Performed } from './execute.ts'
import type { Look, Restoral } from './github/packages.ts'
import { lackingRights } from './github/token.ts'
import type { Clock } from './model/clock.ts'
import type { Outcome, Step } from './model/decision.ts'
import type { Package, PackageVersion } from './model/package.ts'
import type { Journal } from './report/journal.ts'
import { sentEntry } from './report/record-build.ts'
import type { Services } from './services.ts'

/** The requests that restoring takes. */
export interface RestoringHands {
  /** One restore, sent once; `announce` runs right before it goes out. */
  restore(version: PackageVersion, announce: () => boolean): Promise<Restoral>
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
        return { ...failed(`GitHub answered "${answer.message}"`), stop: noRights }
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

/** Restores versions; what happens goes to the journal and to `report`. */
export function bringBack(
  pkg: Package,
  steps: readonly (Step & { action: 'restore' })[],
  services: Services,
  journal: Journal,
  report: (outcome: Outcome) => void
): Promise<Outcome[]> {
  const { packages, clock } = services
  const byId = new Map(steps.map(step => [step.version.id, step]))
  const restore = restorer(
    {
      restore: (version, announce) => packages.restore(pkg, version.id, announce),
      version: id => packages.version(pkg, id)
    },
    version => {
      const step = byId.get(version.id)
      if (step !== undefined) journal.append(sentEntry(pkg.name, step, clock.now()))
    },
    lackingRights(services.tokenKind, pkg, services.serverUrl, 'restore'),
    clock
  )
  const plan = {
    package: pkg,
    decisions: [],
    steps,
    left: 0,
    brakes: [],
    hits: [],
    broken: [],
    unread: []
  }
  return execute(plan, step => restore(step.version), report)
}
