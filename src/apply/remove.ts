import type { Look } from '../github/packages.ts'
import type { WriteAnswer } from '../github/write-answers.ts'
import type { Clock } from '../model/clock.ts'
import type { PackageVersion } from '../model/package.ts'
import type { DriftDetector } from './drift.ts'
import type { Performed } from './execute.ts'
import { failed, sendWrite } from './write.ts'

/** The requests that deleting takes. */
export interface RemovalRequests {
  /** One DELETE, sent once. @throws StaleError when `precondition` is false at the moment of sending */
  remove(version: PackageVersion, precondition: () => boolean): Promise<WriteAnswer>
  /** The version as it is now; undefined when it is gone. */
  version(id: number): Promise<Look<PackageVersion | undefined>>
  /** Whether a version is gone whose DELETE was confirmed; asked where others wait for that. */
  isGone(version: PackageVersion): Promise<boolean>
  /** Whether the registry, too, has no such version, of which GitHub says that it was gone before. */
  isDenied(version: PackageVersion): Promise<boolean>
}

/** The outcome where the witnesses do not agree that a version was gone before. */
export const CONTRADICTED = 'GitHub does not find it, but the registry has it: the next run looks at it again'

/** The outcome of a deletion that GitHub confirmed and did not carry out. */
export const IN_VAIN = 'GitHub answered that it is deleted, but it is still there'

const GONE_BEFORE: Performed = { status: 'already', detail: 'it was gone before this run reached it' }

/**
 * Deletes one version: looks again at what is known of it, sends one DELETE, and settles what the answer leaves
 * open with a GET.
 *
 * @param noRights a sentence saying what to grant, for a 404 or 403 that means "you may not delete"
 */
export function remover(
  drift: DriftDetector,
  requests: RemovalRequests,
  noRights: string,
  clock: Clock
): (version: PackageVersion) => Promise<Performed> {
  const forbidden = (message: string, remedy = noRights): Performed => ({
    status: 'failed',
    detail: `GitHub answered "${message}": ${remedy}`,
    stop: remedy
  })
  return async version => {
    const outcome = await sendWrite(
      {
        async before() {
          const change = await drift.check(version)
          if (change === 'gone') return GONE_BEFORE
          return change === undefined ? undefined : { status: 'skipped', detail: change }
        },
        send: () => requests.remove(version, () => drift.fresh(version)),
        isSo: async () => (await requests.version(version.id)).seen === undefined,
        already: GONE_BEFORE,
        notFound: message => forbidden(message),
        refused: detail => ({ status: 'refused', detail }),
        forbidden
      },
      clock
    )
    if (outcome.status === 'already')
      return (await requests.isDenied(version)) ? outcome : failed(CONTRADICTED)
    if (outcome.status !== 'done' || (await requests.isGone(version))) return outcome
    return failed(IN_VAIN)
  }
}
