import * as z from 'zod'
import { quote } from '../util/format.ts'
import { field, refuse, says } from './fields.ts'
import { isElsewhere } from './other-registries.ts'

/** What an input's text may be that says where something is: an owner, a repository, a file of one, a server. */

export const owner = z
  .string()
  .min(1, {
    abort: true,
    error: 'is empty, and so is GITHUB_REPOSITORY_OWNER. Name the organization or user.'
  })
  .regex(
    /^[A-Za-z0-9][\w-]*$/,
    says(given => {
      const [, name] = /^(?:https?:\/\/[^/]+\/(?:orgs\/)?)?@?([A-Za-z0-9][\w-]*)(?:\/.*)?$/.exec(given) ?? []
      return `is not the name of an organization or user. Write ${name === undefined ? 'it without a slash or an address' : `\`${name}\``}.`
    })
  )

/** `owner/name`. */
export const repository = field(given => {
  if (/^[\w-]+\/[\w.-]+$/.test(given)) return given
  const [, meant = 'owner/name'] =
    /^(?:\w+:\/\/)?(?:[^@/]+@)?[\w-]+(?:\.[\w-]+)+(?::\d+)?[/:]([\w-]+\/[\w.-]+?)(?:\.git)?(?:[/?#].*)?$/.exec(
      given
    ) ?? []
  return refuse(`${shown(given)} is not the name of a repository. Write \`${meant}\`.`)
})

/** A workflow by its file, or by its number. */
export const workflowFile = field(given => {
  if (/^[^/\\]+\.ya?ml$|^\d+$/.test(given)) return given
  const [file = ''] = /[^/\\]+\.ya?ml(?=[?#]|$)/.exec(given) ?? []
  const meant = file || (/^[\w-]+$/.test(given) ? `${given}.yml` : '')
  const cure =
    meant === ''
      ? 'the name of its file in .github/workflows, such as `build.yml`'
      : `\`${meant}\`, the name of its file in .github/workflows`
  return refuse(`${shown(given)} is not a workflow file. Write ${cure}.`)
})

/** The address may hold a password, and then it is not shown. */
function shown(given: string): string {
  return /:[^/]*@|\/\/[^/]*@/.test(given) && !given.startsWith('git@') ? 'The address' : quote(given)
}

const GITHUB_API = 'https://api.github.com'

/** GitHub's REST API, which of github.com has a host of its own and no path. */
export const apiAddress = field(given => {
  const host = URL.parse(/^\w+:\/\//.test(given) ? given : `https://${given}`)?.host
  const isGitHub = /^(?:(?:www\.|api\.)?github\.com|ghcr\.io)$/.test(host ?? '')
  if (!isGitHub || /^https?:\/\/api\.github\.com\/*$/i.test(given)) return checkAddress(given)
  return refuse(
    `${shown(given)} is not the address of GitHub's REST API. Write \`${GITHUB_API}\`, or leave the input out.`
  )
})

/** A registry's address, which is its host alone. */
export const hostAddress = field(given => {
  const checked = checkAddress(given, url => url.host)
  const { origin, hostname } = new URL(checked)
  if (isElsewhere(hostname))
    return refuse(
      `${quote(given)} is another registry than GitHub's. Write \`https://ghcr.io\`, or leave the input out.`
    )
  return checked === origin
    ? checked
    : refuse(`${quote(given)} has a path, and a registry has none. Write \`${origin}\`.`)
})

/** The registry, which is not where the web pages or the API are. */
export const registryAddress = field(given => {
  const host = URL.parse(/^\w+:\/\//.test(given) ? given : `https://${given}`)?.host
  if (/^(?:www\.|api\.)?github\.com$/.test(host ?? ''))
    refuse(
      `${shown(given)} is not the address of the container registry. Write \`https://ghcr.io\`, or leave the input out.`
    )
  return given
}).pipe(hostAddress)

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
    return refuse(`${quote(given)} has a part after \`?\` or \`#\`. Leave that part out.`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return refuse(`${quote(given)} would send the token unencrypted. Write \`https://\`.`)
  }
  return url.href.replace(/\/+$/, '')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
