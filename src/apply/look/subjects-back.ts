import type { LoadedPackage } from '../../inventory/load.ts'
import type { Step } from '../../model/decision.ts'
import { nameOf } from '../../report/phrases.ts'
import { count, some } from '../../util/format.ts'
import { grouped } from '../../util/grouped.ts'
import { listedIn, type PastDeletion, replacedBy } from './earlier.ts'

/**
 * A sentence on signatures and reports that earlier runs deleted because their image was gone, where that is there again
 * and stays. They do not come back by themselves, because they would take their tags from what the image was signed with anew.
 */
export function subjectsBack(steps: readonly Step[], loaded: LoadedPackage): string[] {
  const { checked } = loaded.recollection.deletions
  const isThere = listedIn(loaded)
  const going = new Set(steps.flatMap(({ action, version }) => (action === 'delete' ? [version.digest] : [])))
  const back = checked.flatMap(one => {
    const subject = one.lacks?.find(digest => isThere(digest) && !going.has(digest))
    return one.describes && one.forLack === true && subject !== undefined ? [{ one, subject }] : []
  })
  if (back.length === 0) return []
  const replaced = replacedBy(loaded)
  // Of several that had one tag the last one counts.
  const inOrder = checked.toSorted((a, b) => a.at - b.at || a.id - b.id)
  const last = new Map(inOrder.flatMap(({ id, tags }) => tags.map(tag => [tag, id] as const)))
  const isLatest = ({ id, tags }: PastDeletion): boolean =>
    !replaced.has(id) && tags.every(tag => last.get(tag) === id)
  // A newer list of referrers does not name what an older one did.
  const behind = grouped(checked.flatMap(one => one.after.map(first => [first, one] as const)))
  const stray = back
    .flatMap(({ one, subject }) =>
      (isLatest(one) ? [one] : (behind.get(one.digest) ?? [])).map(({ digest }) => ({ digest, subject }))
    )
    .filter(({ digest }) => !isThere(digest))
  const digests = [...new Set(stray.map(({ digest }) => digest))]
  if (digests.length === 0) return []
  const subjects = new Set(stray.map(({ subject }) => subject))
  const images = loaded.inventory.versions.filter(({ digest }) => subjects.has(digest))
  const [is, its, itWas] = images.length === 1 ? ['is', 'its', 'it was'] : ['are', 'their', 'they were']
  return [
    `${some(images.map(nameOf), 5)} ${is} back, but not ${its} signatures or attestations, which an earlier run deleted ` +
      `(${count(digests.length, 'version')}) while ${itWas} gone. ` +
      `\`mode: restore\` with \`restore: ${digests.slice(0, 5).join(' ')}\` brings them back.`
  ]
}
