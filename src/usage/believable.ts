import { ExpectedError } from '../errors.ts'
import { listTwice, PAUSE } from '../github/lists.ts'
import type { Repository } from '../github/repository.ts'
import type { Clock } from '../model/clock.ts'
import type { PullRequest } from '../model/usage.ts'
import { once } from '../util/concurrency.ts'

/**
 * The same repository, each of whose lists is read twice and checked against what else GitHub says about it: what a
 * list lacks counts as gone, and its images may be deleted. So what either look shows is there. Its functions throw
 * ExpectedError for a list that is visibly incomplete. Each thing is asked once, and remembered, failures too.
 */
export function believable(repository: Repository, clock: Clock): Repository {
  const twice =
    <Row>(look: () => Promise<Iterable<Row>>) =>
    () =>
      listTwice(look, clock)
  const releaseTags = twice(repository.releaseTags)
  const gitTags = twice(repository.gitTags)
  const branches = twice(repository.branches)
  return {
    name: repository.name,
    releaseTags: once(releaseTags),
    openPullRequests: once(twice(repository.openPullRequests)),
    tagCommits: once(() => commitsTwice(repository, clock)),
    defaultBranch: once(repository.defaultBranch),
    branches: once(async () => {
      const main = await repository.defaultBranch()
      const found = await branches()
      if (found.some(({ name }) => name === main)) return found
      throw incomplete(`branches of ${repository.name} lacks its default branch ${main}`)
    }),
    gitTags: once(async () => {
      // Releases first: a tag that comes with a release in between is in the later list.
      const released = await releaseTags()
      const tags = await gitTags()
      const names = new Set(tags)
      const lost = released.find(tag => !names.has(tag))
      if (lost === undefined) return tags
      throw incomplete(`git tags of ${repository.name} lacks ${lost}, which has a release`)
    }),
    pullRequests: eachOnce(async numbers => {
      const found = await repository.pullRequests(numbers)
      if (![...found.values()].some(({ state }) => state === 'closed')) return found
      await clock.sleep(PAUSE)
      // One that was reopened is open, whatever one answer says.
      const open = new Set((await repository.openPullRequests()).map(({ number }) => number))
      return new Map([...found].map(([number, one]) => [number, open.has(number) ? OPEN : one]))
    })
  }
}

/** The same, each of whose numbers is asked for once. */
function eachOnce(ask: Repository['pullRequests']): Repository['pullRequests'] {
  const known = new Map<number, Promise<PullRequest | undefined>>()
  return async numbers => {
    const unknown = numbers.filter(number => !known.has(number))
    const answer = ask(unknown)
    for (const number of unknown)
      known.set(
        number,
        answer.then(found => found.get(number))
      )
    const found = await Promise.all(numbers.map(async number => [number, await known.get(number)] as const))
    return new Map(found.flatMap(([number, one]) => (one === undefined ? [] : [[number, one] as const])))
  }
}

/** Every commit that either of two looks shows a git tag on: one may be from before it was moved. */
export async function commitsTwice(
  repository: Pick<Repository, 'tagCommits'>,
  clock: Clock
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await listTwice(repository.tagCommits, clock)
  const byName = Map.groupBy(rows, ([name]) => name)
  return new Map([...byName].map(([name, same]) => [name, same.flatMap(([, commits]) => commits)]))
}

const OPEN: PullRequest = { state: 'open' }

function incomplete(what: string): ExpectedError {
  return new ExpectedError(
    `GitHub's list of the ${what}, so the list is not complete. Run again; if this continues, look at the repository's page.`
  )
}
