import { quote } from '../../util/format.ts'
import { type Read, refuse, refuseText } from './read.ts'

/** What an input's text may be that says where something is: an owner, a repository, a file of one, a server. */

export const owner: Read<string> = given => {
  if (given === '') refuse('is empty, and so is GITHUB_REPOSITORY_OWNER. Name the organization or user.')
  if (/^[A-Za-z0-9][\w-]*$/.test(given)) return given
  const [, name] = /^(?:https?:\/\/[^/]+\/(?:orgs\/)?)?@?([A-Za-z0-9][\w-]*)(?:\/.*)?$/.exec(given) ?? []
  const meant = name === undefined ? 'it without a slash or an address' : `\`${name}\``
  return refuseText(given, `is not the name of an organization or user. Write ${meant}.`)
}

/** `owner/name`. */
export const repository: Read<string> = given => {
  if (/^[\w-]+\/[\w.-]+$/.test(given)) return given
  const [, meant = 'owner/name'] =
    /^(?:\w+:\/\/)?(?:[^@/]+@)?[\w-]+(?:\.[\w-]+)+(?::\d+)?[/:]([\w-]+\/[\w.-]+?)(?:\.git)?(?:[/?#].*)?$/.exec(
      given
    ) ?? []
  return refuse(`${shown(given)} is not the name of a repository. Write \`${meant}\`.`)
}

/** A workflow by its file, or by its number. */
export const workflowFile: Read<string> = given => {
  if (/^[^/\\]+\.ya?ml$|^\d+$/.test(given)) return given
  const [file = ''] = /[^/\\]+\.ya?ml(?=[?#]|$)/.exec(given) ?? []
  const meant = file || (/^[\w-]+$/.test(given) ? `${given}.yml` : '')
  const cure =
    meant === ''
      ? 'the name of its file in .github/workflows, such as `build.yml`'
      : `\`${meant}\`, the name of its file in .github/workflows`
  return refuse(`${shown(given)} is not a workflow file. Write ${cure}.`)
}

/** The address may hold a password, and then it is not shown. */
function shown(given: string): string {
  return /:[^/]*@|\/\/[^/]*@/.test(given) && !given.startsWith('git@') ? 'The address' : quote(given)
}

const GITHUB_API = 'https://api.github.com'

/** GitHub's REST API, which of github.com has a host of its own and no path. */
export const apiAddress: Read<string> = given => {
  const isGitHub = /^(?:(?:www\.|api\.)?github\.com|ghcr\.io)$/.test(hostIn(given))
  if (!isGitHub || /^https?:\/\/api\.github\.com\/*$/i.test(given)) return checkAddress(given)
  return refuse(
    `${shown(given)} is not the address of GitHub's REST API. Write \`${GITHUB_API}\`, or leave the input out.`
  )
}

/** A registry's address, which is its host alone. */
export const hostAddress: Read<string> = given => {
  const checked = checkAddress(given, url => url.host)
  const { origin, hostname } = new URL(checked)
  if (isElsewhere(hostname))
    return refuseText(
      given,
      `is another registry than GitHub's. Write \`https://ghcr.io\`, or leave the input out.`
    )
  return checked === origin
    ? checked
    : refuseText(given, `has a path, and a registry has none. Write \`${origin}\`.`)
}

/** The registry, which is not where the web pages or the API are. */
export const registryAddress: Read<string> = given => {
  if (/^(?:www\.|api\.)?github\.com$/.test(hostIn(given)))
    refuse(
      `${shown(given)} is not the address of the container registry. Write \`https://ghcr.io\`, or leave the input out.`
    )
  return hostAddress(given)
}

/** The host of an address, also of one that is written without `https://`; empty where there is none. */
function hostIn(given: string): string {
  return URL.parse(/^\w+:\/\//.test(given) ? given : `https://${given}`)?.host ?? ''
}

/** An address without a slash at its end. A token must not travel in the clear, except inside this machine. */
function checkAddress(given: string, bare: (url: URL) => string = () => given): string {
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    const meant = URL.parse(`https://${given}`)
    const cure =
      meant?.host.includes('.') && !meant.username
        ? `\`https://${bare(meant)}\``
        : 'it with `https://` in front'
    return refuse(`${shown(given)} is not an HTTP address. Write ${cure}.`)
  }
  if (url.username !== '' || url.password !== '') {
    // The text is not quoted, because there is a secret in it.
    return refuse(
      'The address contains a user or a password. Write it without them, and give the token as `token`.'
    )
  }
  if (url.search !== '' || url.hash !== '')
    return refuseText(given, `has a part after \`?\` or \`#\`. Leave that part out.`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return refuseText(given, `would send the token unencrypted. Write \`https://\`.`)
  }
  return url.href.replace(/\/+$/, '')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/** True for the host of a registry that people also push to, and that is not GitHub's. */
export function isElsewhere(host: string): boolean {
  return OTHERS.test(host)
}

const OTHERS =
  /^(?:(?:index\.|registry-1\.)?docker\.io|quay\.io|(?:\w+\.)?gcr\.io|mcr\.microsoft\.com|public\.ecr\.aws|registry\.gitlab\.com|docker\.pkg\.github\.com|.+\.(?:azurecr\.io|amazonaws\.com|pkg\.dev))$/
