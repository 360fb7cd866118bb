import { nameOf } from '../report/phrases.ts'
import type { Done } from './done.ts'
import type { Earlier } from './earlier.ts'
import type { Findings } from './findings.ts'

/** What is to come back after all. */
interface Wanted extends Pick<Findings, 'needed'> {
  readonly earlier: readonly Earlier[]
  /** Sentences on what does not. */
  readonly warnings: readonly string[]
}

/**
 * Asks once more before anything comes back that an earlier run deleted: somebody may have purged it by name since this
 * run began, and wants it gone, whatever needs it.
 */
export async function withoutPurged(
  { loaded: { recollection } }: Done,
  { needed }: Findings,
  earlier: readonly Earlier[]
): Promise<Wanted> {
  if (!earlier.some(({ version }) => needed.has(version.digest))) return { needed, earlier, warnings: [] }
  const purged = await recollection.forgottenSince()
  const gone = new Map(
    earlier.flatMap(({ version }) => (purged.has(version.id) ? [[version.digest, version] as const] : []))
  )
  return {
    needed: new Map([...needed].filter(([digest]) => !gone.has(digest))),
    earlier: earlier.filter(({ version }) => !purged.has(version.id)),
    warnings: [...gone].flatMap(([digest, version]) => {
      const why = needed.get(digest)
      return why === undefined
        ? []
        : [
            `${nameOf(version)} was not restored although ${why}: it was purged by name while this run worked.`
          ]
    })
  }
}
