import type { Context } from '../context.ts'
import { AbsentError, ExpectedError, orFailure } from '../errors.ts'
import { lackingRights } from '../github/token.ts'
import { type NotDone, notDone, type WriteAnswer } from '../github/write-answers.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Clock } from '../model/clock.ts'
import type { Package } from '../model/package.ts'
import { packageEntry } from '../report/record-build.ts'
import { once } from '../util/concurrency.ts'
import type { ApplyContext } from './apply.ts'
import type { Performed } from './execute.ts'
import { IN_VAIN, notFoundBehind } from './remove.ts'
import {
  DONE,
  failed,
  type Sent,
  sendWrite,
  skipped,
  tellingWhatWasSent,
  unknownOutcome,
  type Write
} from './write.ts'

/** Sends one request that concerns a package as a whole when it is first asked for; all who ask get its outcome. */
export type WholePackage = () => Promise<Performed>

/**
 * Deletes a package, the only way in which its last tagged version goes.
 *
 * @param changed looks at the package: why it must be left alone, a phrase; undefined when it is what was listed
 */
export function packageRemover(
  scope: ApplyContext,
  changed: () => Promise<string | undefined>
): WholePackage {
  const { pkg, context } = scope
  const { packages } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'delete')
  const verify = () => problemWithDeletion(pkg, context)
  const looks = looksAt(changed, context.clock)
  return written('delete-package', scope, verify, announce => ({
    before: looks.before,
    // What is gone by now is not sent for again: the name may be that of a new package the moment after.
    send: async () => looks.denial() ?? packages.removePackage(pkg, () => looks.areFresh() && announce()),
    // A package that cannot be seen is not known to be gone: GitHub says 404 where rights lack, too.
    isSo: async mayBeOurs => {
      if (!mayBeOurs) return false
      const denied = await askedFor(pkg, context)
      return denied.byGitHub && denied.byRegistry
    },
    already: DONE,
    notFound: (message, lost) =>
      lost === undefined
        ? failed(`GitHub answered "${message}": check whether ${pkg.name} is there. If it is: ${noRights}`)
        : unknownOutcome(lost, `${notFoundBehind(message)}. Look for ${pkg.name} on GitHub.`),
    refused: detail => ({ status: 'refused', detail }),
    forbidden: (message, remedy = noRights) => failed(`GitHub answered "${message}". ${remedy}`)
  }))
}

/** What is known of a package when its DELETE is sent is at most this old (law 5), in milliseconds. */
const FRESH = 10_000
/** How often a package is looked at before one DELETE. */
const LOOKS = 3

/** Looks at a package before each try to delete it by its name, which any push may have given to something new. */
function looksAt(changed: () => Promise<string | undefined>, clock: Clock) {
  let lookedAt = Number.NEGATIVE_INFINITY
  let late = 0
  let denial: NotDone | undefined
  return {
    /** GitHub's answer where it denied the package behind a DELETE whose answer was lost. */
    denial: () => denial,
    areFresh(): boolean {
      const isFresh = clock.now() - lookedAt <= FRESH
      late = isFresh ? 0 : late + 1
      return isFresh
    },
    async before(lost: string | undefined): Promise<Performed | undefined> {
      if (late === LOOKS) return skipped(LATE)
      denial = undefined
      try {
        const change = await changed()
        // From its end: to list a large package takes longer than ten seconds, and the newest comes last.
        lookedAt = clock.now()
        if (change === undefined) return undefined
        return skipped(
          lost === undefined
            ? `${change}: run it again`
            : `${change}: look at what is there before you run it again`
        )
      } catch (error) {
        if (lost === undefined || !(error instanceof ExpectedError)) throw error
        if (!(error instanceof AbsentError)) return unknownOutcome(lost, error.message)
        denial = notDone(error.cause ?? error)
        return undefined
      }
    }
  }
}

const LATE = `its DELETE had to wait for longer than ${FRESH / 1000} seconds behind each of ${LOOKS} looks: run it again`

/** Who denies a package, and why GitHub does not show it: a sentence. */
async function askedFor(pkg: Package, { packages, registry }: Context) {
  const found = await orFailure(() => packages.get(pkg.name))
  const list = await orFailure(() => registry.listTags(repositoryOf(pkg)))
  return {
    byGitHub: 'problem' in found && found.problem === 'absent',
    byRegistry: 'state' in list && list.state === 'missing',
    problem: 'problem' in found ? found.sentence : undefined
  }
}

/** What was deleted may show for a moment longer; these are the pauses between looks, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]

/**
 * Why a package is not known to be gone whose DELETE was confirmed: GitHub goes on showing it, or cannot be asked, and the
 * registry does not deny it. Undefined when one of them does.
 */
async function problemWithDeletion(pkg: Package, context: Context): Promise<string | undefined> {
  let sentence = IN_VAIN
  for (const pause of PAUSES) {
    await context.clock.sleep(pause)
    const { byGitHub, byRegistry, problem } = await askedFor(pkg, context)
    if (byGitHub || byRegistry) return undefined
    sentence = problem === undefined ? IN_VAIN : `${UNSEEN} ${problem}`
  }
  return sentence
}

const UNSEEN = 'GitHub answered that it is deleted, but this could not be verified: look for it on GitHub.'

/** Restores a package, and with it every version that it had. */
export function packageRestorer(scope: ApplyContext): WholePackage {
  const { pkg, context } = scope
  const { packages } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'restore')
  // What came back is looked at by whoever restores.
  const verify = async () => undefined
  return written('restore-package', scope, verify, announce => ({
    send: () => packages.restorePackage(pkg.name, announce),
    isSo: async () => !('problem' in (await orFailure(() => packages.get(pkg.name)))),
    already: DONE,
    notFound: message =>
      failed(
        `GitHub answered "${message}": there was no package of this name (check \`packages\`), it was deleted more than 30 days ` +
          `ago, another package has its name, or the token may not restore it. ${noRights}`
      ),
    refused: message => failed(`GitHub refuses to restore it: ${message}`),
    forbidden: (message, remedy = noRights) => failed(`GitHub answered "${message}". ${remedy}`)
  }))
}

/** @param problem why what GitHub confirmed is not known to be so: a sentence; undefined when it is */
function written(
  action: 'delete-package' | 'restore-package',
  { pkg, context: { clock }, journal }: ApplyContext,
  problem: () => Promise<string | undefined>,
  write: (announce: () => boolean) => Write
): WholePackage {
  const send = (sent: Sent): Promise<Performed> => {
    const announce = (): boolean => {
      sent.count++
      journal.append(packageEntry(pkg.name, action, clock.now()))
      return true
    }
    const request = write(announce)
    const counted = async (): Promise<WriteAnswer> => {
      const answer = await request.send()
      // A limit turned it away: what was sent before that, if anything, may be done.
      if (answer.kind === 'limited') sent.count--
      return answer
    }
    return sendWrite({ ...request, send: counted }, clock)
  }
  return once(async () => {
    const outcome = await tellingWhatWasSent(send)
    const sentence = outcome.status === 'done' ? await problem() : undefined
    const performed = sentence === undefined ? outcome : failed(sentence)
    journal.append(packageEntry(pkg.name, action, clock.now(), performed))
    return performed
  })
}
