import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import { lackingRights } from '../github/token.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Package } from '../model/package.ts'
import { packageEntry } from '../report/record-build.ts'
import { once } from '../util/concurrency.ts'
import type { ApplyContext } from './apply.ts'
import type { Performed } from './execute.ts'
import { IN_VAIN, notFoundBehind } from './remove.ts'
import { DONE, failed, sendWrite, unknownOutcome, type Write } from './write.ts'

/** Sends one request that concerns a package as a whole when it is first asked for; all who ask get its outcome. */
export type WholePackage = () => Promise<Performed>

/** Deletes a package, the only way in which its last tagged version goes. */
export function packageRemover(scope: ApplyContext): WholePackage {
  const { pkg, context } = scope
  const { packages } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'delete')
  const verify = () => problemWithDeletion(pkg, context)
  return written('delete-package', scope, verify, announce => ({
    send: () => packages.removePackage(pkg, announce),
    // A package that cannot be seen is not known to be gone: GitHub says 404 where rights lack, too.
    isSo: async mayBeOurs => mayBeOurs && (await bothDeny(pkg, context)),
    already: DONE,
    notFound: (message, lost) =>
      lost === undefined
        ? failed(`GitHub answered "${message}": check whether ${pkg.name} is there. If it is: ${noRights}`)
        : unknownOutcome(lost, `${notFoundBehind(message)}. Look for ${pkg.name} on GitHub.`),
    refused: detail => ({ status: 'refused', detail }),
    forbidden: (message, remedy = noRights) => failed(`GitHub answered "${message}". ${remedy}`)
  }))
}

/** Whether neither GitHub nor the registry has a package any more. */
async function bothDeny(pkg: Package, { packages, registry }: Context): Promise<boolean> {
  const found = await orFailure(() => packages.get(pkg.name))
  if (!('problem' in found && found.problem === 'absent')) return false
  const list = await orFailure(() => registry.listTags(repositoryOf(pkg)))
  return 'state' in list && list.state === 'missing'
}

/** What was deleted may show for a moment longer; these are the pauses between looks, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]

/**
 * Why a package is not known to be gone whose DELETE was confirmed: GitHub goes on showing it, or cannot be asked, and the
 * registry does not deny it. Undefined when one of them does.
 */
async function problemWithDeletion(
  pkg: Package,
  { packages, registry, clock }: Context
): Promise<string | undefined> {
  let problem = IN_VAIN
  for (const pause of PAUSES) {
    await clock.sleep(pause)
    const found = await orFailure(() => packages.get(pkg.name))
    if ('problem' in found && found.problem === 'absent') return undefined
    const list = await orFailure(() => registry.listTags(repositoryOf(pkg)))
    if ('state' in list && list.state === 'missing') return undefined
    problem = 'problem' in found ? `${UNSEEN} ${found.sentence}` : IN_VAIN
  }
  return problem
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
  const announce = (): boolean => {
    journal.append(packageEntry(pkg.name, action, clock.now()))
    return true
  }
  return once(async () => {
    const sent = await sendWrite(write(announce), clock)
    const sentence = sent.status === 'done' ? await problem() : undefined
    const performed = sentence === undefined ? sent : failed(sentence)
    journal.append(packageEntry(pkg.name, action, clock.now(), performed))
    return performed
  })
}
