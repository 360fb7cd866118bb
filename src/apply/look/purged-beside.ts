import type { PackageVersion } from '../../model/package.ts'
import { nameOf } from '../../report/phrases.ts'
import type { Done } from '../done.ts'
import type { Earlier } from './earlier.ts'
import type { Findings } from './findings.ts'

/** What is to come back after all. */
export interface Wanted {
  readonly found: Findings
  readonly earlier: readonly Earlier[]
  /** Ids of what does not come back. */
  readonly stay: ReadonlySet<number>
  /** Sentences on that, and the ids of what they are about. */
  readonly warnings: readonly string[]
  readonly told: ReadonlySet<number>
}

/**
 * Before anything comes back that this run did not delete itself, asks once more whether a purge named it meanwhile: then
 * it stays away, whatever needs it.
 */
export async function withoutPurged(
  { loaded: { recollection }, outcomes }: Done,
  found: Findings,
  earlier: readonly Earlier[]
): Promise<Wanted> {
  const { needed } = found
  const before = outcomes.flatMap(({ step, status }) =>
    step.action === 'delete' && status === 'already' ? [step] : []
  )
  const others = [...earlier, ...before]
  if (!others.some(({ version }) => needed.has(version.digest)))
    return { found, earlier, stay: NOTHING, warnings: [], told: NOTHING }
  const purged = await recollection.forgottenSince()
  const stay = others.filter(({ version }) => purged.has(version.id))
  const come = others.filter(({ version }) => !purged.has(version.id))
  const gone = new Set(stay.map(({ version }) => version.digest))
  const images = new Set(come.filter(({ version }) => needed.has(version.digest)).map(({ root }) => root))
  const told = stay.flatMap(({ version, root }) => {
    const part = images.has(root) ? 'it belongs to an image that comes back' : undefined
    const why = needed.get(version.digest) ?? part
    return why === undefined ? [] : [{ version, why }]
  })
  return {
    found: { ...found, needed: new Map([...needed].filter(([digest]) => !gone.has(digest))) },
    earlier: earlier.filter(({ version }) => !purged.has(version.id)),
    stay: new Set(stay.map(({ version }) => version.id)),
    told: new Set(told.map(({ version }) => version.id)),
    warnings: told.map(({ version, why }) => stayedAway(version, why))
  }
}

const NOTHING: ReadonlySet<number> = new Set()

/** Says that a version stays away; `why` it would have come back is a phrase. */
export const stayedAway = (version: PackageVersion, why: string): string =>
  `${nameOf(version)} was not restored although ${why}: it was purged by name.`
