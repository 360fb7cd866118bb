import type { Context } from '../context.ts'
import type { LoadedPackage } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'
import { versionsNamed } from '../policy/purge-names.ts'
import { nameOf } from '../report/phrases.ts'
import { some } from '../util/format.ts'

type Memory = Context['memory']
type Deletions = LoadedPackage['recollection']['deletions']

/**
 * The memory without deletions of what is named: a purge brings none of that back, and no later run does.
 *
 * @param names as in `decidePurge`
 * @returns the memory, and the digests that earlier runs deleted of what is named, once a package was recalled
 */
export function forgetting(
  memory: Memory,
  names: readonly string[]
): { readonly memory: Memory; readonly forgotten: ReadonlySet<Digest> } {
  const forgotten = new Set<Digest>()
  const withoutNamed = ({ unchecked, checked }: Deletions): Deletions => {
    const named = new Set(versionsNamed([...unchecked, ...checked], names))
    return {
      unchecked: unchecked.filter(one => !named.has(one)),
      checked: checked.filter(one => !named.has(one))
    }
  }
  return {
    forgotten,
    memory: {
      ...memory,
      async recall(pkg) {
        const found = await memory.recall(pkg)
        const { unchecked, checked } = found.deletions
        for (const { digest } of versionsNamed([...unchecked, ...checked], names)) forgotten.add(digest)
        return {
          ...found,
          deletions: withoutNamed(found.deletions),
          leaveDeletions: (deletions, now) => found.leaveDeletions(withoutNamed(deletions), now)
        }
      }
    }
  }
}

/** A sentence for each of these digests that something needs which is there. */
export function brokenWithout(gone: ReadonlySet<Digest>, { versions, contents }: Inventory): string[] {
  return [...gone].flatMap(digest => {
    if (contents.get(digest)?.state !== 'missing') return []
    const broken = versions.filter(version => {
      const content = contents.get(version.digest)
      return content?.state === 'read' && content.manifest.children.some(child => child.digest === digest)
    })
    const are = broken.length === 1 ? 'is' : 'are'
    return broken.length === 0
      ? []
      : [
          `${digest} is deleted, and ${some(broken.map(nameOf), 5)} ${are} broken without it: purge that, too.`
        ]
  })
}
