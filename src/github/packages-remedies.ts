import { ExpectedError } from '../errors.ts'
import type { Owner, Package } from '../model/package.ts'
import { code, count, formatNumber, some } from '../util/format.ts'
import { readme, troubleshooting } from '../util/links.ts'
import { nearest } from '../util/suggest.ts'
import { PER_PAGE } from './lists.ts'
import type { Capacity } from './rate-limit/governor.ts'

/** Requests an hour of a personal token, as GitHub publishes them. */
const PERSONAL_QUOTA = 5_000

/** @throws ExpectedError when no run of this time and patience could list the package: it takes too many requests */
export function refuseTooLarge({ name, versionCount = 0 }: Package, { perHour, hours }: Capacity): void {
  const needed = Math.ceil(versionCount / PER_PAGE)
  if (perHour === undefined || needed <= perHour * hours) return
  const token =
    perHour < PERSONAL_QUOTA / 2
      ? `A classic token has ${formatNumber(PERSONAL_QUOTA)} requests an hour${needed > PERSONAL_QUOTA ? '' : ', which is enough'}. `
      : ''
  throw new ExpectedError(
    `Listing ${name} alone takes ${formatNumber(needed)} API requests, and \`reserve-requests\` leaves it ` +
      `${formatNumber(perHour)} an hour, so no run could ever finish it. ${token}You can also let the run wait for ` +
      `${count(Math.ceil(needed / perHour), 'hour')} of quota: \`patience: 1h\` and a \`time-limit\` (and ` +
      '`timeout-minutes` of the job) that are long enough.'
  )
}

/** How the packages of a run were asked for, as far as messages need it. */
export interface AskedFor {
  /** The name that was taken because the input names none. */
  readonly guessed: string | undefined
  /** What can only be found in a list, as the subject of a sentence; undefined where every package is named. */
  readonly patterns: string | undefined
  /** False where the token is known to be one that may not list packages. */
  readonly mayList: boolean
}

export const NOTHING_ASKED: AskedFor = { guessed: undefined, patterns: undefined, mayList: true }

/** What to do where a token may not list packages. */
export function noListing({ patterns = 'A list of packages' }: Pick<AskedFor, 'patterns'>): string {
  return (
    `${patterns} needs a token that may list packages: a personal access token (classic) with the scope ` +
    `\`read:packages\`. With GITHUB_TOKEN, name every package in full: ${readme('tokens-and-permissions')}`
  )
}

/** What to do where a token may not read a package. */
export const NO_SIGHT =
  'This token may not read it: give the job `permissions: packages: write` and this repository access under ' +
  '"Manage Actions access" in the settings of the package, or a classic token the scope `read:packages`: ' +
  readme('tokens-and-permissions')

/**
 * What to do where GitHub does not find a package; it says the same where the token may not see it.
 *
 * @param names of packages that the owner has, as far as they are known
 */
export function notFound(name: string, owner: Owner, asked: AskedFor, names: readonly string[]): string {
  const access = asked.mayList
    ? 'a classic token needs the scope `read:packages`'
    : "this repository needs the role Admin in the package's Manage Actions access"
  return (
    `It does not exist, or this token may not see it: ${hint(name, owner, asked.guessed, names)} If it is there, ${access}; if it ` +
    `was deleted, \`mode: restore\` with \`restore: package\` restores it; if it may be absent, write \`${name}?\`. ` +
    troubleshooting('a-package-is-not-found')
  )
}

/** The same for several packages, of which none is found. */
export function noneFound(
  lost: readonly string[],
  owner: Owner,
  { mayList }: AskedFor,
  names: readonly string[]
): string {
  const access = mayList
    ? 'a classic token needs the scope `read:packages`'
    : 'this repository needs the role Admin in the Manage Actions access of each'
  const near = [...new Set(lost.flatMap(name => nearName(name, names) ?? []))]
  const check =
    near.length > 0
      ? `did you mean ${listed(near.map(code))} in \`packages\`?`
      : `check \`packages\`, where a space separates names, and each is what follows \`${owner.login.toLowerCase()}/\` in \`docker pull\`.`
  return (
    `GitHub finds none of these ${lost.length} packages of ${owner.login} (HTTP 404). They do not exist, or this token may not see ` +
    `them: ${check} If they are there, ${access}; if they were deleted, \`mode: restore\` with \`restore: package\` restores each; ` +
    `if they may be absent, write \`${lost[0]}?\`. ${troubleshooting('a-package-is-not-found')}`
  )
}

/** `a and b`, or some of more. */
function listed(names: readonly string[]): string {
  return names.length === 2 ? names.join(' and ') : some(names, 5)
}

function hint(name: string, owner: Owner, guessed: string | undefined, names: readonly string[]): string {
  if (/^(?:all|any|every|everything)$/.test(name))
    return 'for all packages, write `**`, which needs a classic token.'
  const near = nearName(name, names)
  if (name === guessed) {
    const there = near === undefined ? '' : `, such as \`${near}\``
    return `\`packages\` is empty, so this run took the repository's name, \`${name}\`, and needs the package's name there${there}.`
  }
  if (near !== undefined) return `did you mean \`${near}\` in \`packages\`?`
  const prefix = `${owner.login.toLowerCase()}/`
  return name.toLowerCase().startsWith(prefix)
    ? `write the name in \`packages\` without the owner, \`${name.slice(prefix.length)}\`.`
    : `check \`packages\`, which takes what follows \`${prefix}\` in \`docker pull\`.`
}

/** The package that was meant: the only one with the same last part, or one that is spelt nearly so. */
function nearName(name: string, names: readonly string[]): string | undefined {
  const last = (path: string): string | undefined => path.split('/').at(-1)
  const others = names.filter(one => one !== name)
  const same = others.filter(one => last(one) === last(name))
  return same.length === 1 ? same[0] : nearest(name, others)
}

/** The failure that an answer about something else is. */
export function otherThanAsked(asked: string, answered: string): ExpectedError {
  return new ExpectedError(
    `GitHub was asked for ${asked} and answered with ${answered}. The answer is not used.`
  )
}
