import { orFailure } from '../../errors.ts'
import { findTag } from '../../inventory/evidence.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Digest } from '../../model/digest.ts'
import { type ApplyContext, urgently } from '../apply.ts'
import type { Performed } from '../execute.ts'
import { tagPutter } from '../tags/put-tag.ts'
import { failed, skipped } from '../write.ts'
import { notGivenBack } from './placeholder.ts'
import type { Robbery } from './tag-taken.ts'

/** Between two looks at a tag, in milliseconds: another server answers, and a push sets all of its tags. */
const PAUSE = 1_000

/**
 * Gives a tag back that a placeholder took, unless somebody put it on something else by now, which one server may not know
 * yet.
 *
 * @param own digests of the placeholder and of what had the tag before: neither is anybody's
 * @returns the outcome of untagging
 */
export async function returnTag(
  { robbed, told }: Robbery,
  tag: string,
  own: readonly Digest[],
  scope: ApplyContext
): Promise<Performed> {
  const { registry, clock } = scope.context
  const ours = new Set([...own, robbed.digest])
  for (const pause of [0, PAUSE]) {
    await clock.sleep(pause)
    const now = await findTag(registry, repositoryOf(scope.pkg), tag, clock)
    if (now.state === 'unread') return notGivenBack(robbed, tag, `What has it is unknown: ${now.cause}.`)
    // A server that lags shows it where it was before: to put it there once more does no harm.
    if (now.state === 'found' && !ours.has(now.digest)) return skipped(`the tag is on ${now.digest} by now`)
  }
  const putter = tagPutter(urgently(scope), ours)
  const given = await orFailure(async () => ({ on: await putter.put(robbed, tag, on => !ours.has(on)) }))
  if ('problem' in given) return notGivenBack(robbed, tag, given.sentence)
  if (given.on !== undefined) return skipped(`the tag is on ${given.on} by now`)
  const lost = await putter.lookBehind()
  return lost.length === 0 ? skipped(told) : failed([told, ...lost].join('. ').replace(/\.$/, ''))
}
