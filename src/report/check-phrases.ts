import type { DispatchStatus, TagCheck, TagState } from '../model/check.ts'
import { parseDigest, shortDigest } from '../model/digest.ts'
import { some } from '../util/format.ts'

/** The wording of a check, as plain text; see phrases.ts. */

/** How a tag stands, with what it lacks or why that is not known. */
export function statePhrase({ state, lacks, cause }: TagCheck): string {
  if (state === 'incomplete') return `incomplete, lacks ${some(lacks.map(lackName), 5)}`
  if (state === 'unreadable') return `unreadable: ${cause ?? 'no reason given'}`
  return state
}

/** What an image lacks: a platform, or a digest short enough for people. */
export function lackName(lack: string): string {
  const digest = parseDigest(lack)
  return digest === undefined ? lack : shortDigest(digest)
}

/** What became of a rebuild, in a few words. */
export const DISPATCH_WORD: Readonly<Record<DispatchStatus, string>> = {
  planned: 'would be started',
  dispatched: 'started',
  built: 'built',
  'not-built': 'produced no image',
  cancelled: 'cancelled',
  running: 'still running',
  held: 'not started, a run is under way',
  exhausted: 'not started again',
  left: 'left for the next run',
  failed: 'failed to start'
}

/** The states in the order in which people want to know of them. */
export const STATES: readonly TagState[] = ['absent', 'incomplete', 'unreadable', 'present']
