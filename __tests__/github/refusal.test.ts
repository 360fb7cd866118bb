import { expect, test } from '@jest/globals'
import { RequestError } from '@octokit/request-error'
import { explain } from '../../src/github/failure.ts'
import { unprovenRights } from '../../src/github/token.ts'
import { inBounds } from '../helpers/in-bounds.ts'
import { somePackage } from '../helpers/make.ts'

const said = (status: number, message: string, headers: Record<string, string> = {}): string => {
  const request = { method: 'GET' as const, url: 'https://api.github.com/x', headers: {} }
  const response = { status, url: request.url, headers, data: { message }, retryCount: 0 }
  const error = new RequestError(message, status, { request, response })
  return (explain(error, 'Reading it', { 403: 'Grant it.', 404: 'Not found.' }) as Error).message
}

test('a message of megabytes is cut, and searched in no time', () => {
  for (const unit of ['account ', 'x']) {
    const sentence = inBounds(() => said(403, unit.repeat(8_000_000 / unit.length)))
    expect(sentence.length).toBeLessThan(2_000)
    expect(sentence).toMatch(/…\). Grant it\.$/)
  }
})

test('SAML: the address at which the token is authorized comes from the header, if it is such a page', () => {
  const message = 'Resource protected by organization SAML enforcement. You must grant your token access.'
  const address = 'https://github.com/orgs/octo/sso?authorization_request=ABC-12_3'
  expect(said(403, message, { 'x-github-sso': `required; url=${address}` })).toMatch(
    /authorize the token at https:\/\/github\.com\/orgs\/octo\/sso\?authorization_request=ABC-12_3$/
  )
  expect(said(404, 'Not Found', { 'x-github-sso': `required; url=${address}` })).toContain(address)
  const strange = said(403, message, { 'x-github-sso': 'required; url=javascript:alert(1)' })
  expect(strange).toContain('choose "Configure SSO" next to the token')
  expect(strange).not.toContain('javascript')
})

test.each([
  [
    'Although you appear to have the correct authorization credentials, the `octo` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.',
    'a runner whose address is on its IP allow list'
  ],
  [
    '`octo` forbids access via a personal access token (classic). Please use a GitHub App.',
    'leave `token` out to use GITHUB_TOKEN'
  ],
  ['Sorry. Your account was suspended', 'https://support.github.com'],
  ['Repository access blocked', 'https://support.github.com'],
  ['Resource not accessible by integration', 'Grant it.']
])('403 %s', (message, remedy) => {
  expect(said(403, message)).toContain(remedy)
})

test('a dry run with GITHUB_TOKEN says what it cannot show, and where it is set', () => {
  expect(unprovenRights('installation', somePackage)).toMatch(
    /cannot show whether deleting is allowed\..* at https:\/\/github\.com\/orgs\/acme\/packages\/container\/app\/settings$/
  )
  expect(unprovenRights('classic', somePackage)).toBeUndefined()
})
