import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Outcome, Step } from '../../model/decision.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import type { Package, PackageVersion } from '../../model/package.ts'
import type { Restoral } from '../../policy/order.ts'
import { causeOf, nameOf, putBy } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { some } from '../../util/format.ts'
import type { ApplyContext } from '../apply.ts'
import type { SecondLook } from '../look/second-look.ts'

/** What was restored shows with a delay; these are the pauses between looks, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]
/** How many versions are looked for at once. */
const AT_ONCE = 16
const SERVED = 'does not find it, and the registry may serve it from before its deletion'
const DETAILS = {
  done: {
    gone: 'GitHub answered that it is restored, but it is not there: run it again',
    served: `GitHub answered that it is restored, but ${SERVED}: run it again`
  },
  already: {
    gone: 'GitHub listed it as there, but it is not: run it again',
    served: `GitHub listed it as there, but ${SERVED}: run it again`
  }
}

/** The way out; a report of the run does not undo what an earlier one deleted. */
const triedAgain = ({ digest }: PackageVersion): string =>
  `\`mode: restore\` with \`restore: ${digest}\` tries it again.`

/** Sends restores, and notes what they may do to tags. */
export type Restore = (steps: readonly Restoral[]) => Promise<Outcome[]>

/** What of a restore is not as it should be. */
interface NotBack {
  /** Sentences. */
  readonly alarms: readonly string[]
  /** What came back, as GitHub shows it. */
  readonly rows: readonly PackageVersion[]
}

/**
 * What should have come back and did not, the tags included. A restore that GitHub confirmed and did not carry out is
 * sent once more. What nobody can look for is said as well.
 *
 * @param isHeld whether somebody else has a tag by now
 * @param restore sends restores
 */
export async function notBack(
  restored: readonly Outcome[],
  { lateTags }: SecondLook,
  isHeld: (tag: string) => boolean,
  restore: Restore,
  scope: ApplyContext
): Promise<NotBack> {
  const rows: PackageVersion[] = []
  const alarms = restored.flatMap(notRestored)
  const sent = restored.filter(({ status }) => status === 'done')
  for (const [place, { step }] of sent.entries()) {
    const late = (lateTags.get(step.version.digest) ?? []).filter(tag => !isHeld(tag))
    const found = await orFailure(() => confirmedOne(step, late, restore, scope))
    if ('problem' in found) {
      const left = sent.slice(place).map(one => one.step.version)
      return { rows, alarms: [...alarms, notLookedFor(left, found.sentence)] }
    }
    if (found.row !== undefined) rows.push(found.row)
    alarms.push(...found.alarms)
  }
  return { rows, alarms }
}

function notRestored({ step, status, detail }: Outcome): string[] {
  if (status === 'done' || status === 'already') return []
  const why = causeOf(detail).replace(/\.$/, '')
  return [
    `${nameOf(step.version)} is needed, was deleted, and could not be restored: ${why}. ${triedAgain(step.version)}`
  ]
}

/** To restore what is there does no harm. */
const notLookedFor = (left: readonly PackageVersion[], sentence: string): string =>
  `GitHub answered that ${some(left.map(nameOf), 5)} ${left.length === 1 ? 'is' : 'are'} restored, which could not be checked: ` +
  `${sentence} \`mode: restore\` with \`restore: ${left
    .map(({ digest }) => digest)
    .slice(0, 5)
    .join(' ')}\` checks it.`

/** Looks for one version and its late tags; sentences on what is not there. */
async function confirmedOne(step: Step, late: readonly string[], restore: Restore, scope: ApplyContext) {
  const { pkg, context } = scope
  const { version } = step
  const alarms: string[] = []
  const look = () => lookFor(pkg, version, context, true)
  let found = await look()
  if (found.state !== 'back' && step.action === 'restore') {
    await restore([{ ...step, after: [] }])
    found = await look()
  }
  const { row } = found
  if (found.state !== 'back') {
    const what = found.state === 'gone' ? 'it is not there' : SERVED
    alarms.push(
      `${nameOf(version)} is needed. GitHub answered that it is restored, but ${what}. ${triedAgain(version)}`
    )
  }
  const missing = late.filter(tag => row?.tags.includes(tag) !== true)
  const away = await tagsNotBack(pkg, version, missing, context)
  for (const [on, tags] of Map.groupBy(away.keys(), tag => away.get(tag)))
    alarms.push(notThere(version, tags, on))
  return { row, alarms }
}

/**
 * Restores that were confirmed and not carried out have failed, and so have those of what only seemed to be there.
 *
 * @param listed what GitHub lists behind the restores: there the registry's word is enough
 */
export async function confirmed(
  outcomes: readonly Outcome[],
  listed: ReadonlySet<Digest>,
  { pkg, context, report }: ApplyContext
): Promise<readonly Outcome[]> {
  return eachOf(outcomes, AT_ONCE, async outcome => {
    const { step, status } = outcome
    if (step.action !== 'restore' || (status !== 'done' && status !== 'already')) return outcome
    const found = await lookFor(pkg, step.version, context, !listed.has(step.version.digest))
    if (found.state === 'back') return outcome
    const failure: Outcome = { step, status: 'failed', detail: DETAILS[status][found.state] }
    report(failure)
    return failure
  })
}

/** Whether GitHub or the registry has a version: either may lag, so one that has it is believed. */
export async function isBack(pkg: Package, version: PackageVersion, context: Context): Promise<boolean> {
  return (await lookFor(pkg, version, context, false)).state === 'back'
}

/** Where a version is; with the row of GitHub where that was seen. */
interface Found {
  readonly state: 'back' | 'served' | 'gone'
  readonly row?: PackageVersion
}

/**
 * Looks for a version until GitHub or the registry has it.
 *
 * @param isRecent that the registry may only serve it still from before its deletion: then its word is not enough
 * @returns `served` where it is unknown, because only the registry has it
 */
async function lookFor(
  pkg: Package,
  { id, digest }: PackageVersion,
  { packages, registry, clock }: Context,
  isRecent: boolean
): Promise<Found> {
  let isServed = false
  for (const pause of PAUSES) {
    if (pause > 0) await clock.sleep(pause)
    isServed = (await registry.headTag(repositoryOf(pkg), digest)).state === 'found'
    if (isServed && !isRecent) return { state: 'back' }
    const { seen: row } = await packages.version(pkg, id)
    if (row !== undefined) return { state: 'back', row }
  }
  return { state: isServed ? 'served' : 'gone' }
}

/** Another version that came back may have had the tag at its deletion as well. */
function notThere(version: PackageVersion, tags: readonly string[], on: Digest | undefined): string {
  const names = some(tags, 5)
  if (on === undefined) return `The tag ${names} was not restored. ${triedAgain(version)}`
  const [tag = ''] = tags
  return (
    `The tag ${names} is on ${shortDigest(on)} now, and ${nameOf(version)} had it at its deletion. If it belongs there, ` +
    `put it back: ${putBy(tags.length === 1 ? tag : '<tag>', version.digest)}.`
  )
}

/**
 * Tags that are not on a version, with what they are on; undefined for nothing, as far as the registry tells, which costs
 * nothing of GitHub's quota.
 */
async function tagsNotBack(
  pkg: Package,
  { digest }: PackageVersion,
  tags: readonly string[],
  { registry, clock }: Context
): Promise<ReadonlyMap<string, Digest | undefined>> {
  const away = new Map<string, Digest | undefined>(tags.map(tag => [tag, undefined]))
  for (const pause of PAUSES) {
    if (away.size === 0) return away
    if (pause > 0) await clock.sleep(pause)
    for (const tag of [...away.keys()]) {
      const head = await registry.headTag(repositoryOf(pkg), tag)
      const on = head.state === 'found' ? head.digest : undefined
      if (on === digest) away.delete(tag)
      else away.set(tag, on)
    }
  }
  return away
}
