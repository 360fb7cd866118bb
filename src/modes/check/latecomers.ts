import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { repositoryOf, SIDE_BY_SIDE } from '../../inventory/load.ts'
import type { Expected } from '../../policy/expected-tags.ts'
import { eachOf } from '../../util/concurrency.ts'
import { checkImagesNow } from './images.ts'
import type { Inspected } from './inspect.ts'

/** How many are asked for at once; the registry's client sends fewer. */
const AT_ONCE = 16

/**
 * Looks again for what was absent once the runs are known: a build may have ended in between, so its run is not under
 * way any more, and its image has arrived.
 */
export async function withLatecomers(
  inspected: readonly Inspected[],
  { registry, clock }: Pick<Context, 'registry' | 'clock'>
): Promise<Inspected[]> {
  return await eachOf(inspected, SIDE_BY_SIDE, async one => {
    const { run, required, versions } = one
    const absent = new Set((run.checks ?? []).filter(({ state }) => state === 'absent').map(({ tag }) => tag))
    const due = required.expected.filter(({ name }) => absent.has(name))
    if (due.length === 0) return one
    const seen = await orFailure(async () => {
      const there = await eachOf(due, AT_ONCE, isThere)
      const arrived = due.filter((_, at) => there.at(at))
      return await checkImagesNow(run.package, arrived, versions, required.platforms, registry, clock)
    })
    // What cannot be asked is as it was found before.
    if ('problem' in seen) return one
    const anew = new Map(seen.map(check => [check.tag, check]))
    return { ...one, run: { ...run, checks: (run.checks ?? []).map(check => anew.get(check.tag) ?? check) } }

    async function isThere({ images }: Expected): Promise<boolean> {
      const heads = await eachOf(images, 1, tag => registry.headTag(repositoryOf(run.package), tag))
      return heads.some(({ state }) => state === 'found')
    }
  })
}
