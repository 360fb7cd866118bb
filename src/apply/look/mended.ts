import type { Context } from '../../context.ts'
import { repositoryOf } from '../../inventory/load.ts'
import { type Digest, shortDigest } from '../../model/digest.ts'
import { nameOf } from '../../report/phrases.ts'
import { eachOf } from '../../util/concurrency.ts'
import { absencesOf, askForAbsent } from '../absences.ts'
import { type Done, deletedBy } from '../done.ts'
import type { SecondLook } from './second-look.ts'

/** How many versions are asked about at once. */
const AT_ONCE = 16

/**
 * What this run deleted because it was broken, and is so no more.
 *
 * @returns why it must come back, a phrase each, and sentences where nobody can tell
 * @throws ExpectedError when the token may not read the repository at all
 */
export async function mendedSince(
  { plan, loaded, outcomes }: Done,
  { gone, arrivals }: Pick<SecondLook, 'gone' | 'arrivals'>,
  { registry }: Context
): Promise<{ readonly needed: ReadonlyMap<Digest, string>; readonly alarms: readonly string[] }> {
  const absences = absencesOf(plan, loaded.inventory)
  const own = new Set(deletedBy(outcomes).map(({ id }) => id))
  const broken = gone.filter(({ id }) => own.has(id) && absences.has(id))
  const arrived = new Set(arrivals.map(({ digest }) => digest))
  const looks = await eachOf(broken, AT_ONCE, async version => {
    const absent = absences.get(version.id) ?? []
    return { version, ...(await askForAbsent(absent, arrived, registry, repositoryOf(plan.package))) }
  })
  return {
    needed: new Map(
      looks.flatMap(({ version, back }) =>
        back === undefined
          ? []
          : [[version.digest, `${shortDigest(back)}, which was gone, is there again`] as const]
      )
    ),
    alarms: looks.flatMap(({ version, back, unread }) =>
      back !== undefined || unread === undefined
        ? []
        : [
            `${nameOf(version)} was deleted because it was broken, and ${unread}. If it is there, ` +
              `\`mode: restore\` with \`restore: ${version.digest}\` brings the rest back.`
          ]
    )
  }
}
