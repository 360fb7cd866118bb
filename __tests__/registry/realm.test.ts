import { describe, expect, test } from '@jest/globals'
import { readChallenge } from '../../src/registry/auth.ts'

const read = (realm: string, registry: string, server = 'https://github.com') =>
  readChallenge(`Bearer realm="${realm}",service="svc"`, new URL(registry), new URL(server))

describe('the token may be shown to the registry itself and to the hosts of its server, in the open never', () => {
  test.each([
    ['https://ghcr.io/token', 'https://ghcr.io', undefined],
    ['https://containers.acme.ghe.com/token', 'https://containers.acme.ghe.com', 'https://acme.ghe.com'],
    ['https://acme.ghe.com/token', 'https://containers.acme.ghe.com', 'https://acme.ghe.com'],
    ['https://git.corp.example/v2/token', 'https://containers.git.corp.example', 'https://git.corp.example'],
    ['http://127.0.0.1:5000/token', 'http://127.0.0.1:5000', undefined],
    ['https://127.0.0.1:5000/token', 'http://127.0.0.1:5000', undefined]
  ])('%s by %s', (realm, registry, server) => {
    expect(read(realm, registry, server)).toEqual({ realm: new URL(realm), service: 'svc' })
  })

  test.each([
    ['https://evil.example/token', 'https://ghcr.io', undefined],
    ['https://github.com/token', 'https://ghcr.io', undefined],
    ['https://ghcr.io.evil.example/token', 'https://ghcr.io', undefined],
    ['https://ghcr.io:8443/token', 'https://ghcr.io', undefined],
    ['http://ghcr.io/token', 'https://ghcr.io', undefined],
    ['https://ghcr.io@evil.example/token', 'https://ghcr.io', undefined],
    ['https://user@ghcr.io/token', 'https://ghcr.io', undefined],
    ['https://:pass@ghcr.io/token', 'https://ghcr.io', undefined],
    ['ftp://ghcr.io/token', 'https://ghcr.io', undefined],
    ['https://other.ghe.com/token', 'https://containers.acme.ghe.com', 'https://acme.ghe.com'],
    ['https://evilacme.ghe.com/token', 'https://containers.acme.ghe.com', 'https://acme.ghe.com'],
    ['https://git.corp.example/token', 'https://registry.example', 'https://git.corp.example'],
    ['http://127.0.0.1:6000/token', 'http://127.0.0.1:5000', 'http://127.0.0.1:7000'],
    ['http://127.0.0.1:7000/token', 'http://127.0.0.1:5000', 'http://127.0.0.1:7000']
  ])('not %s by %s', (realm, registry, server) => {
    expect(() => read(realm, registry, server)).toThrow('not its own site')
  })
})

describe('a challenge', () => {
  const of = (header: string | undefined) =>
    readChallenge(header, new URL('https://ghcr.io'), new URL('https://github.com'))

  test('may come after another one, in any order and case', () => {
    expect(of('Basic realm="x", bearer Service="s" , REALM="https://ghcr.io/token"')).toEqual({
      realm: new URL('https://ghcr.io/token'),
      service: 's'
    })
  })

  test.each([undefined, '', 'Basic realm="https://ghcr.io/token"', 'Bearer', 'Bearer realm="/token"'])(
    'is none: %s',
    header => {
      expect(() => of(header)).toThrow('without saying where to get a token')
    }
  )
})
