import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import type { Digest } from '../../model/digest.ts'
import type { Package } from '../../model/package.ts'
import { eachOf } from '../../util/concurrency.ts'
import type { TagHolders } from './tag-claims.ts'
import { headsOf } from './tag-heads.ts'

/** How many versions are asked for at once. */
const AT_ONCE = 16
/** Pauses before looks at what the registry and GitHub show on two versions, in milliseconds: that which lags catches up. */
const AGREE = [0, 2_000, 8_000, 15_000]

/**
 * Settles what the registry shows on one version and GitHub's list on another: either may lag, and GitHub's list and its
 * version together. The registry is right where that version has lost the tag; GitHub is where the registry shows it there
 * by then. What they go on to contradict each other about is unknown.
 *
 * @param unsettled contradictions that lasted, which grow by those of this call and are not waited for again
 */
export async function agreed(
  pkg: Package,
  before: Pick<TagHolders, 'heads' | 'rows' | 'ids'>,
  context: Context,
  unsettled = new Set<string>()
): Promise<Pick<TagHolders, 'heads' | 'rows'>> {
  const heads = new Map(before.heads)
  const rows = new Map([...before.rows, ...(await cameSince(pkg, before, context))])
  const differ = (tag: string): boolean => {
    const [head, row] = [heads.get(tag), rows.get(tag)]
    return head?.state === 'found' && row !== undefined && row !== head.digest
  }
  const contradiction = (tag: string): string => {
    const head = heads.get(tag)
    const on = head?.state === 'found' ? head.digest : ''
    return `the registry has it on ${on}, and GitHub lists it on ${rows.get(tag)}`
  }
  const lasts = (tag: string): boolean => unsettled.has(`${tag}: ${contradiction(tag)}`)
  let open = [...heads.keys()].filter(differ)
  for (const [look, pause] of AGREE.entries()) {
    if (open.length === 0 || (look > 0 && open.every(lasts))) break
    await context.clock.sleep(pause)
    const looks = look > 0 ? await headsOf(pkg, open, context) : heads
    // That nobody answers settles nothing.
    for (const tag of open) {
      const head = looks.get(tag)
      if (head !== undefined && head.state !== 'unread') heads.set(tag, head)
    }
    await eachOf(open.filter(differ), AT_ONCE, async tag => {
      const [head, id] = [heads.get(tag), before.ids.get(rows.get(tag) as Digest)]
      // Without an id it is what the registry showed earlier.
      const found = await orFailure(async () =>
        id === undefined ? { seen: undefined } : context.packages.version(pkg, id)
      )
      const isThere = 'problem' in found || found.seen?.tags.includes(tag) === true
      if (!isThere && head?.state === 'found') rows.set(tag, head.digest)
    })
    open = open.filter(differ)
  }
  for (const tag of open) {
    const cause = contradiction(tag)
    unsettled.add(`${tag}: ${cause}`)
    heads.set(tag, { state: 'unread', cause })
    rows.delete(tag)
  }
  return { heads, rows }
}

/** Tags that came to a listed version behind its list, as that version says by itself. */
async function cameSince(
  pkg: Package,
  { heads, rows, ids }: Pick<TagHolders, 'heads' | 'rows' | 'ids'>,
  { packages }: Context
): Promise<ReadonlyMap<string, Digest>> {
  const came = new Map<string, Digest>()
  await eachOf([...heads], AT_ONCE, async ([tag, head]) => {
    const id = head.state === 'found' && !rows.has(tag) ? ids.get(head.digest) : undefined
    if (head.state !== 'found' || id === undefined) return
    const found = await orFailure(() => packages.version(pkg, id))
    if (!('problem' in found) && found.seen?.tags.includes(tag)) came.set(tag, head.digest)
  })
  return came
}
