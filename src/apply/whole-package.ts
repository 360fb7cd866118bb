import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import { lackingRights } from '../github/token.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Package } from '../model/package.ts'
import { packageEntry } from '../report/record-build.ts'
import type { ApplyContext } from './apply.ts'
import type { Performed } from './execute.ts'
import { IN_VAIN } from './remove.ts'
import { DONE, failed, sendWrite, type Write } from './write.ts'

/** Sends one request that concerns a package as a whole when it is first asked for; all who ask get its outcome. */
export type WholePackage = () => Promise<Performed>

/** Deletes a package, the only way in which its last tagged version goes. */
export function packageRemover(scope: ApplyContext): WholePackage {
  const { pkg, context } = scope
  const { packages } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'delete')
  const look = async (performed: Performed): Promise<Performed> => {
    if (performed.status !== 'done') return performed
    const problem = await problemWithDeletion(pkg, context)
    return problem === undefined ? performed : failed(problem)
  }
  return once('delete-package', scope, look, announce => ({
    send: () => packages.removePackage(pkg, announce),
    // A package that cannot be seen is not known to be gone: GitHub says 404 where rights lack, too.
    isSo: async () => false,
    already: DONE,
    notFound: message =>
      failed(`GitHub answered "${message}": check whether ${pkg.name} is there. If it is: ${noRights}`),
    refused: detail => ({ status: 'refused', detail }),
    forbidden: (message, remedy = noRights) => failed(`GitHub answered "${message}". ${remedy}`)
  }))
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
  const look = async (performed: Performed): Promise<Performed> => performed
  return once('restore-package', scope, look, announce => ({
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

function once(
  action: 'delete-package' | 'restore-package',
  { pkg, context: { clock }, journal }: ApplyContext,
  look: (performed: Performed) => Promise<Performed>,
  write: (announce: () => boolean) => Write
): WholePackage {
  let outcome: Promise<Performed> | undefined
  const perform = async (): Promise<Performed> => {
    const sent = await sendWrite(
      write(() => {
        journal.append(packageEntry(pkg.name, action, clock.now()))
        return true
      }),
      clock
    )
    const performed = await look(sent)
    journal.append(packageEntry(pkg.name, action, clock.now(), performed))
    return performed
  }
  return () => {
    outcome ??= perform()
    return outcome
  }
}
