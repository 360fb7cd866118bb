import { ExpectedError } from '../errors.ts'
import type { Look } from '../github/packages.ts'
import { lackingRights } from '../github/token.ts'
import type { WriteAnswer } from '../github/write-answers.ts'
import { repositoryOf } from '../inventory/load.ts'
import type { Clock } from '../model/clock.ts'
import { emptyPlan, type Outcome } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { type Restoral, restoralOf } from '../policy/order.ts'
import { sentEntry, tagEntry } from '../report/record-build.ts'
import type { ApplyContext } from './apply.ts'
import { execute, type Perform, type Performed } from './execute.ts'
import { DONE, failed, sendWrite, type Write } from './write.ts'

/** The requests that restoring takes. */
export interface RestoreRequests {
  /** One restore, sent once; `announce` runs right before it goes out. */
  restore(version: PackageVersion, announce: () => boolean): Promise<WriteAnswer>
  /** The version as it is now; undefined when it is not there. */
  version(id: number): Promise<Look<PackageVersion | undefined>>
}

/**
 * Restores one version: sends it once, and settles what the answer leaves open with a GET. To restore what is
 * there already does no harm, so an open answer is worth another try.
 *
 * @param announce writes down that the request goes out
 * @param noRights a sentence saying what to grant, for a 404 or 403 that means "you may not restore"
 */
export function restorer(
  requests: RestoreRequests,
  announce: (version: PackageVersion) => void,
  noRights: string,
  clock: Clock
): (version: PackageVersion) => Promise<Performed> {
  return async version => {
    let isDenied = false
    const write: Write = {
      send: () =>
        requests.restore(version, () => {
          announce(version)
          return true
        }),
      isSo: async () => (await requests.version(version.id)).seen !== undefined,
      already: DONE,
      notFound: message => {
        isDenied = true
        return failed(
          `GitHub answered "${message}": it was deleted more than 30 days ago, its tags or its digest were ` +
            `pushed again meanwhile, or the token may not restore. ${noRights}`
        )
      },
      refused: message => failed(`GitHub refuses to restore it: ${message}`),
      forbidden: (message, remedy = noRights) => ({
        ...failed(`GitHub answered "${message}". ${remedy}`),
        stop: remedy
      })
    }
    const performed = await sendWrite(write, clock)
    // One denial may be a slip, or lag behind the deletion.
    return isDenied ? sendWrite(write, clock) : performed
  }
}

/** Restores versions of one package; each request goes into the journal before it is sent. */
export function versionRestorer({ pkg, context, journal }: ApplyContext): Perform {
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
export function restoreVersions(steps: readonly Restoral[], scope: ApplyContext): Promise<Outcome[]> {
  return execute({ ...emptyPlan(scope.pkg), steps }, versionRestorer(scope), scope.report)
}

/** Puts a tag on a version that is there; the journal has it before and after. */
export async function putTag(
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  { pkg, context: { registry, clock }, journal }: ApplyContext
): Promise<void> {
  journal.append(tagEntry('sent', pkg.name, version, tag, clock.now()))
  await registry.tagManifest(repositoryOf(pkg), version.digest, tag)
  journal.append(tagEntry('outcome', pkg.name, version, tag, clock.now()))
}

/**
 * The same unless somebody has the tag by now, as the registry says right before the request.
 *
 * @param isTheirs whether what has it is somebody's
 * @returns what has it, where that is somebody's: then nothing was put
 */
export async function putTagUnless(
  version: Pick<PackageVersion, 'id' | 'digest'>,
  tag: string,
  isTheirs: (holder: Digest) => boolean,
  scope: ApplyContext
): Promise<Digest | undefined> {
  const { registry } = scope.context
  const repository = repositoryOf(scope.pkg)
  await registry.prepareToPut(repository)
  const head = await registry.headTag(repository, tag)
  if (head.state === 'unread')
    throw new ExpectedError(`The tag ${tag} was not put back, because what has it is unknown: ${head.cause}.`)
  if (head.state === 'found' && isTheirs(head.digest)) return head.digest
  await putTag(version, tag, scope)
  return undefined
}
