import type { Context } from '../../context.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import { isReferrer } from '../../policy/order.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { type Done, deletedBy } from '../done.ts'
import { absencesOf, askForAbsent, subjectsOf } from '../drift/absences.ts'
import { type Earlier, replacedBy } from './earlier.ts'
import { MOST_OF_A_JOB } from './leave-to-next.ts'
import type { SecondLook } from './second-look.ts'

/** How many versions are asked about at once. */
const AT_ONCE = 16

/**
 * Finds what this run or an earlier one deleted for a reason that no longer holds: a broken image that is whole again, or a
 * signature whose image was pushed again.
 *
 * @returns why it must come back, a phrase each, and sentences where nobody can tell
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function mendedBehind(
  { plan, loaded, outcomes }: Done,
  { gone, arrivals, again }: Pick<SecondLook, 'gone' | 'arrivals' | 'again'>,
  earlier: readonly Earlier[],
  { registry }: Context
): Promise<{ readonly needed: ReadonlyMap<Digest, string>; readonly alarms: readonly string[] }> {
  const { inventory } = loaded
  const absences = absencesOf(plan, inventory)
  const ids = new Set(deletedBy(outcomes).map(({ id }) => id))
  const own = gone.filter(({ id }) => ids.has(id))
  const arrived = new Set(arrivals.map(({ digest }) => digest)).union(again)
  const needed = new Map<Digest, string>()
  const referrers = new Set(plan.decisions.filter(isReferrer).map(({ version }) => version.id))
  for (const version of own.filter(({ id }) => referrers.has(id))) {
    const back = subjectsOf(version, inventory.contents).find(digest => arrived.has(digest))
    if (back !== undefined)
      needed.set(version.digest, `${shortDigest(back)}, which it describes, is there again`)
  }
  const went = new Set(gone.map(({ id }) => id))
  const pushed = new Map(inventory.versions.map(({ digest, created = 0 }) => [digest, created]))
  const replaced = replacedBy(loaded)
  const before = earlier.flatMap(({ version, forLack, lacks = [], at }) => {
    if (forLack !== true || !went.has(version.id) || replaced.has(version.id)) return []
    // What was pushed much later came with another image, or for another signature.
    const isMend = (digest: Digest): boolean => (pushed.get(digest) ?? 0) < at + MOST_OF_A_JOB
    return [{ version, absent: lacks.filter(isMend).map(lack => ({ digest: lack })) }]
  })
  const broken = own.flatMap(version => {
    const absent = absences.get(version.id)
    return absent === undefined ? [] : [{ version, absent }]
  })
  const looks = await eachOf([...broken, ...before], AT_ONCE, async ({ version, absent }) => ({
    version,
    ...(await askForAbsent(absent, arrived, registry, repositoryOf(plan.package)))
  }))
  const alarms: string[] = []
  for (const { version, back, unread } of looks) {
    if (back !== undefined) needed.set(version.digest, back)
    else if (unread !== undefined)
      alarms.push(
        `${nameOf(version)} was deleted because it was broken, and ${unread}. If it is there, ` +
          `\`mode: restore\` with \`restore: ${version.digest}\` brings the rest back.`
      )
  }
  return { needed, alarms }
}
