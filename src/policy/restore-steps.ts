import type { Decision, Step } from '../model/decision.ts'
import type { Digest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'

export type Deletion = Pick<Step & { action: 'delete' }, 'version' | 'after' | 'root'>
export type Restoral = Step & { action: 'restore' }

/** The step that brings back one version, whatever else there is. */
export function restoralOf(version: PackageVersion): Restoral {
  return { action: 'restore', version, after: [], root: version.digest }
}

/**
 * The steps that undo deletions, in the opposite order: children come back before the index that names them,
 * and what describes an image before the image.
 *
 * @param describes true for what an image does not need: its image comes back even if this does not
 */
export function undoing(
  deletions: readonly Deletion[],
  describes: (version: PackageVersion) => boolean
): Restoral[] {
  const needs = new Map<Digest, Digest[]>()
  for (const { version, after } of deletions) {
    if (describes(version)) continue
    for (const parent of after) needs.set(parent, [...(needs.get(parent) ?? []), version.digest])
  }
  return deletions.toReversed().map(({ version, root }) => ({
    action: 'restore',
    version,
    after: needs.get(version.digest) ?? [],
    root
  }))
}

/** True where a version went because it describes one that went. */
export function isReferrer({ verdict, reasons }: Pick<Decision, 'verdict' | 'reasons'>): boolean {
  return verdict === 'delete' && reasons.some(reason => reason.code === 'owned' && reason.role === 'referrer')
}
