import type { Context } from '../context.ts'
import { lackingRights } from '../github/token.ts'
import type { NotDone } from '../github/write-answers.ts'
import { orProblem } from '../inventory/load.ts'
import type { Package } from '../model/package.ts'
import type { Journal } from '../report/journal.ts'
import { packageOutcomeEntry, packageSentEntry } from '../report/record-build.ts'
import type { Perform, Performed } from './execute.ts'

/**
 * The hands that delete a package as a whole, the only way in which its last tagged version goes: one request,
 * whose outcome is that of every version.
 */
export function packageRemover(pkg: Package, context: Context, journal: Journal): Perform {
  return oneRequest(pkg, 'delete-package', context, journal, announce =>
    context.packages.removePackage(pkg, announce)
  )
}

/** The hands that restore a package as a whole, and with it every version that it had. */
export function packageRestorer(pkg: Package, context: Context, journal: Journal): () => Promise<Performed> {
  return oneRequest(pkg, 'restore-package', context, journal, announce =>
    context.packages.restorePackage(pkg.name, announce)
  )
}

/** Sends the request when it is first asked for; all who ask get its outcome. */
function oneRequest(
  pkg: Package,
  action: 'delete-package' | 'restore-package',
  context: Context,
  journal: Journal,
  send: (announce: () => boolean) => Promise<NotDone | { kind: 'gone' | 'restored' }>
): () => Promise<Performed> {
  const { clock } = context
  let outcome: Promise<Performed> | undefined
  const perform = async (): Promise<Performed> => {
    const answer = await send(() => {
      journal.append(packageSentEntry(pkg.name, action, clock.now()))
      return true
    })
    const performed = await settle(answer)
    journal.append(packageOutcomeEntry(pkg.name, action, performed, clock.now()))
    return performed
  }

  async function settle(answer: NotDone | { kind: 'gone' | 'restored' }): Promise<Performed> {
    const failed = (detail: string): Performed => ({ status: 'failed', detail })
    switch (answer.kind) {
      case 'gone':
      case 'restored':
        return { status: 'done', detail: '' }
      case 'refused':
        return { status: 'refused', detail: answer.message }
      case 'forbidden':
        return failed(rights(answer.message))
      case 'limited':
        return failed(answer.message)
      case 'not-found':
        return action === 'restore-package'
          ? failed(
              `GitHub answered "${answer.message}": the package is deleted for more than 30 days, its name is taken ` +
                `again, or the token may not restore it. ${rights(answer.message)}`
            )
          : failed(rights(answer.message))
      case 'unsure': {
        const there = !('problem' in (await orProblem(() => context.packages.get(pkg.name))))
        // A package that cannot be seen is not known to be gone.
        if (there && action === 'restore-package') return { status: 'done', detail: '' }
        return failed(`GitHub's answer was lost (${answer.message}): look whether ${pkg.name} is there.`)
      }
    }
  }

  const rights = (message: string): string =>
    `GitHub answered "${message}". ${lackingRights(
      context.tokenKind,
      pkg,
      context.serverUrl,
      action === 'delete-package' ? 'delete' : 'restore'
    )}`
  return () => {
    outcome ??= perform()
    return outcome
  }
}
