import type { Ref } from '../github/repository.ts'
import { gitNames } from '../model/tag.ts'
import type { InUse } from '../model/usage.ts'

// A tag is in use by the first that uses it: thousands of names may be spelled alike, and a tag that each of them uses is
// in the plan once.

/** The git tags or releases whose spelling a tag may be. @param source what people call them: `git tag`, `release` */
export function namedByGitTags(source: string, gitTags: readonly string[], tags: readonly string[]): InUse[] {
  const names = gitNames(gitTags)
  return tags.flatMap(tag =>
    names
      .find(tag)
      .slice(0, 1)
      .map(name => ({ by: `${source} ${name}`, tag }))
  )
}

/**
 * What branches name: the tag that build workflows make of the name, and the tag of the commit that the branch
 * stands on (`sha-1a2b3c4`, `main-1a2b3c4`).
 *
 * @param tags all user tags of the package
 */
export function namedByBranches(branches: readonly Ref[], tags: readonly string[]): InUse[] {
  return namedBy(
    branches.map(branch => ({ by: `branch ${branch.name}`, branch })),
    tags
  )
}

/**
 * What open pull requests name: every tag with their number (`pr-12`, `pr-12-1a2b3c4`), and what the branch that
 * they come from names.
 *
 * @param tags all user tags of the package
 */
export function namedByPullRequests(
  open: readonly { readonly number: number; readonly head: Ref }[],
  tags: readonly string[]
): InUse[] {
  const numbered = Map.groupBy(tags, tag =>
    Number(/(?:^|[-_.])(?:pr|pull|pull-request|mr)[-_.]?(\d+)(?:[-_.]|$)/i.exec(tag)?.[1])
  )
  const heads = open.map(({ number, head }) => ({ by: `pull request #${number}`, branch: head }))
  return [
    ...open.flatMap(({ number }) =>
      (numbered.get(number) ?? []).map(tag => ({ by: `pull request #${number}`, tag }))
    ),
    ...namedBy(heads, tags)
  ]
}

/** What branches name, in every spelling. @param heads each with what is said to use it */
function namedBy(
  heads: readonly { readonly by: string; readonly branch: Ref }[],
  tags: readonly string[]
): InUse[] {
  const names = gitNames(heads.map(({ branch }) => branch.name))
  const byName = Map.groupBy(heads, ({ branch }) => branch.name)
  const byCommit = Map.groupBy(heads, ({ branch }) => branch.commit.slice(0, SHORT))
  return tags.flatMap(tag => {
    const [name] = names.find(tag)
    const commit = commitIn(tag)
    const user =
      byName.get(name ?? '')?.[0] ??
      byCommit
        .get(commit?.slice(0, SHORT) ?? '')
        ?.find(({ branch }) => branch.commit.startsWith(commit ?? ''))
    return user === undefined ? [] : [{ by: user.by, tag }]
  })
}

/** How many digits of a commit git shows at least. */
const SHORT = 7

/** The commit that a tag ends in, whole or cut off as git does. */
function commitIn(tag: string): string | undefined {
  return /(?:^|[-_.])([0-9a-f]{7,40})$/i.exec(tag)?.[1]?.toLowerCase()
}
