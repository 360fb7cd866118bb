import { isMovable } from '../../inventory/moved-tags.ts'
import type { PackageVersion } from '../../model/package.ts'
import { nameOf, putBy } from '../../report/phrases.ts'
import type { Performed } from '../execute.ts'
import { DONE, failed } from '../write.ts'

/** A placeholder that took a tag from a version. */
export interface Taking {
  readonly version: PackageVersion
  readonly tag: string
  /** Ids that were there before. */
  readonly before: ReadonlySet<number>
  readonly placeholder: PackageVersion
  /** From before the last look at the tag to the answer to the PUT, in milliseconds. */
  readonly took: number
}

/** GitHub's dates have whole seconds. */
const SECOND = 1_000
/** From the first tag of a push to its last, in milliseconds. */
const PUSH = 60_000

/**
 * Whether a new version was there when the placeholder came, by GitHub's own dates and numbers. Without a tag it
 * must have come between the last look at the tag and the PUT.
 */
export function cameBefore({ id, created, tags }: PackageVersion, { placeholder, took }: Taking): boolean {
  if (created === undefined || placeholder.created === undefined) return tags.length > 0
  const since = placeholder.created - (tags.length > 0 ? PUSH : took + SECOND)
  return created >= since && created <= placeholder.created && id < placeholder.id
}

/** What may have had a tag when a placeholder took it. */
export interface Suspects {
  /** Images that were pushed at that moment. */
  readonly pushed: readonly PackageVersion[]
  /** Versions that rows show with the tag behind the PUT, and not before. */
  readonly shown: readonly PackageVersion[]
}

/** From whom a tag was taken; `told` is true once it is back. */
export interface Robbery {
  readonly robbed: PackageVersion
  readonly told: string
}

/** What follows for the tag: it is given back to one, or nothing has it any more; `end` is the outcome then. */
export type Verdict = Robbery | { readonly end: Performed }

/**
 * Judges from whom the placeholder took the tag. A push that has no other tag had this one, and so had what is shown
 * with it. An image that was pushed under other names may have had it too, and nothing tells: a tag on what never had
 * it is worse than none, so that is said, and a person decides. Where nobody moves such tags it is no failure.
 */
export function judge({ tag }: Taking, { pushed, shown }: Suspects): Verdict {
  const suspects = [...new Map([...pushed, ...shown].map(version => [version.digest, version])).values()]
  const [suspect, ...others] = suspects
  if (suspect === undefined) return { end: DONE }
  const isShown = shown.some(({ digest }) => digest === suspect.digest)
  if (others.length === 0 && (isShown || suspect.tags.length === 0)) {
    const what = isShown ? 'it was moved meanwhile' : 'a push took the tag meanwhile'
    return { robbed: suspect, told: `${what}: it is back on ${suspect.digest}` }
  }
  const more = others.length === 0 ? '' : `, or one of ${others.length} more,`
  const detail =
    `the tag is off the image, and nothing has it now. Whether ${nameOf(suspect)}${more} was pushed with this tag as well at that very moment, nobody can ` +
    `tell. If so, put it back: ${putBy(tag, suspect.digest)}`
  return { end: isMovable(tag) ? failed(detail) : { ...DONE, detail } }
}
