import * as z from 'zod'
import { orFailure } from '../errors.ts'
import type { Owner } from '../model/package.ts'
import { explaining, parseAnswer } from './failure.ts'
import type { PackageRequests } from './package-requests.ts'

const Membership = z.object({ state: z.string(), role: z.string() })

/**
 * Why the list of an owner's packages may lack some: GitHub leaves out, without a word, what the token's user may not see.
 * Only a user's own token, and that of an owner of the organization, see every package. The role takes `read:org`.
 * (docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user)
 *
 * @returns a phrase; undefined where the list has them all
 */
export async function whyUnseen(
  { login, kind }: Owner,
  read: PackageRequests['read']
): Promise<string | undefined> {
  if (kind === 'self') return undefined
  if (kind === 'user') return `only ${login} is sure to see all packages of ${login}`
  const what = `Asking for the role in ${login}`
  const membership = await orFailure(() =>
    explaining(what, {}, async () => {
      const { data } = await read(`/user/memberships/orgs/${encodeURIComponent(login)}`)
      return parseAnswer(Membership, data, `the role in ${login}`)
    })
  )
  if ('problem' in membership) {
    return `GitHub does not say whether this token is of an owner of ${login}, who sees all its packages`
  }
  // Who was invited as an owner is none yet.
  const isOwner = membership.state === 'active' && membership.role === 'admin'
  return isOwner ? undefined : `only owners of ${login} are sure to see all its packages`
}

/** Whose token sees all packages of the owner, and with which scopes: the object of "give". */
export function tokenThatSees({ login, kind }: Owner): string {
  return kind === 'organization'
    ? `a classic token of an owner of ${login} with \`read:packages\`, \`delete:packages\` and \`read:org\``
    : `a classic token of ${login} with \`read:packages\` and \`delete:packages\``
}
