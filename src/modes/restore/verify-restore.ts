import type { ApplyContext, Verification } from '../../apply/apply.ts'
import { confirmed } from '../../apply/restore/confirm-restored.ts'
import { sentIn } from '../../apply/restore/restore.ts'
import type { Told } from '../../apply/tags/tag-guard.ts'
import { type Failure, orFailure } from '../../errors.ts'
import type { Outcome } from '../../model/decision.ts'
import { shortDigest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { nameOf } from '../../report/phrases.ts'
import { some } from '../../util/format.ts'
import { type Look, latest, makeWhole, saidToBeBack } from './make-whole.ts'
import type { Elsewhere } from './package-state.ts'
import type { RestorePlan } from './restore-plan.ts'
import { type Before, tagsBack } from './settle-tags.ts'

/** How often what shows late is looked at. */
const LOOKS = 2

/**
 * Looks whether what came back is whole and has its tags. What an image lacks and GitHub still has is restored
 * too; a tag that the restore took from another version is put back where it was, and one that is nowhere is
 * put where it belongs. What was done is told, whatever fails.
 *
 * @param before what was there before the restore
 * @param elsewhere tags that others had then, which is told where it is so still
 */
export async function verifyRestore(
  plan: RestorePlan,
  outcomes: readonly Outcome[],
  before: Before,
  scope: ApplyContext,
  elsewhere: readonly Elsewhere[] = []
): Promise<Verification> {
  const standing = await orFailure(before)
  if ('problem' in standing) return { outcomes, alarms: [notChecked(standing, plan)] }
  const { guard } = standing
  const tried = [...outcomes]
  await guard.note(sentIn(outcomes))
  // What comes next costs quota and time.
  await guard.giveBack()
  const looked = await orFailure(() => lookFor({ plan, tried, standing, scope }, LOOKS))
  const told = await guard.told('problem' in looked ? [] : looked.listed)
  const stay = elsewhere.filter(({ tags, holder }) => tags.every(tag => guard.isStill(tag, holder)))
  const warnings = [...stay.map(({ sentence }) => sentence), ...told.warnings]
  if ('problem' in looked)
    return { outcomes: latest(tried), alarms: [notChecked(looked, plan), ...told.alarms], warnings }
  return {
    outcomes: withNames(latest(tried), looked.roots, scope),
    alarms: [...looked.alarms, ...told.alarms],
    warnings: [...warnings, ...looked.warnings]
  }
}

function notChecked({ sentence }: Failure, { tags }: RestorePlan): string {
  const of = tags.size === 0 ? '' : `, nor whether the tag ${some([...tags.keys()], 5)} is back`
  return `What was restored could not be checked${of}; the same restore once more checks it: ${sentence}`
}

interface Looked extends Told {
  readonly roots: readonly PackageVersion[]
  /** What GitHub lists. */
  readonly listed: readonly PackageVersion[]
}

/** What shows so late that it was not made whole is looked at once more, and so is what could not be read. */
async function lookFor(look: Look, looks: number): Promise<Looked> {
  const { plan, tried, standing, scope } = look
  const whole = await makeWhole(look)
  const tags = await tagsBack(plan, tried, whole, standing, scope)
  const listed = new Set(whole.listed.map(({ digest }) => digest))
  tried.push(...(await confirmed(latest(tried), listed, scope)))
  const open = saidToBeBack(latest(tried)).filter(({ digest }) => !whole.read.has(digest))
  if (open.length > 0 && looks > 1) {
    const again = await lookFor(look, looks - 1)
    return { ...again, warnings: [...new Set([...tags.warnings, ...again.warnings])] }
  }
  const late = open.filter(({ digest }) => !whole.seen.has(digest))
  return {
    roots: whole.roots,
    listed: whole.listed,
    alarms: [...whole.alarms, ...cameLate(late), ...tags.alarms],
    warnings: [...whole.warnings, ...tags.warnings]
  }
}

function cameLate(late: readonly PackageVersion[]): string[] {
  if (late.length === 0) return []
  return [
    `${some(late.map(nameOf), 3)} came back so late that it is unknown whether it is whole and has its tags: run it again.`
  ]
}

/** Lines of a log that somebody reads. */
const MOST_NAMES = 1_000

/** GitHub may hide the tags of what is deleted; they are seen once it is back, and said, since the log had digests alone. */
function withNames(
  outcomes: readonly Outcome[],
  roots: readonly PackageVersion[],
  { pkg, context: { log } }: ApplyContext
): Outcome[] {
  const back = new Map(roots.map(version => [version.id, version]))
  let told = 0
  return outcomes.map(outcome => {
    const { step } = outcome
    const version = step.version.tags.length > 0 ? undefined : back.get(step.version.id)
    if (version === undefined) return outcome
    const { digest, tags } = version
    if (tags.length > 0 && ++told <= MOST_NAMES)
      log.info(`${pkg.name}: ${shortDigest(digest)} is ${some(tags, 10)}`)
    return { ...outcome, step: { ...step, version } }
  })
}
