import { ExpectedError } from '../errors.ts'

/** Where a registry sends its clients for a token (distribution's token authentication specification). */
export interface Challenge {
  readonly realm: URL
  readonly service: string | undefined
}

/**
 * Reads a `WWW-Authenticate` header and checks that the token may be shown to the place that it names.
 *
 * @param header undefined where the answer had none
 * @param server the configured GitHub server, whose own hosts may send to each other
 * @throws ExpectedError for another kind of authentication, and for a realm off the registry's site
 */
export function readChallenge(header: string | undefined, registry: URL, server: URL): Challenge {
  const bearer = /(?:^|,)\s*bearer\s+(.*)$/is.exec(header ?? '')?.[1]
  const field = (name: string) =>
    new RegExp(`(?:^|,)\\s*${name}\\s*=\\s*"([^"]*)"`, 'i').exec(bearer ?? '')?.[1]
  const realm = field('realm')
  if (realm === undefined || !URL.canParse(realm)) {
    throw new ExpectedError(
      `The registry ${registry.host} refused an anonymous request without saying where to get a token. Is \`registry-url\` right?`
    )
  }
  const url = new URL(realm)
  if (!mayFollow(url, registry, server)) {
    throw new ExpectedError(
      `The registry ${registry.host} asks for the token to be sent to ${url.protocol}//${url.host}, which is not its own site. Nothing was sent there. Is \`registry-url\` right?`
    )
  }
  return { realm: url, service: field('service') }
}

/** GHES and ghe.com keep the registry on `containers.HOST` and may give out tokens on `HOST`. */
function mayFollow(realm: URL, registry: URL, server: URL): boolean {
  if (realm.protocol !== 'https:' && realm.protocol !== registry.protocol) return false
  if (realm.username !== '' || realm.password !== '') return false
  if (realm.host === registry.host) return true
  return isOn(realm, server) && isOn(registry, server)
}

function isOn(url: URL, server: URL): boolean {
  if (url.port !== server.port) return false
  return url.hostname === server.hostname || url.hostname.endsWith(`.${server.hostname}`)
}
