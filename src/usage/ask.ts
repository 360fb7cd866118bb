import { ExpectedError, orRefusal } from '../errors.ts'
import type { Repository } from '../github/repository.ts'
import type { Clock } from '../model/clock.ts'
import type { ProtectSource } from '../model/decision.ts'
import { isUserTag } from '../model/digest.ts'
import type { Package, PackageVersion } from '../model/package.ts'
import { emptyUsage, type InUse, type Usage } from '../model/usage.ts'
import { type ExpectRules, protectedBy } from '../policy/expected-tags.ts'
import type { Policy } from '../policy/rule.ts'
import { askForCommits } from '../policy/tag-values.ts'
import { present } from '../util/present.ts'
import { believable } from './believable.ts'
import { namedByBranches, namedByGitTags, namedByPullRequests } from './git-names.ts'
import { type Reference, referencesTo } from './references.ts'

/** What is said about images elsewhere: what is in use, and how pull requests, branches and git tags stand. */
export interface UsageRead {
  readonly usage: Usage
  /** What could not be found out, so that rules about it match nothing: sentences that make the run red. */
  readonly errors: readonly string[]
}

/** Asks for one package. @throws ExpectedError when what is in use cannot be found out: nothing may be decided */
export type ReadUsage = (
  pkg: Package,
  policy: Policy,
  versions: readonly PackageVersion[]
) => Promise<UsageRead>

/** What is to be asked. */
interface Questions {
  readonly protect: readonly ProtectSource[]
  readonly references: readonly Reference[]
  /** Does what may take however long. @throws when `time-limit` is over */
  readonly inLimit: <T>(work: () => T) => T
  readonly requiredTags: readonly string[]
  /** The derivations of a check, which would else rebuild what is deleted. */
  readonly expectationsOf: (packageName: string) => Derivation
  /** `owner/name` of a further repository whose git tags and releases protect. */
  readonly tagsRepository?: string | undefined
}

/** How a check gets from git tags to image tags. */
type Derivation = Pick<ExpectRules, 'gitTags' | 'imageTags'>

/**
 * Gives the function that asks. Each repository is asked each thing once, however many packages want to know it, and
 * only what somebody wants to know.
 *
 * The package's own repository is the one that its policy names, else the one that it is linked to. What rules match
 * is asked of that one, because numbers and names mean something else in every repository; what protects is also asked
 * of the repository whose workflow runs, unless the policy names one.
 *
 * @param open gives a repository by `owner/name`
 */
export function usageReader(
  questions: Questions,
  home: Repository,
  open: (name: string) => Repository,
  clock: Clock
): ReadUsage {
  const opened = new Map<string, Repository>()
  const repositoryOf = (name: string): Repository => {
    const key = name.toLowerCase()
    const known = opened.get(key) ?? believable(key === home.name.toLowerCase() ? home : open(name), clock)
    opened.set(key, known)
    return known
  }
  const { tagsRepository } = questions
  const upstream = (source: ProtectSource): Repository[] =>
    tagsRepository !== undefined && (source === 'git-tags' || source === 'releases')
      ? [repositoryOf(tagsRepository)]
      : []
  const required = questions.requiredTags.map(tag => ({ by: 'the input `required-tags`', tag }))
  return async (pkg, policy, versions) => {
    const tags = [...new Set(versions.flatMap(version => version.tags.filter(isUserTag)))]
    const name = policy.repository ?? pkg.repository
    const own = name === undefined ? undefined : repositoryOf(name)
    const { usage, errors } = await askFacts(policy, tags, own ?? unlinked(pkg))
    const inUse = [
      ...questions.inLimit(() => referencesTo(questions.references, pkg.name, tags)),
      ...required
    ]
    if (questions.protect.length > 0) {
      const guards =
        policy.repository === undefined
          ? [own ?? unlinked(pkg), repositoryOf(home.name)]
          : [repositoryOf(policy.repository)]
      const derivation = questions.expectationsOf(pkg.name)
      const named = questions.protect.flatMap(source => {
        const repositories = new Set([...guards, ...upstream(source)])
        return [...repositories].map(repository => NAMED[source](repository, tags, derivation))
      })
      for (const one of (await Promise.all(named)).flat()) inUse.push(one)
    }
    return { usage: { ...emptyUsage, ...usage, inUse }, errors }
  }
}

/** Stands for the repository of a package that is linked to none: nothing is known of it. */
function unlinked({ name, url }: Package): Repository {
  const fails = async (): Promise<never> => {
    throw new ExpectedError(
      `The package ${name} is linked to no repository that the token may see, so it is unknown whose branches, git tags and ` +
        `pull requests count. Connect it on its page${url === '' ? '' : ` (${url})`}, or give its entry in the ` +
        'policy `repository: owner/name`.'
    )
  }
  return {
    name: '',
    gitTags: fails,
    tagCommits: fails,
    releaseTags: fails,
    branches: fails,
    openPullRequests: fails,
    pullRequests: fails,
    defaultBranch: fails
  }
}

/** What a source in a repository names among these tags. */
const NAMED: Readonly<
  Record<
    ProtectSource,
    (repository: Repository, tags: readonly string[], derivation: Derivation) => Promise<InUse[]>
  >
> = {
  'git-tags': async (repository, tags, derivation) =>
    namedByTags('git tag', repository, await repository.gitTags(), tags, derivation),
  releases: async (repository, tags, derivation) =>
    namedByTags('release', repository, await repository.releaseTags(), tags, derivation),
  branches: async (repository, tags) => namedByBranches(await repository.branches(), tags),
  'pull-requests': async (repository, tags) => namedByPullRequests(await repository.openPullRequests(), tags)
}

/** What a check could be satisfied with, and every other spelling of the names. */
async function namedByTags(
  source: string,
  repository: Repository,
  names: readonly string[],
  tags: readonly string[],
  derivation: Derivation
): Promise<InUse[]> {
  const commits = askForCommits(derivation.imageTags) ? await repository.tagCommits() : undefined
  return [...protectedBy(source, names, derivation, commits), ...namedByGitTags(source, names, tags)]
}

type Facts = Pick<Usage, 'pullRequests' | 'branches' | 'gitTags'>

/** What the rules of a policy want to know; what GitHub does not answer stays unknown, and matches nothing. */
async function askFacts(
  { rules }: Policy,
  tags: readonly string[],
  repository: Repository
): Promise<{ usage: Partial<Facts>; errors: string[] }> {
  const errors: string[] = []
  const ask = async <T extends object>(words: string, work: () => Promise<T>): Promise<T | undefined> => {
    const answer = await orRefusal(work)
    if (!('problem' in answer)) return answer
    errors.push(`Rules with ${words} matched nothing, because what they ask is not known. ${answer.sentence}`)
    return undefined
  }
  const byBranch = rules.some(({ match }) => match.branchDeleted === true)
  const byGitTag = rules.some(({ match }) => match.gitTagDeleted === true)
  const numbers = rules.flatMap(({ match }) =>
    match.pullRequest === undefined ? [] : numbersIn([...(match.tags?.scan(tags).values() ?? [])])
  )
  const [pullRequests, branches, gitTags] = await Promise.all([
    numbers.length > 0
      ? ask('`pull-request: closed`', () => repository.pullRequests([...new Set(numbers)]))
      : undefined,
    byBranch ? ask('`branch: deleted`', () => repository.branches()) : undefined,
    byGitTag
      ? ask('`git-tag: deleted`', () => someGitTags(repository))
      : byBranch
        ? ask('`branch: deleted`', () => repository.gitTags())
        : undefined
  ])
  return {
    usage: present<Partial<Facts>>({
      pullRequests,
      branches: branches && new Set(branches.map(({ name }) => name)),
      gitTags: gitTags && new Set(gitTags)
    }),
    errors: [...new Set(errors)].sort()
  }
}

function numbersIn(hits: readonly { readonly groups: Readonly<Record<string, string>> }[]): number[] {
  return hits.flatMap(({ groups: { pr = '' } }) => (/^\d{1,15}$/.test(pr) ? [Number(pr)] : []))
}

/** A repository with images of git tags has had some; that all of them are gone is not believed. */
async function someGitTags(repository: Repository): Promise<string[]> {
  const tags = await repository.gitTags()
  if (tags.length > 0) return tags
  throw new ExpectedError(
    `GitHub names no git tag of ${repository.name} at all. If that is right, select the images by \`tags\` alone.`
  )
}
