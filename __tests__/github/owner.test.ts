import { expect, it } from '@jest/globals'
import { ExpectedError } from '../../src/errors.ts'
import { findOwner } from '../../src/github/owner.ts'
import type { TokenKind } from '../../src/github/token.ts'
import { type Answer, connect, serve } from './server.ts'

/** Asks a GitHub that knows one account, and says whose the token is. */
async function find(account: Answer, self: Answer, kind: TokenKind) {
  await using server = await serve(request => (request.url === '/user' ? self : account))
  const { octokit } = connect(server)
  const found = await findOwner(octokit, 'Acme', kind)
  return { ...found, asked: server.received.map(({ url }) => url) }
}

const user: Answer = [200, { login: 'Acme', type: 'User' }, { 'x-oauth-scopes': 'read:packages' }]
const acme: Answer = [200, { login: 'ACME', type: 'User' }]
const other: Answer = [200, { login: 'bob', type: 'User' }]
const nobody: Answer = [403, { message: 'Resource not accessible by integration' }]

it.each<[string, Answer, TokenKind, Answer, object]>([
  [
    'an organization',
    [200, { login: 'Acme', type: 'Organization' }],
    'classic',
    acme,
    { kind: 'organization' }
  ],
  ["T-38 the token's own user", user, 'classic', acme, { kind: 'self' }],
  ['T-38 another user', user, 'oauth', other, { kind: 'user' }],
  ['T-38 a user, asked with GITHUB_TOKEN', user, 'installation', acme, { kind: 'user' }],
  ['a user, asked with a token that is nobody', user, 'unknown', nobody, { kind: 'user' }]
])('finds %s', async (_, account, kind, self, expected) => {
  const { owner, asked } = await find(account, self, kind)
  expect(owner).toEqual({ login: 'Acme', ...expected })
  expect(asked.includes('/user')).toBe(owner.kind !== 'organization' && kind !== 'installation')
})

it('hands on the scopes of a token that has some', async () => {
  expect((await find(user, other, 'classic')).scopes).toBe('read:packages')
  expect((await find(acme, other, 'installation')).scopes).toBeUndefined()
})

it.each<[string, Answer, Answer, string]>([
  [
    'nobody has the login',
    [404, { message: 'Not Found' }],
    acme,
    'Nobody has the login in the input `owner`'
  ],
  ['the token is not valid', [401, { message: 'Bad credentials' }], acme, 'The `token` is wrong'],
  ['it is neither', [200, { login: 'Acme', type: 'Bot' }], acme, 'but a Bot'],
  ['GitHub cannot tell whose the token is', user, [502, {}], 'HTTP 502']
])('says so when %s', async (_, account, self, message) => {
  const found = find(account, self, 'classic')
  await expect(found).rejects.toBeInstanceOf(ExpectedError)
  await expect(found).rejects.toThrow(message)
})
