import type { RequestError } from '@octokit/request-error'
import { readme } from '../util/links.ts'

/**
 * What to do about a refusal whose reason GitHub tells, which is worth more than what the status alone suggests.
 *
 * @param message what GitHub says
 * @returns a sentence; undefined where GitHub gives no such reason
 */
export function statedRemedy(error: RequestError, message: string): string | undefined {
  const sso = ssoAddress(error)
  if (sso !== undefined) return `The organization asks for SAML single sign-on: authorize the token at ${sso}`
  return STATED.find(([pattern]) => pattern.test(message))?.[1]
}

const STATED: readonly (readonly [RegExp, string])[] = [
  [
    /SAML enforcement/i,
    'The organization asks for SAML single sign-on: at https://github.com/settings/tokens choose "Configure SSO" beside the token, and authorize it.'
  ],
  [
    /IP allow list/i,
    "The organization lets in listed addresses only, and this runner's is not among them: run the job on a runner whose " +
      'address is on its IP allow list, or have an owner add it.'
  ],
  [
    /forbids access via a (?:fine-grained )?personal access token/i,
    `The organization does not accept personal access tokens: leave \`token\` out to use GITHUB_TOKEN. See ${readme('tokens-and-permissions')}`
  ],
  [
    /\b(?:account|access|repository)\b.*\b(?:suspended|blocked|disabled)\b|\bblocked\b/i,
    'GitHub has blocked this account or repository, and only its support can change that: https://support.github.com'
  ]
]

/**
 * The address in the header `x-github-sso`: `required; url=https://github.com/orgs/octo/sso?authorization_request=…`.
 * Only GitHub's own page is passed on, since the text comes from outside.
 */
function ssoAddress({ response }: RequestError): string | undefined {
  const header = response?.headers['x-github-sso']
  const [, address] =
    /\burl=(https:\/\/[\w.-]+\/(?:orgs|enterprises)\/[\w-]+\/sso\?[\w=&%.-]+)/.exec(String(header)) ?? []
  return address
}
