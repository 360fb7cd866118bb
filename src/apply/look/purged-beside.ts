import { nameOf } from '../../report/phrases.ts'
import type { Done } from '../done.ts'
import type { Earlier } from './earlier.ts'
import type { Findings } from './findings.ts'

/** What is to come back after all. */
interface Wanted {
  readonly found: Findings
  readonly earlier: readonly Earlier[]
  /** Sentences on what does not, and the ids of that. */
  readonly warnings: readonly string[]
  readonly told: ReadonlySet<number>
}

/**
 * Asks once more before anything comes back that an earlier run deleted: somebody may have purged it by name since this
 * run began, and wants it gone, whatever needs it.
 */
export async function withoutPurged(
  { loaded: { recollection } }: Done,
  found: Findings,
  earlier: readonly Earlier[]
): Promise<Wanted> {
  const { needed } = found
  if (!earlier.some(({ version }) => needed.has(version.digest)))
    return { found, earlier, warnings: [], told: new Set() }
  const purged = await recollection.forgottenSince()
  const stay = earlier.filter(({ version }) => purged.has(version.id))
  const come = earlier.filter(({ version }) => !purged.has(version.id))
  const gone = new Set(stay.map(({ version }) => version.digest))
  const images = new Set(come.filter(({ version }) => needed.has(version.digest)).map(({ root }) => root))
  return {
    found: { ...found, needed: new Map([...needed].filter(([digest]) => !gone.has(digest))) },
    earlier: come,
    told: new Set(stay.map(({ version }) => version.id)),
    warnings: stay.flatMap(({ version, root }) => {
      const part = images.has(root) ? 'it belongs to an image that comes back' : undefined
      const why = needed.get(version.digest) ?? part
      return why === undefined
        ? []
        : [
            `${nameOf(version)} was not restored although ${why}: it was purged by name while this run worked.`
          ]
    })
  }
}
