import type { Context } from '../../context.ts'
import { orFailure } from '../../errors.ts'
import { repositoryOf } from '../../inventory/load.ts'
import type { Package } from '../../model/package.ts'
import type { TagHead } from '../../registry/read.ts'
import { eachOf } from '../../util/concurrency.ts'

/** How many tags are asked for at once. */
const AT_ONCE = 16
/** One answer may be from before, so a tag is asked for until one comes twice; the pauses before, in milliseconds. */
const PAUSES = [0, 2_000, 8_000]

export const phraseOf = (sentence: string): string => sentence.replace(/\.$/, '')

/** What the registry says of tags, once it says the same twice. */
export async function headsTwice(
  pkg: Package,
  tags: readonly string[],
  context: Context
): Promise<ReadonlyMap<string, TagHead>> {
  const heads = new Map<string, TagHead>()
  const said = new Map<string, Set<string>>(tags.map(tag => [tag, new Set()]))
  let open = tags
  for (const pause of PAUSES) {
    if (open.length === 0) return heads
    await context.clock.sleep(pause)
    const looks = await headsOf(pkg, open, context)
    open = open.filter(tag => {
      const head = looks.get(tag) ?? UNSURE
      const word = head.state === 'found' ? head.digest : head.state
      const isNew = head.state === 'unread' || said.get(tag)?.has(word) !== true
      said.get(tag)?.add(word)
      heads.set(tag, isNew && head.state !== 'unread' ? UNSURE : head)
      return isNew
    })
  }
  return heads
}

const UNSURE: TagHead = { state: 'unread', cause: 'the registry said something else each time' }

/** What the registry says of tags at this moment. */
export async function headsOf(
  pkg: Package,
  tags: readonly string[],
  { registry }: Context
): Promise<ReadonlyMap<string, TagHead>> {
  const heads = await eachOf(tags, AT_ONCE, async tag => {
    const head = await orFailure(() => registry.headTag(repositoryOf(pkg), tag))
    const known: TagHead = 'problem' in head ? { state: 'unread', cause: phraseOf(head.sentence) } : head
    return [tag, known] as const
  })
  return new Map(heads)
}
