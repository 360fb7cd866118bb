import { orFailure } from '../../errors.ts'
import { SIDE_BY_SIDE } from '../../inventory/load.ts'
import { eachOf } from '../../util/concurrency.ts'
import { updated, verdict } from './confirm.ts'
import { checkImagesNow, type Lookup } from './images.ts'
import { type Inspected, lacks } from './inspect.ts'

/**
 * Looks again for what is missing once the runs are known: a build may have ended in between, so its run is not under
 * way any more, and its image has arrived, or is whole by now.
 */
export async function withLatecomers(inspected: readonly Inspected[], lookup: Lookup): Promise<Inspected[]> {
  return await eachOf(inspected, SIDE_BY_SIDE, async one => {
    const { run, required, versions } = one
    const due = required.expected.filter(({ name }) => lacks(run, name))
    if (due.length === 0) return one
    const seen = await orFailure(() => checkImagesNow(run.package, due, versions, required.platforms, lookup))
    // What cannot be asked is as it was found before.
    if ('problem' in seen) return one
    return { ...one, run: { ...run, checks: updated(run.checks ?? [], seen, verdict) } }
  })
}
