import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../../src/model/digest.ts'
import type { GoClient, GoClients } from './go-clients.ts'
import type { RealRegistry } from './registry.ts'
import type { Workshop } from './workshop.ts'

/** cosign, oras and crane at work on one repository of a registry without a referrers API, as GHCR is one. */
export interface Signer {
  /** What can be done here, by the client that does it. */
  readonly has: (client: GoClient) => boolean
  /** A file that describes `subject`, under an artifact type of its own (`oras attach`). */
  attach(subject: Digest, content: string): Promise<void>
  /** A signature in today's form, a bundle that names its subject (`cosign sign`). */
  sign(subject: Digest): Promise<void>
  /** A signature of the index and of each of its platforms under `sha256-<hex>.sig`, as cosign signed up to version 2. */
  signByTag(subject: Digest): Promise<void>
  attest(subject: Digest, content: string): Promise<void>
  /** An index of the index at `tag` (`crane index append`). */
  nest(tag: string, nested: string): Promise<void>
  /** Whether `cosign verify` and `cosign verify-attestation` are content. @returns what they complain about */
  verify(subject: Digest): Promise<string | undefined>
  /** The digests of all that `oras discover` finds to describe `subject`. */
  discover(subject: Digest): Promise<readonly string[]>
}

/** @param repository `owner/name` */
export function createSigner(
  workshop: Workshop,
  registry: RealRegistry,
  clients: GoClients,
  repository: string
): Signer {
  const at = (digest: Digest) => `${registry.host}/${repository}@${digest}`
  const tagged = (tag: string) => `${registry.host}/${repository}:${tag}`
  let written = 0

  const file = (content: string): string => {
    const name = `note-${++written}.json`
    writeFileSync(join(workshop.dir, name), content)
    return name
  }
  const program = (client: GoClient): string => {
    const path = clients[client]
    if (path === undefined) throw new Error(`${client} is asked for, and is not here`)
    return path
  }
  const cosign = (...args: string[]) => {
    // Neither a log nor a service of Sigstore's is asked for anything.
    const offline = ['--key', key(), '--tlog-upload=false', '--use-signing-config=false']
    return workshop.run(program('cosign'), [...args, ...offline, '--allow-http-registry', '--yes'])
  }
  const key = (): string => join(workshop.dir, 'cosign.key')

  return {
    has: client => clients[client] !== undefined,
    attach: async (subject, content) => {
      const type = ['--plain-http', '--artifact-type', 'application/vnd.example.note']
      await workshop.run(program('oras'), [
        'attach',
        ...type,
        at(subject),
        `${file(content)}:application/json`
      ])
    },
    sign: async subject => void (await cosign('sign', at(subject))),
    signByTag: async subject =>
      void (await cosign('sign', '--new-bundle-format=false', '--recursive', at(subject))),
    attest: async (subject, content) =>
      void (await cosign('attest', '--type', 'custom', '--predicate', file(content), at(subject))),
    nest: async (tag, nested) => {
      const append = ['index', 'append', '--insecure', tagged(tag), '-m', tagged(tag), '--flatten=false']
      await workshop.run(program('crane'), [...append, '-t', tagged(nested)])
    },
    verify: async subject => {
      const plain = ['--key', `${key().slice(0, -4)}.pub`, '--insecure-ignore-tlog', '--allow-http-registry']
      for (const order of [['verify'], ['verify-attestation', '--type', 'custom']]) {
        const { code, stderr } = await workshop.attempt(program('cosign'), [...order, ...plain, at(subject)])
        if (code !== 0) return stderr
      }
      return undefined
    },
    discover: async subject => {
      const order = ['discover', '--plain-http', '--format', 'json', at(subject)]
      const { referrers = [] } = JSON.parse(await workshop.run(program('oras'), order)) as {
        referrers?: { digest: string }[]
      }
      return referrers.map(({ digest }) => digest)
    }
  }
}

/** The key pair that every signature of this run is made with. */
export async function makeKeys(workshop: Workshop, clients: GoClients): Promise<void> {
  if (clients.cosign !== undefined) await workshop.run(clients.cosign, ['generate-key-pair'])
}
