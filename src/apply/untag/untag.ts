import { orFailure, UnsureError } from '../../errors.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { PackageVersion } from '../../model/package.ts'
import { sentEntry } from '../../report/record-build.ts'
import type { Performed } from '../execute.ts'
import { failed, orUnsure, tellingWhatWasSent } from '../write.ts'
import { behindPut, isStored } from './behind-put.ts'
import { MEDIA_TYPE, mayBeOn, mayStay, placeholderFor } from './placeholder.ts'
import { movedFrom, newestBefore, type Stripping, type UntagStep } from './stripping.ts'

/**
 * Takes a tag off a version that others hold. GitHub has no call for that (facts 1.7): the tag is moved to a placeholder
 * manifest of our own, and the version of that manifest is deleted. The placeholder is found by its digest, never by the
 * tag: a stale listing still has the tag on the image.
 */
export function untagger(stripping: Stripping): (step: UntagStep) => Promise<Performed> {
  return step =>
    tellingWhatWasSent(async sent => {
      const rows = await newestBefore(step, stripping)
      if ('status' in rows) return rows
      return putPlaceholder(step, rows, stripping, () => sent.count++)
    })
}

/**
 * Looks at the tag for the last time, moves it to a placeholder and looks behind that.
 *
 * @param rows GitHub's newest versions
 * @param sending called right before the PUT
 */
async function putPlaceholder(
  step: UntagStep,
  rows: readonly PackageVersion[],
  stripping: Stripping,
  sending: () => void
): Promise<Performed> {
  const { drift, leftovers, placeholders, scope } = stripping
  const { pkg, context, journal } = scope
  const { registry, clock } = context
  // From here on: the answer may be on its way for seconds.
  const start = clock.now()
  const moved = await movedFrom(step, scope)
  if (moved !== undefined) return moved
  const { version, tag } = step
  const { bytes, digest } = placeholderFor(tag)
  drift.expect(digest)
  placeholders.add(digest)
  sending()
  journal.append(sentEntry(pkg.name, step, clock.now()))
  const stored = await orUnsure(() => registry.putManifest(repositoryOf(pkg), tag, bytes, MEDIA_TYPE))
  leftovers.add(digest)
  const took = clock.now() - start
  if (!(stored instanceof UnsureError) && stored !== digest)
    return failed(`the registry stored ${stored} instead of the placeholder ${digest}`)
  const taken = { version, tag, before: new Set(rows.map(({ id }) => id)), took }
  const end = await orFailure(async () =>
    stored instanceof UnsureError && !(await isStored(digest, tag, stripping))
      ? failed(mayBeOn(digest, tag, stored.message))
      : behindPut(taken, digest, stripping)
  )
  return 'problem' in end ? failed(mayStay(digest, tag, end.sentence)) : end
}
