import { quote } from '../util/format.ts'
import { field, refuse } from './fields.ts'

/** An address without a slash at its end. A token must not travel in the clear, except inside this machine. */
export const address = field(checkAddress)

/** The same without a path: a registry is named by its host alone. */
export const hostAddress = field(given => {
  const checked = checkAddress(given)
  const { origin } = new URL(checked)
  return checked === origin
    ? checked
    : refuse(`${quote(given)} has a path, and a registry has none. Write \`${origin}\`.`)
})

function checkAddress(given: string): string {
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return refuse(`${quote(given)} is not an HTTP address. Write it with \`https://\` in front.`)
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
