import type { InUse } from '../policy/usage.ts'

/** A branch, and the commit that it stands on. */
interface Branch {
  readonly name: string
  readonly commit: string
}

/**
 * What branches name: the tag that build workflows make of the name, and the tag of the commit that the branch
 * stands on (`sha-1a2b3c4`, `main-1a2b3c4`).
 *
 * @param tags all user tags of the package
 */
export function namedByBranches(branches: readonly Branch[], tags: readonly string[]): InUse[] {
  return branches.flatMap(branch => namedByBranch(`branch ${branch.name}`, branch, tags))
}

/**
 * What open pull requests name: every tag with their number (`pr-12`, `pr-12-1a2b3c4`), and what the branch that
 * they come from names.
 *
 * @param tags all user tags of the package
 */
export function namedByPullRequests(
  open: readonly { readonly number: number; readonly head: Branch }[],
  tags: readonly string[]
): InUse[] {
  const numbered = new Map<number, string[]>()
  for (const tag of tags) {
    const [, number] = /(?:^|[-_.])(?:pr|pull|pull-request|mr)[-_.]?(\d+)(?:[-_.]|$)/i.exec(tag) ?? []
    if (number !== undefined) numbered.set(Number(number), [...(numbered.get(Number(number)) ?? []), tag])
  }
  return open.flatMap(({ number, head }) => {
    const by = `pull request #${number}`
    return [...(numbered.get(number) ?? []).map(tag => ({ by, tag })), ...namedByBranch(by, head, tags)]
  })
}

function namedByBranch(by: string, { name, commit }: Branch, tags: readonly string[]): InUse[] {
  const plain = name.replaceAll(/[^a-zA-Z0-9._-]+/g, '-').toLowerCase()
  return tags.filter(tag => tag.toLowerCase() === plain || isOfCommit(tag, commit)).map(tag => ({ by, tag }))
}

/** True for a tag that ends in the commit, whole or cut off as git does. */
function isOfCommit(tag: string, commit: string): boolean {
  const [, short] = /(?:^|[-_.])([0-9a-f]{7,40})$/.exec(tag) ?? []
  return short !== undefined && commit.startsWith(short)
}
