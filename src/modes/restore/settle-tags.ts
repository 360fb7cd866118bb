import type { ApplyContext } from '../../apply/apply.ts'
import { putTag } from '../../apply/restore.ts'
import type { Context } from '../../context.ts'
import { orRefusal } from '../../errors.ts'
import { findTag } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import { isPlaceholder } from '../../model/manifest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import type { PackageState, RestorePlan } from './restore-plan.ts'

/**
 * Puts every tag where it belongs, and leaves those alone that others have had before.
 *
 * @param before what was there before the restore
 * @param back what came back, which GitHub's list may lack yet
 */
export async function settleTags(
  tags: RestorePlan['tags'],
  before: Pick<PackageState, 'active' | 'holders' | 'unasked'>,
  back: readonly PackageVersion[],
  scope: ApplyContext
): Promise<{ warnings: string[]; alarms: string[] }> {
  if (tags.size === 0) return { warnings: [], alarms: [] }
  const { pkg, context } = scope
  const { packages, registry, clock } = context
  const listedBefore = holders(before.active)
  const holderBefore = (tag: string): Digest | undefined =>
    before.holders?.get(tag) ?? listedBefore.get(tag)?.digest
  const active = (await packages.listVersions(pkg)).versions
  const there = new Map([...back, ...active].map(version => [version.digest, version]))
  const holdersNow = holders(active)
  const warnings: string[] = []
  const alarms: string[] = []

  /** Puts one tag right, where the registry still has it where it must not be, and says so where that needs saying. */
  const settle = async (tag: string, digest: Digest): Promise<string[]> => {
    const earlier = holderBefore(tag)
    const isTaken =
      earlier !== undefined && earlier !== digest && !(await isOwnPlaceholder(pkg, earlier, context))
    const target = there.get(isTaken ? earlier : digest)
    if (target === undefined && isTaken) {
      const head = await findTag(registry, repositoryOf(pkg), tag, clock)
      if (head.state !== 'found' || head.digest !== earlier) alarms.push(taken(tag, earlier))
    }
    const doubt = before.unasked?.get(tag)
    if (doubt !== undefined && !isTaken)
      alarms.push(`Whether another version had the tag ${tag} before the restore is unknown: ${doubt}`)
    if (target === undefined || holdersNow.get(tag)?.digest === target.digest) return []
    const head = await findTag(registry, repositoryOf(pkg), tag, clock)
    if (head.state === 'unread') alarms.push(`Whether the tag ${tag} is restored is unknown: ${head.cause}.`)
    if (head.state === 'unread' || (head.state === 'found' && head.digest === target.digest)) return []
    // Where else it is somebody has put it meanwhile.
    const isOurs =
      head.state === 'missing' ||
      head.digest === digest ||
      (await isOwnPlaceholder(pkg, head.digest, context))
    if (!isOurs) return []
    await putTag(target, tag, scope)
    return isTaken
      ? [`The restore had taken the tag ${tag} from ${shortDigest(target.digest)}: it is back there.`]
      : []
  }

  for (const [tag, { digest }] of tags) {
    const told = await orRefusal(() => settle(tag, digest))
    if ('problem' in told) alarms.push(told.sentence)
    else warnings.push(...told)
  }
  return { warnings, alarms }
}

const taken = (tag: string, holder: Digest): string =>
  `The tag ${tag} was on ${holder} before the restore, and it is not there now. GitHub does not list that version: put the tag back on it.`

/** Whether a version is what a run that was killed amid untagging left behind: no image, and nobody's. */
export async function isOwnPlaceholder(
  pkg: Package,
  digest: Digest,
  { registry }: Context
): Promise<boolean> {
  const content = await registry.readManifest(repositoryOf(pkg), digest)
  return content.state === 'read' && isPlaceholder(content.manifest)
}

function holders(versions: readonly PackageVersion[]): Map<string, PackageVersion> {
  return new Map(versions.flatMap(version => version.tags.map(tag => [tag, version] as const)))
}
