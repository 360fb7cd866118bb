import type { TagState } from '../model/check.ts'
import type { RunResult } from '../model/run.ts'
import { missingImages } from './check-tally.ts'

/** An entry of the output `missing`. */
interface MissingEntry {
  readonly package: string
  readonly tag: string
  readonly state: TagState
  readonly lacks: readonly string[]
  /** Image tags any of which would do. */
  readonly images: readonly string[]
}

/** An entry of the output `dispatched`. */
interface DispatchedEntry {
  readonly tag: string
  readonly workflow: string
  readonly repository: string
  readonly url: string
  readonly status: string
}

export function missingEntries({ packages }: RunResult): MissingEntry[] {
  return missingImages(packages).map(({ run, check: { tag, state, lacks, images } }) => ({
    package: run.package.name,
    tag,
    state,
    lacks,
    images
  }))
}

/** What was really started: only that has an address. */
export function dispatchedEntries({ check }: RunResult): DispatchedEntry[] {
  return (check?.dispatches ?? []).flatMap(({ tag, workflow, repository, url, status }) =>
    url === undefined ? [] : [{ tag, workflow, repository, url, status }]
  )
}
