import { describe, expect, test } from '@jest/globals'
import { BudgetError, ExpectedError } from '../../src/errors.ts'
import type { Repository } from '../../src/github/repository.ts'
import type { ProtectSource } from '../../src/model/decision.ts'
import { usageReader } from '../../src/usage/ask.ts'
import { somePackage as unlinked, version } from '../helpers/make.ts'
import { policyOf } from '../helpers/policies.ts'

/** What is asked of repositories, of which, and how often. */

const somePackage = { ...unlinked, repository: 'acme/app' }

function repositoryOf(name: string, facts: Partial<Repository> = {}) {
  const asked: string[] = []
  const noting =
    <A extends unknown[], T>(what: string, answer: (...given: A) => Promise<T>) =>
    (...given: A): Promise<T> => {
      asked.push([what, ...given.map(one => JSON.stringify(one))].join(' '))
      return answer(...given)
    }
  const repository: Repository = {
    name,
    tagCommits: noting('commits', facts.tagCommits ?? (async () => new Map([['v1.0.0', ['abc']]]))),
    gitTags: noting('git tags', facts.gitTags ?? (async () => ['v1.0.0'])),
    releaseTags: noting('releases', facts.releaseTags ?? (async () => [])),
    branches: noting('branches', facts.branches ?? (async () => [{ name: 'main', commit: 'abc' }])),
    openPullRequests: noting('open', facts.openPullRequests ?? (async () => [])),
    pullRequests: noting(
      'pulls',
      facts.pullRequests ?? (async () => new Map([[1, { state: 'closed' as const }]]))
    ),
    defaultBranch: async () => 'main'
  }
  return { repository, asked }
}

const questions = (...protect: ProtectSource[]) => ({
  protect,
  references: [],
  inLimit: <T>(work: () => T) => work(),
  expectationsOf: () => ({ gitTags: ['v*'], imageTags: ['{tag}', '{version}'] }),
  requiredTags: []
})

const CLOSED = { action: 'delete', match: { tags: '/^pr-(?<pr>\\d+)$/', 'pull-request': 'closed' } }
const NO_BRANCH = { action: 'delete', match: { tags: '/^(?<branch>.+)-x$/', branch: 'deleted' } }
const never = (name: string): Repository => {
  throw new Error(`${name} should not be opened`)
}

/** A clock whose pauses take no time. */
const AT_ONCE = { now: () => 0, sleep: async () => {} }

test('each thing is asked once, and each list twice, however many packages want to know it, and nothing that nobody wants', async () => {
  const { repository, asked } = repositoryOf('acme/app')
  const ask = usageReader(questions('git-tags'), repository, never, AT_ONCE)
  const policy = policyOf([CLOSED])
  const versions = [version('a', { tags: ['pr-1', 'pr-1-x'] }), version('b', { tags: ['pr-2'] })]
  await Promise.all([
    ask(somePackage, policy, versions),
    ask({ ...somePackage, name: 'web' }, policy, versions)
  ])
  await ask(somePackage, policy, [version('c', { tags: ['pr-2', 'pr-3'] })])
  expect(asked.sort()).toEqual([
    'git tags',
    'git tags',
    // After each answer that calls one closed, which another may contradict.
    'open',
    'open',
    'open',
    'pulls [1,2]',
    'pulls [3]',
    'pulls []',
    'releases',
    'releases'
  ])
})

test('what protects is asked of both repositories, what rules match of the one that the package is linked to', async () => {
  const home = repositoryOf('acme/app')
  const other = repositoryOf('acme/Other', { gitTags: async () => ['v2.0.0'] })
  const ask = usageReader(questions('git-tags'), home.repository, () => other.repository, AT_ONCE)
  const pkg = { ...somePackage, repository: 'acme/Other' }
  const { usage } = await ask(pkg, policyOf([CLOSED]), [version('a', { tags: ['pr-1'] })])
  expect(usage.inUse.map(({ by }) => by)).toEqual(
    expect.arrayContaining(['git tag v1.0.0', 'git tag v2.0.0'])
  )
  expect([home.asked, other.asked]).toEqual([
    ['releases', 'releases', 'git tags', 'git tags'],
    ['pulls [1]', 'open', 'releases', 'releases', 'git tags', 'git tags']
  ])
})

describe('law 3', () => {
  const fails = async (): Promise<never> => {
    throw new ExpectedError('It is raining.')
  }
  const versions = [version('a', { tags: ['gone-x', 'pr-1'] })]

  test('what is in use and cannot be asked stops the package', async () => {
    const { repository } = repositoryOf('acme/app', { openPullRequests: fails })
    const ask = usageReader(questions('pull-requests'), repository, never, AT_ONCE)
    await expect(ask(somePackage, policyOf([]), versions)).rejects.toThrow('It is raining.')
  })

  test('what rules ask and nobody answers stays unknown, and is told', async () => {
    const { repository } = repositoryOf('acme/app', { branches: fails, pullRequests: fails })
    const { usage, errors } = await usageReader(
      questions(),
      repository,
      never,
      AT_ONCE
    )(somePackage, policyOf([CLOSED, NO_BRANCH]), versions)
    expect([usage.branches, usage.pullRequests.size]).toEqual([undefined, 0])
    expect(errors).toEqual([
      'Rules with `branch: deleted` matched nothing, because what they ask is not known. It is raining.',
      'Rules with `pull-request: closed` matched nothing, because what they ask is not known. It is raining.'
    ])
  })

  test('that a repository has no branch at all is not believed', async () => {
    const { repository } = repositoryOf('acme/app', { branches: async () => [] })
    const ask = usageReader(questions(), repository, never, AT_ONCE)
    const { usage, errors } = await ask(somePackage, policyOf([NO_BRANCH]), versions)
    expect(usage.branches).toBeUndefined()
    expect(errors).toEqual([expect.stringMatching(/branches of acme\/app lacks its default branch main/)])
  })

  test('where there is no room for a request the package is left for the next run', async () => {
    const late = async (): Promise<never> => {
      throw new BudgetError('The quota is used up.')
    }
    const { repository } = repositoryOf('acme/app', { pullRequests: late })
    const ask = usageReader(questions(), repository, never, AT_ONCE)
    await expect(ask(somePackage, policyOf([CLOSED]), versions)).rejects.toThrow(BudgetError)
  })
})
