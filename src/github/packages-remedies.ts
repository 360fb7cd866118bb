import { ExpectedError } from '../errors.ts'
import type { Owner } from '../model/package.ts'
import { count, formatNumber } from '../util/format.ts'
import { readme, troubleshooting } from '../util/links.ts'

/** Requests an hour of a personal token, as GitHub publishes them. */
const PERSONAL_QUOTA = 5_000

/** The refusal of a package whose list takes more requests than any run has; `perHour` is what the token has. */
export function tooLarge(name: string, needed: number, perHour: number): ExpectedError {
  const token =
    perHour < PERSONAL_QUOTA / 2
      ? `A classic token has ${formatNumber(PERSONAL_QUOTA)} requests an hour${needed > PERSONAL_QUOTA ? '' : ', which is enough'}. `
      : ''
  return new ExpectedError(
    `Listing ${name} alone takes ${formatNumber(needed)} API requests, and \`reserve-requests\` leaves it ` +
      `${formatNumber(perHour)} an hour, so no run could ever finish it. ${token}You can also let the run wait for ` +
      `${count(Math.ceil(needed / perHour), 'hour')} of quota: \`patience: 1h\` and a \`time-limit\` (and ` +
      '`timeout-minutes` of the job) that are long enough.'
  )
}

/** What to do where a token may not list packages. */
export const NO_LISTING =
  'Patterns in `packages` need a token that may list packages: a personal access token (classic) with the scope ' +
  `\`read:packages\`. With GITHUB_TOKEN, name every package in full: ${readme('tokens-and-permissions')}`

/** What to do where a token may not read a package. */
export const NO_SIGHT =
  'This token may not read it: give the job `permissions: packages: write` and this repository access under ' +
  '"Manage Actions access" in the settings of the package, or a classic token the scope `read:packages`: ' +
  readme('tokens-and-permissions')

/**
 * What to do where GitHub does not find a package; it says the same where the token may not see it.
 *
 * @param guessed the name that was taken because the input names none
 */
export function notFound(name: string, owner: Owner, guessed: string | undefined): string {
  const prefix = `${owner.login.toLowerCase()}/`
  const unprefixed = name.toLowerCase().startsWith(prefix) ? name.slice(prefix.length) : undefined
  const meant =
    unprefixed === undefined
      ? `In \`packages\`, write what follows "${prefix}" in \`docker pull\`, such as "app/api".`
      : `Write the name without the owner: "${unprefixed}".`
  const taken =
    name === guessed
      ? `\`packages\` is empty, so this run took the repository's name, \`${name}\`. Write the package's name there, even if it is this one. `
      : ''
  return (
    `It does not exist, or this token may not see it. ${taken}${meant} Otherwise, this repository needs the role Admin in the ` +
    "package's Manage Actions access; a classic token needs the scope `read:packages`. If it was deleted, `mode: restore` " +
    `with \`restore: package\` restores it. If it may be absent, write \`${name}?\`. ${troubleshooting('a-package-is-not-found')}`
  )
}
