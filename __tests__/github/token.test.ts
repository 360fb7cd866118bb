import { expect, it } from '@jest/globals'
import { ExpectedError } from '../../src/errors.ts'
import { lackingRights, lackingScopes, missingScopes, type Scope, tokenKind } from '../../src/github/token.ts'
import { readme } from '../../src/util/links.ts'
import { somePackage } from '../helpers/make.ts'

it.each([
  ['ghp_16C7e42F292c6912E7710c838347Ae178B4a', 'classic'],
  ['gho_16C7e42F292c6912E7710c838347Ae178B4a', 'oauth'],
  ['ghs_16C7e42F292c6912E7710c838347Ae178B4a', 'installation'],
  [
    `ghs_123456_${'eyJhbGciOi'.repeat(20)}.${'eyJpc3MiOi'.repeat(20)}.${'c2lnbmF0dX'.repeat(10)}`,
    'installation'
  ],
  ['16c7e42f292c6912e7710c838347ae178b4a1234', 'unknown'],
  ['anything that comes next year', 'unknown']
])('T-37 accepts the token %s', (token, kind) => {
  expect(tokenKind(token)).toBe(kind)
})

it.each([
  ['github_pat_11AAAAAAA0xyz_abc', 'fine-grained'],
  ['ghu_16C7e42F292c6912E7710c838347Ae178B4a', 'user token of a GitHub App']
])('T-37 refuses the token %s with the reason and the fix, and without printing it', (token, reason) => {
  const refuse = () => tokenKind(token)
  expect(refuse).toThrow(ExpectedError)
  expect(refuse).toThrow(reason)
  expect(refuse).toThrow('personal access token (classic)')
  expect(refuse).not.toThrow(token)
})

it.each<[string | undefined, Scope[], Scope[]]>([
  [undefined, ['delete:packages'], []],
  ['', ['read:packages'], ['read:packages']],
  ['repo, workflow', ['read:packages'], ['read:packages']],
  ['repo, write:packages', ['read:packages', 'delete:packages'], ['delete:packages']],
  ['delete:packages', ['read:packages', 'delete:packages'], ['read:packages']],
  ['read:packages,delete:packages', ['read:packages', 'delete:packages'], []],
  ['read:packages', ['write:packages'], ['write:packages']]
])('of the scopes %j, with %j needed, finds %j missing', (header, needed, missing) => {
  expect(missingScopes(header, needed)).toEqual(missing)
})

it('says what to grant and where', () => {
  const ghes = 'https://github.example.com'
  expect(lackingScopes(['read:packages', 'delete:packages'], ghes)).toBe(
    'The `token` lacks the scopes `read:packages` and `delete:packages`: grant them at ' +
      'https://github.example.com/settings/tokens, or use a token that has them. See ' +
      readme('tokens-and-permissions')
  )
  const job = lackingRights('installation', somePackage, ghes)
  expect(job).toContain('`permissions: packages: write`')
  expect(job).toContain('role Admin')
  expect(job).toContain('https://github.com/orgs/acme/packages/container/app/settings')
  expect(lackingRights('classic', somePackage, ghes)).toContain(`${ghes}/settings/tokens`)
  const either = lackingRights('unknown', somePackage, ghes)
  expect(either).toContain('`delete:packages`')
  expect(either).toContain('`permissions: packages: write`')
})
