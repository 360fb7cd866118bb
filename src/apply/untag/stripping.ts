import { findTag } from '../../inventory/evidence.ts'
import { type LoadedPackage, repositoryOf } from '../../inventory/load.ts'
import { newestOf } from '../../inventory/newest.ts'
import type { Plan, Step } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import type { ApplyContext } from '../apply.ts'
import { absentIn, askForAbsent } from '../drift/absences.ts'
import type { DriftDetector } from '../drift/drift.ts'
import type { Performed } from '../execute.ts'
import { readVersion } from '../remove.ts'
import { failed, skipped } from '../write.ts'
import type { Leftovers } from './leftovers.ts'

/** A step that takes a tag off. */
export type UntagStep = Extract<Step, { readonly action: 'untag' }>

/** Taking tags off the versions of one package: what all of its steps share. */
export interface Stripping {
  readonly loaded: LoadedPackage
  readonly drift: DriftDetector
  readonly leftovers: Leftovers
  readonly scope: ApplyContext
  /** What a version lacked when it was read, which may be a rule's reason. */
  readonly absentFrom: (version: PackageVersion) => readonly Digest[]
  /** The tags that the plan takes off. */
  readonly stripped: ReadonlySet<string>
  /** Several tags are taken off at once, and a placeholder without its tag looks like a push. */
  readonly placeholders: Set<Digest>
}

export function strippingOf(
  { steps }: Plan,
  loaded: LoadedPackage,
  drift: DriftDetector,
  leftovers: Leftovers,
  scope: ApplyContext
): Stripping {
  const stripped = new Set(steps.flatMap(step => (step.action === 'untag' ? [step.tag] : [])))
  return {
    loaded,
    drift,
    leftovers,
    scope,
    absentFrom: absentIn(loaded.inventory),
    stripped,
    placeholders: new Set()
  }
}

/** Between two looks at a tag, in milliseconds: another server answers, and a push sets all of its tags. */
export const PAUSE = 1_000

/** What has a tag besides the version that is to lose it, as rows show; a placeholder of ours is nobody. */
export function elsewhere(
  { version, tag }: Pick<UntagStep, 'version' | 'tag'>,
  { drift, placeholders }: Stripping
): readonly PackageVersion[] {
  return drift.elsewhere(tag, version.digest).filter(other => !placeholders.has(other.digest))
}

/**
 * Looks whether the tag may be stripped, and gets ready to write.
 *
 * @returns an outcome where it may not, and otherwise GitHub's newest versions
 */
export async function newestBefore(
  step: UntagStep,
  stripping: Stripping
): Promise<Performed | readonly PackageVersion[]> {
  const { version, tag } = step
  const { loaded, drift, scope, stripped, absentFrom } = stripping
  const { packages, registry, clock } = scope.context
  const repository = repositoryOf(scope.pkg)
  const stays = version.tags.filter(other => !stripped.has(other))
  const change = await drift.checkTag(version, tag, stays)
  if (change !== undefined) return skipped(change)
  const absent = absentFrom(version).map(digest => ({ digest }))
  const { back, unread } = await askForAbsent(absent, drift.arrived, registry, repository)
  if (back !== undefined) return skipped(back)
  if (unread !== undefined) return skipped(unread)
  const moved = await movedFrom(step, scope)
  if (moved !== undefined) return moved
  const rows = drift.note(await newestOf(scope.pkg, loaded.listing, packages))
  const shown = await movedInRows(rows, step, stripping)
  if (shown !== undefined) return shown
  await clock.sleep(PAUSE)
  await registry.prepareToPut(repository)
  return rows
}

/** Why a tag must be left alone, as the registry says now. */
export async function movedFrom(
  { version, tag }: UntagStep,
  { pkg, context: { registry, clock } }: ApplyContext
): Promise<Performed | undefined> {
  const holder = await findTag(registry, repositoryOf(pkg), tag, clock)
  if (holder.state === 'unread') return failed(holder.cause)
  if (holder.state === 'missing')
    return { status: 'already', detail: 'the tag was gone before this run reached it' }
  return holder.digest === version.digest
    ? undefined
    : skipped(`the tag has moved to ${holder.digest} since the listing`)
}

/** The same as GitHub's rows say, one of which is enough: a server of the registry may lag. */
async function movedInRows(
  rows: readonly PackageVersion[],
  step: UntagStep,
  stripping: Stripping
): Promise<Performed | undefined> {
  const { version, tag } = step
  const [other] = elsewhere(step, stripping)
  if (other !== undefined) return skipped(`GitHub shows it on ${other.digest} as well, so it may have moved`)
  // Of many versions it is none of the newest.
  const row =
    rows.find(({ id }) => id === version.id) ??
    (await readVersion(stripping.drift, version.id, stripping.scope))
  return row?.tags.includes(tag) === false ? skipped('the tag is no longer on it') : undefined
}
