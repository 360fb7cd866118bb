import { StaleError } from '../errors.ts'
import type { Look } from '../github/packages.ts'
import type { Removal } from '../github/write-answers.ts'
import type { Clock } from '../model/clock.ts'
import type { PackageVersion } from '../model/package.ts'
import type { DriftDetector } from './drift.ts'
import type { Performed } from './execute.ts'

/** The requests that deleting takes. */
export interface WriteRequests {
  /** One DELETE, sent once. @throws StaleError when `precondition` is false at the moment of sending */
  remove(version: PackageVersion, precondition: () => boolean): Promise<Removal>
  /** The version as it is now; undefined when it is gone. */
  version(id: number): Promise<Look<PackageVersion | undefined>>
}

/** How often a DELETE is sent for one version before it counts as failed. */
const TRIES = 3
/** Before a version is called undeletable it is looked at again: lists and reads lag behind (facts 1.3). */
const LAG = 2_000

/**
 * Deletes one version: looks again at what is known of it, sends one DELETE, and settles what the answer
 * leaves open with a GET.
 *
 * @param noRights a sentence saying what to grant, for a 404 or 403 that means "you may not delete"
 */
export function remover(
  knowledge: DriftDetector,
  hands: WriteRequests,
  noRights: string,
  clock: Clock
): (version: PackageVersion) => Promise<Performed> {
  const forbidden = (message: string): Performed => ({
    status: 'failed',
    detail: `GitHub answered "${message}": ${noRights}`,
    stop: noRights
  })

  const isGone = async ({ id }: PackageVersion): Promise<boolean> =>
    (await hands.version(id)).seen === undefined

  /** One try; undefined when it is worth another. */
  async function attempt(version: PackageVersion, last: boolean): Promise<Performed | undefined> {
    const removal = await hands.remove(version, () => knowledge.fresh(version))
    switch (removal.kind) {
      case 'gone':
        return { status: 'done', detail: '' }
      case 'refused':
        return { status: 'refused', detail: removal.message }
      case 'forbidden':
        return forbidden(removal.message)
      case 'not-found': {
        if (await isGone(version)) return { status: 'already', detail: GONE_BEFORE }
        await clock.sleep(LAG)
        if (await isGone(version)) return { status: 'already', detail: GONE_BEFORE }
        return forbidden(removal.message)
      }
      case 'unsure': {
        if (await isGone(version)) {
          return { status: 'done', detail: `GitHub's answer was lost (${removal.message}), but it is gone` }
        }
        return last ? { status: 'failed', detail: removal.message } : undefined
      }
      case 'limited':
        return undefined
    }
  }

  return async version => {
    for (let sent = 0; sent < TRIES; ) {
      const change = await knowledge.check(version)
      if (change === 'gone') return { status: 'already', detail: GONE_BEFORE }
      if (change !== undefined) return { status: 'skipped', detail: change }
      try {
        sent++
        const performed = await attempt(version, sent === TRIES)
        if (performed !== undefined) return performed
      } catch (error) {
        // Admission took longer than knowledge keeps: nothing was sent, look again.
        if (!(error instanceof StaleError)) throw error
        sent--
      }
    }
    return { status: 'failed', detail: `a rate limit stopped it ${TRIES} times` }
  }
}

const GONE_BEFORE = 'it was gone before this run came to it'
