import { sha256Of } from '../model/digest.ts'
import { isOurs, isPlaceholder, PLACEHOLDER } from '../model/manifest.ts'
import type { Inventory, PackageVersion } from '../model/package.ts'
import type { Usage } from '../model/usage.ts'
import { evaluate } from './plan.ts'
import type { Policy } from './rule.ts'

/** A placeholder of ours, and tags on it that it does not say it took. */
export interface Placed {
  readonly version: PackageVersion
  readonly tags: readonly string[]
}

/** Tags that somebody put on an empty index of ours while it had another one's place. */
export function placedTags({ versions, contents }: Inventory): Placed[] {
  return versions.flatMap(version => {
    const content = contents.get(version.digest)
    if (content?.state !== 'read' || !isOurs(content.manifest)) return []
    if (isPlaceholder(content.manifest, version.tags)) return []
    const took = content.manifest.annotations[PLACEHOLDER]
    return [{ version, tags: version.tags.filter(tag => tag !== took) }]
  })
}

/**
 * Of such tags those that a policy keeps: it would delete no version that had one of them alone. The grace is for
 * images, of which these are none. What a plan deletes anyway is left out by the caller.
 *
 * @throws ExpectedError when a regular expression of the policy takes too long
 */
export function keptOf(
  placed: readonly Placed[],
  inventory: Inventory,
  policy: Policy,
  usage: Usage,
  now: number
): Set<string> {
  const ours = new Set(placed.map(({ version }) => version.id))
  const contents = new Map(inventory.contents)
  const labels = new Map(usage.labels)
  // Each tag on a version of its own, so that one decision tells of all.
  const apart = placed.flatMap(({ version, tags }, at) =>
    tags.map((tag, nth): PackageVersion => {
      const digest = sha256Of(Buffer.from(`${version.digest} ${tag}`))
      const [content, known] = [contents.get(version.digest), labels.get(version.digest)]
      if (content !== undefined) contents.set(digest, content)
      if (known !== undefined) labels.set(digest, known)
      return { ...version, id: -1 - at - nth * placed.length, digest, tags: [tag] }
    })
  )
  const versions = [...inventory.versions.filter(({ id }) => !ours.has(id)), ...apart]
  const split = { ...inventory, versions, contents }
  const { input, resolution } = evaluate(split, { ...policy, grace: 0 }, { ...usage, labels }, now)
  const { deleted, lastTagged } = resolution
  const stays = ({ digest }: PackageVersion): boolean => {
    const place = input.graph.find(digest)
    return place === undefined || !(deleted.has(place) || place === lastTagged)
  }
  return new Set(apart.filter(stays).flatMap(({ tags }) => tags))
}
