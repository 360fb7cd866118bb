import { VERSION_GONE } from '../github/package-versions.ts'
import { lackingRights } from '../github/token.ts'
import { isStillThere, registryDenies } from '../inventory/gone.ts'
import type { PackageVersion } from '../model/package.ts'
import { sentEntry } from '../report/record-build.ts'
import { type ApplyContext, urgently } from './apply.ts'
import type { DriftDetector } from './drift/drift.ts'
import type { Performed } from './execute.ts'
import { failed, sendWrite, skipped, tellingWhatWasSent, unknownOutcome } from './write.ts'

/** The outcome where the witnesses do not agree that a version was gone before. */
export const CONTRADICTED = 'GitHub does not find it, but the registry has it: the next run looks at it again'

/** The same where GitHub does not find it to delete it, and shows it all the same. */
const SHOWN_STILL =
  'GitHub shows it, but does not find it to delete it, and the registry does not have it: the next run looks at it again'

/** The outcome of a deletion that GitHub confirmed and did not carry out. */
export const IN_VAIN = 'GitHub answered that it is deleted, but it is still there'

/** What a 404 to a DELETE says behind one whose answer was lost. */
export const notFoundBehind = (message: string): string => `to the next try GitHub answered "${message}"`

const GONE_BEFORE: Performed = { status: 'already', detail: 'it was gone before this run reached it' }

/**
 * Deletes one version: looks again at what is known of it, sends one DELETE, and settles what the answer leaves
 * open with a GET.
 *
 * @param isChecked whether it is looked for at once after a DELETE that was confirmed
 */
export function remover(
  drift: Pick<DriftDetector, 'check' | 'fresh' | 'note'>,
  isChecked: (version: PackageVersion) => boolean,
  scope: ApplyContext
): (version: PackageVersion) => Promise<Performed> {
  const { pkg, context, journal } = scope
  const { packages, clock } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl)
  const forbidden = (message: string, remedy = noRights): Performed => ({
    status: 'failed',
    detail: `GitHub answered "${message}": ${remedy}`,
    stop: remedy
  })
  return version =>
    tellingWhatWasSent(async sent => {
      const announce = (): boolean => {
        if (!drift.fresh(version)) return false
        sent.count++
        const step = { action: 'delete', version, after: [], root: version.digest } as const
        journal.append(sentEntry(pkg.name, step, clock.now()))
        return true
      }
      const outcome = await sendWrite(
        {
          async before() {
            const change = await drift.check(version)
            if (change === 'gone') return GONE_BEFORE
            return change === undefined ? undefined : skipped(change)
          },
          async send() {
            const answer = await packages.remove(pkg, version.id, announce)
            // A limit turned it away: what was sent before that, if anything, may be done.
            if (answer.kind === 'limited') sent.count--
            return answer
          },
          isSo: async () => (await readVersion(drift, version.id, scope)) === undefined,
          already: GONE_BEFORE,
          // What may just have been deleted, by this run or by others, says nothing of rights (facts 1.6).
          async notFound(message, lost) {
            if (lost !== undefined) return unknownOutcome(lost, notFoundBehind(message))
            if (message !== VERSION_GONE) return forbidden(message)
            const isDenied = await registryDenies(pkg, version.digest, context)
            return isDenied ? failed(SHOWN_STILL) : forbidden(message)
          },
          refused: detail => ({ status: 'refused', detail }),
          forbidden
        },
        clock
      )
      if (outcome.status === 'already')
        return (await registryDenies(pkg, version.digest, context)) ? outcome : failed(CONTRADICTED)
      if (outcome.status !== 'done' || !isChecked(version)) return outcome
      return (await isStillThere(pkg, version, urgently(scope).context)) ? failed(IN_VAIN) : outcome
    })
}

/** One version as GitHub has it now, undefined when it is gone; what it shows may speak against a deletion. */
export async function readVersion(
  drift: Pick<DriftDetector, 'note'>,
  id: number,
  { pkg, context }: ApplyContext
): Promise<PackageVersion | undefined> {
  const { seen } = await context.packages.version(pkg, id)
  return seen && drift.note([seen])[0]
}
