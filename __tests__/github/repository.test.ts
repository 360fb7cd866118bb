import { describe, expect, test } from '@jest/globals'
import { createRepository } from '../../src/github/repository.ts'
import { type Answer, connect, serve } from './server.ts'

const ref = (name: string) => ({ ref: name, node_id: 'x', url: 'https://x', object: { sha: '0'.repeat(40) } })

test('R-13: all git tags come with one request, which is not paged', async () => {
  const tags = Array.from({ length: 3_000 }, (_, n) => ref(`refs/tags/v0.${n}.0`))
  await using server = await serve(() => [200, [...tags, ref('refs/tagsoup/x'), ref('refs/tags/a/b')]])
  const found = await createRepository(connect(server).octokit, 'acme/app').gitTags()
  expect(found).toHaveLength(3_001)
  expect(found.slice(-2)).toEqual(['v0.2999.0', 'a/b'])
  expect(server.received.map(({ url }) => url)).toEqual(['/repos/acme/app/git/matching-refs/tags'])
})

test('an empty repository has no tags', async () => {
  await using server = await serve(() => [409, { message: 'Git Repository is empty.' }])
  expect(await createRepository(connect(server).octokit, 'acme/app').gitTags()).toEqual([])
})

test('law 3: a repository that is called empty and has branches may have tags', async () => {
  await using server = await serve(({ url }) =>
    url.endsWith('/heads') ? [200, [ref('refs/heads/main')]] : [409, { message: 'Git Repository is empty.' }]
  )
  const repository = createRepository(connect(server).octokit, 'acme/app')
  await expect(repository.gitTags()).rejects.toThrow(/^Reading the git tags of acme\/app failed/)
  await expect(repository.releaseTags()).rejects.toThrow(/^Reading the releases of acme\/app failed/)
  await expect(repository.openPullRequests()).rejects.toThrow(/^Reading the open pull requests of acme\/app/)
})

test('law 3: refs go on where a server names a next page, and end where it only repeats one', async () => {
  await using server = await serve(({ url }, _, home): Answer => {
    const link = `<${home}/repositories/7/git/matching-refs/heads?page=2>; rel="next"`
    return [200, [ref(url.includes('page=2') ? 'refs/heads/zeta' : 'refs/heads/main')], { link }]
  })
  const branches = await createRepository(connect(server).octokit, 'acme/app').branches()
  expect(branches.map(({ name }) => name)).toEqual(['main', 'zeta'])
  expect(server.received).toHaveLength(3)
})

test('published releases of all pages, each tag once, drafts left out', async () => {
  const release = (tag_name: string, draft = false) => ({ tag_name, draft, prerelease: false })
  await using server = await serve(({ url }, _, home): Answer => {
    if (url.includes('page=2')) return [200, [release('v1.0.0'), release('v2.0.0')]]
    const link = `<${home}/repositories/7/releases?per_page=100&page=2>; rel="next"`
    return [200, [release('v3.0.0', true), release('v2.0.0')], { link }]
  })
  expect(await createRepository(connect(server).octokit, 'acme/app').releaseTags()).toEqual([
    'v2.0.0',
    'v1.0.0'
  ])
})

describe('R-07: no failure is an empty list', () => {
  const answers: readonly Answer[] = [
    [401, { message: 'Bad credentials' }],
    [403, { message: 'Resource not accessible by integration' }],
    [404, { message: 'Not Found' }],
    [409, { message: 'Conflict' }],
    [500, {}],
    [200, { not: 'a list' }],
    [200, [{}]]
  ]
  test.each(answers.map(answer => [answer] as const))('%j', async answer => {
    await using server = await serve(() => answer)
    const repository = createRepository(connect(server).octokit, 'acme/app')
    await expect(repository.gitTags()).rejects.toThrow(/^Reading the git tags of acme\/app failed/)
    await expect(repository.releaseTags()).rejects.toThrow(/^Reading the releases of acme\/app failed/)
    await expect(repository.defaultBranch()).rejects.toThrow(
      /^Reading the default branch of acme\/app failed/
    )
  })

  test.each(['', 'app', 'a/b/c'])('a repository called "%s"', async name => {
    await using server = await serve(() => [200, []])
    const repository = createRepository(connect(server).octokit, name)
    await expect(repository.gitTags()).rejects.toThrow(/GITHUB_REPOSITORY/)
    expect(server.received).toEqual([])
  })
})
