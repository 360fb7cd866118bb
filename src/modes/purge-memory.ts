import type { LoadedPackage, Recall } from '../inventory/load.ts'
import type { Digest } from '../model/digest.ts'
import type { Inventory } from '../model/package.ts'
import { deletedNamed } from '../policy/purge-names.ts'
import { nameOf } from '../report/phrases.ts'
import { some } from '../util/format.ts'

type Deletions = LoadedPackage['recollection']['deletions']

/**
 * Forgets deletions of what is named: a purge brings none of that back, and no later run does.
 *
 * @param names as in `decidePurge`
 * @returns what forgets, and the digests that earlier runs deleted of what is named, once it was asked
 */
export function forgetting(names: readonly string[]): {
  readonly recall: Recall
  readonly forgotten: ReadonlySet<Digest>
} {
  const forgotten = new Set<Digest>()
  return {
    forgotten,
    recall(recollection, list) {
      const named = ({ unchecked, checked }: Deletions) =>
        deletedNamed([...unchecked, ...checked], names, list)
      const withoutNamed = (deletions: Deletions): Deletions => {
        const going = new Set(named(deletions))
        return {
          unchecked: deletions.unchecked.filter(one => !going.has(one)),
          checked: deletions.checked.filter(one => !going.has(one))
        }
      }
      const past = named(recollection.deletions)
      for (const { digest } of past) forgotten.add(digest)
      return {
        ...recollection,
        deletions: withoutNamed(recollection.deletions),
        async forgottenSince() {
          return (await recollection.forgottenSince()).union(new Set(past.map(({ id }) => id)))
        },
        leaveDeletions(deletions, now) {
          const purged = [...past, ...named(deletions)].map(({ id }) => id)
          recollection.leaveDeletions(withoutNamed(deletions), now, new Set(purged))
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
