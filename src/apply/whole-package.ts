import type { Context } from '../context.ts'
import { orFailure } from '../errors.ts'
import { lackingRights } from '../github/token.ts'
import type { Package } from '../model/package.ts'
import type { Journal } from '../report/journal.ts'
import { packageOutcomeEntry, packageSentEntry } from '../report/record-build.ts'
import type { Performed } from './execute.ts'
import { DONE, failed, sendWrite, type Write } from './write.ts'

/** Sends one request that concerns a package as a whole when it is first asked for; all who ask get its outcome. */
export type WholePackage = () => Promise<Performed>

/** Deletes a package, the only way in which its last tagged version goes. */
export function packageRemover(pkg: Package, context: Context, journal: Journal): WholePackage {
  const { packages } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'delete')
  return once(pkg, 'delete-package', context, journal, announce => ({
    send: () => packages.removePackage(pkg, announce),
    // A package that cannot be seen is not known to be gone: GitHub says 404 where rights lack, too.
    isSo: async () => false,
    already: DONE,
    notFound: message =>
      failed(`GitHub answered "${message}": look whether ${pkg.name} is there. If it is: ${noRights}`),
    refused: detail => ({ status: 'refused', detail }),
    forbidden: (message, remedy = noRights) => failed(`GitHub answered "${message}". ${remedy}`)
  }))
}

/** Restores a package, and with it every version that it had. */
export function packageRestorer(pkg: Package, context: Context, journal: Journal): WholePackage {
  const { packages } = context
  const noRights = lackingRights(context.tokenKind, pkg, context.serverUrl, 'restore')
  return once(pkg, 'restore-package', context, journal, announce => ({
    send: () => packages.restorePackage(pkg.name, announce),
    isSo: async () => !('problem' in (await orFailure(() => packages.get(pkg.name)))),
    already: DONE,
    notFound: message =>
      failed(
        `GitHub answered "${message}": the package was deleted more than 30 days ago, its name is taken again, or ` +
          `the token may not restore it. ${noRights}`
      ),
    refused: message => failed(`GitHub refuses to restore it: ${message}`),
    forbidden: (message, remedy = noRights) => failed(`GitHub answered "${message}". ${remedy}`)
  }))
}

function once(
  pkg: Package,
  action: 'delete-package' | 'restore-package',
  { clock }: Context,
  journal: Journal,
  write: (announce: () => boolean) => Write
): WholePackage {
  let outcome: Promise<Performed> | undefined
  const perform = async (): Promise<Performed> => {
    const performed = await sendWrite(
      write(() => {
        journal.append(packageSentEntry(pkg.name, action, clock.now()))
        return true
      }),
      clock
    )
    journal.append(packageOutcomeEntry(pkg.name, action, performed, clock.now()))
    return performed
  }
  return () => {
    outcome ??= perform()
    return outcome
  }
}
