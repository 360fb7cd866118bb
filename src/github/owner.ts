import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import type { Owner } from '../model/package.ts'
import { troubleshooting } from '../util/links.ts'
import type { Octokit } from './client.ts'
import { explaining, parseAnswer, statusOf } from './failure.ts'
import type { TokenKind } from './token.ts'

const Account = z.object({ login: z.string(), type: z.string() })

/**
 * Finds out whether a login is an organization, a user, or the user whom the token belongs to: each has
 * endpoints of its own, and only the last sees private packages. Meant as the first request of a run.
 * (docs.github.com/en/rest/users/users#get-a-user)
 *
 * @returns besides, `scopes`: what a classic or OAuth token may do; undefined for every other token
 * @throws ExpectedError when there is no such account, the token is not valid, or GitHub cannot tell
 */
export async function findOwner(octokit: Octokit, login: string, kind: TokenKind) {
  const { baseUrl } = octokit.request.endpoint.DEFAULTS
  const look = async () => {
    const response = await octokit.request('GET /users/{username}', { username: login })
    const account = parseAnswer(Account, response.data, `the owner ${login}`)
    if (account.login.toLowerCase() !== login.toLowerCase())
      throw new ExpectedError(
        `GitHub was asked for the owner "${login}" and answered with "${account.login}": write the one that you mean in the input \`owner\`.`
      )
    const scopes = response.headers['x-oauth-scopes']
    const owner: Owner = { login: account.login, kind: await ownerKind(octokit, account, kind) }
    return { owner, scopes }
  }
  // The first request of a run is where a wrong address shows.
  const otherwise =
    `Check that this runner reaches ${baseUrl} and that GitHub's REST API is there (the input \`api-url\`): ` +
    troubleshooting('github-or-the-registry-does-not-answer')
  return explaining(`Looking up the owner "${login}"`, { 404: nobody(baseUrl) }, look, otherwise)
}

/** A server of its own answers 404 to everything that is not below `/api/v3`. */
function nobody(baseUrl: string): string {
  const { host, pathname, origin } = new URL(baseUrl)
  const isOwnServer = !/^api\.(?:github\.com|[\w-]+\.ghe\.com)$/.test(host) && !pathname.startsWith('/api/v3')
  const owner = 'Nobody has the login in the input `owner`: check its spelling.'
  return isOwnServer
    ? `${owner} Or the address is not that of the REST API: GitHub Enterprise Server has it at \`api-url: ${origin}/api/v3\`.`
    : owner
}

async function ownerKind(
  octokit: Octokit,
  account: z.infer<typeof Account>,
  kind: TokenKind
): Promise<Owner['kind']> {
  if (account.type === 'Organization') return 'organization'
  if (account.type !== 'User') {
    throw new ExpectedError(
      `The input \`owner\` names "${account.login}", which is neither an organization nor a user but a ${account.type}.`
    )
  }
  // The workflow's own token is nobody's: GitHub answers 403 to the question.
  if (kind === 'installation') return 'user'
  return (await whose(octokit)) === account.login.toLowerCase() ? 'self' : 'user'
}

/** The login that the token acts for, in lower case; undefined when it acts for nobody. */
async function whose(octokit: Octokit): Promise<string | undefined> {
  try {
    const { data } = await octokit.request('GET /user')
    return parseAnswer(Account, data, 'the owner of the token').login.toLowerCase()
  } catch (error) {
    const status = statusOf(error)
    if (status === 403 || status === 404) return undefined
    throw error
  }
}
