import { orFailure } from '../../errors.ts'
import { type LoadedPackage, repositoryOf } from '../../inventory/load.ts'
import { askMovable } from '../../inventory/moved-tags.ts'
import { newestOf } from '../../inventory/newest.ts'
import type { Plan } from '../../model/decision.ts'
import type { Digest } from '../../model/digest.ts'
import type { PackageVersion } from '../../model/package.ts'
import { keptOnPlaceholder } from '../../report/placeholder-phrases.ts'
import { type ApplyContext, urgently } from '../apply.ts'
import type { Performed } from '../execute.ts'

/** The placeholders of a run that nobody has seen gone. */
export interface Leftovers {
  /** A placeholder was put under a tag, or may have been. */
  readonly add: (placeholder: Digest) => void
  /** A row of one, as it was read on the way. */
  readonly saw: (row: PackageVersion) => void
  /** Deletes one, and knows then that it is gone. */
  readonly removing: (
    remove: (version: PackageVersion) => Promise<Performed>
  ) => (version: PackageVersion) => Promise<Performed>
  /**
   * Looks which tags of somebody's are on those that stay, whatever the reason: as long as they are there, no run removes
   * these. Throws nothing that was foreseen.
   *
   * @returns sentences, each of which makes the run red
   */
  readonly tell: () => Promise<string[]>
}

/** What is known of a placeholder that stays. */
interface Left {
  id?: number
  /** Somebody's. */
  tags: Set<string>
  /** Whether any row of it was read since the last that was asked for. */
  isShown: boolean
}

/** @param plan the tags that it strips are nobody's loss */
export function leftoversOf({ steps }: Plan, loaded: LoadedPackage, scope: ApplyContext): Leftovers {
  const { versions } = loaded.inventory
  const stripped = new Set(steps.flatMap(step => (step.action === 'untag' ? [step.tag] : [])))
  const left = new Map<Digest, Left>()

  const saw = ({ id, digest, tags }: PackageVersion): void => {
    const one = left.get(digest)
    if (one === undefined) return
    one.id = id
    one.isShown = true
    for (const tag of tags) if (!stripped.has(tag)) one.tags.add(tag)
  }

  /** Any of GitHub's rows, and the registry: each of them may lag, and one that shows a tag is enough. */
  async function look(): Promise<void> {
    const { pkg, context } = urgently(scope)
    const { packages, registry } = context
    const rows = await orFailure(() => newestOf(pkg, loaded.listing, packages))
    if (!('problem' in rows)) for (const row of rows) saw(row)
    for (const { id } of left.values()) {
      if (id === undefined) continue
      const single = await orFailure(() => packages.version(pkg, id))
      if (!('problem' in single) && single.seen !== undefined) saw(single.seen)
    }
    const heads = await orFailure(() => askMovable(versions, registry, repositoryOf(pkg)))
    if ('problem' in heads) return
    for (const [tag, head] of heads) {
      if (head.state === 'found' && !stripped.has(tag)) left.get(head.digest)?.tags.add(tag)
    }
  }

  const wasOn = (tag: string): Digest | undefined => {
    const [holder, ...others] = versions.filter(({ tags }) => tags.includes(tag))
    return others.length === 0 ? holder?.digest : undefined
  }

  return {
    add: placeholder => {
      left.set(placeholder, { tags: new Set(), isShown: false })
    },
    saw,
    removing: remove => async version => {
      const removed = await remove(version)
      if (removed.status === 'done' || removed.status === 'already') left.delete(version.digest)
      return removed
    },
    async tell() {
      if (left.size === 0) return []
      const before = new Map([...left].map(([digest, { tags }]) => [digest, tags]))
      for (const one of left.values()) Object.assign(one, { tags: new Set(), isShown: false })
      await look()
      return [...left].flatMap(([digest, { id, tags, isShown }]) => {
        // Where nobody could look, what was seen before is all that is known.
        const all = [...tags.union((isShown ? undefined : before.get(digest)) ?? new Set<string>())]
        const version = id === undefined ? { digest } : { id, digest }
        return all.length === 0 ? [] : [keptOnPlaceholder(all, version, wasOn)]
      })
    }
  }
}
