import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../../src/model/digest.ts'
import type { GoClient, GoClients } from './go-clients.ts'
import type { RealRegistry } from './registry.ts'
import type { Workshop } from './workshop.ts'

/** The image that is described, and the chart that lies beside it. */
export interface Subject {
  readonly index: Digest
  /** One of its platforms. */
  readonly platform: Digest
  readonly tag: string
  /** A version that helm takes. */
  readonly chart: string
}

/** What one client pushes, and in what words. */
export interface Push {
  readonly by: string
  run(): Promise<unknown>
}

/** cosign, oras, regctl, crane and helm at work on one repository of a registry without a referrers API, as GHCR is one. */
export interface Signer {
  readonly has: (client: GoClient) => boolean
  /** Everything that the clients that are here add to an image, in order. */
  pushes(subject: Subject): readonly Push[]
  /** Whether cosign finds every signature and attestation in order. @returns what it complains about */
  verify(subject: Digest): Promise<string | undefined>
  /** The digests of all that a client finds to describe `subject`. */
  discover(client: 'oras' | 'regctl', subject: Digest): Promise<readonly string[]>
  /** Whether helm can fetch this version of the chart. */
  hasChart(version: string): Promise<boolean>
}

/** Neither a log nor a service of Sigstore's is asked for anything. */
const OFFLINE = ['--tlog-upload=false', '--use-signing-config=false', '--allow-http-registry', '--yes']
const CLASSIC = '--new-bundle-format=false'

/** @param repository `owner/name`; a chart in it has the name of the repository */
export function createSigner(
  workshop: Workshop,
  registry: RealRegistry,
  clients: GoClients,
  repository: string,
  publicKey = join(workshop.dir, 'cosign.pub')
): Signer {
  const at = (digest: Digest) => `${registry.host}/${repository}@${digest}`
  const tagged = (tag: string) => `${registry.host}/${repository}:${tag}`
  const [owner = '', name = ''] = repository.split('/')
  let written = 0

  const file = (content: string): string => {
    const path = `note-${++written}.json`
    writeFileSync(join(workshop.dir, path), content)
    return path
  }
  const program = (client: GoClient): string => {
    const path = clients[client]
    if (path === undefined) throw new Error(`${client} is asked for, and is not here`)
    return path
  }
  const regctl = ['--host', `reg=${registry.host},tls=disabled`]

  const orasPushes = ({ index, platform }: Subject): Push[] => {
    const attach = (subject: Digest, note: string): Push => ({
      by: 'oras attach',
      run: () => {
        const order = ['attach', '--plain-http', '--artifact-type', 'application/vnd.example.note']
        const content = `${file(JSON.stringify({ note, index }))}:application/json`
        return workshop.run(program('oras'), [...order, at(subject), content])
      }
    })
    return [...['one', 'two', 'three'].map(note => attach(index, note)), attach(platform, 'of a platform')]
  }

  const cosignPushes = ({ index }: Subject): Push[] => {
    const push = (...order: string[]): Push => ({
      by: `cosign ${order.join(' ')}`,
      run: () => {
        const statement = ['--type', 'custom', '--predicate', file(JSON.stringify({ scan: written, index }))]
        const what = order[0] === 'attest' ? statement : []
        const key = ['--key', join(workshop.dir, 'cosign.key')]
        return workshop.run(program('cosign'), [...order, ...what, ...key, ...OFFLINE, at(index)])
      }
    })
    return [
      push('sign', '--recursive'),
      push('attest'),
      push('attest'),
      push('sign', CLASSIC, '--recursive'),
      push('attest', CLASSIC),
      push('sign', CLASSIC, '--registry-referrers-mode=oci-1-1')
    ]
  }

  const regctlPushes = ({ index }: Subject): Push[] =>
    ['one', 'two'].map(note => ({
      by: 'regctl artifact put --subject',
      run: () => {
        const order = ['artifact', 'put', '--artifact-type', 'application/vnd.example.report']
        const content = ['--file', file(JSON.stringify({ report: note, index }))]
        return workshop.run(program('regctl'), [...regctl, ...order, ...content, '--subject', at(index)])
      }
    }))

  const cranePushes = ({ tag }: Subject): Push[] => [
    {
      by: 'crane index append --flatten=false',
      run: () => {
        const order = ['index', 'append', '--insecure', tagged(tag), '-m', tagged(tag), '--flatten=false']
        return workshop.run(program('crane'), [...order, '-t', tagged(`${tag}-nested`)])
      }
    }
  ]

  const helmPushes = ({ chart }: Subject): Push[] => [
    {
      by: 'helm push',
      run: async () => {
        const folder = join(workshop.dir, 'charts', name)
        mkdirSync(folder, { recursive: true })
        writeFileSync(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: ${name}\nversion: ${chart}\n`)
        await workshop.run(program('helm'), ['package', folder])
        const order = ['push', `${name}-${chart}.tgz`, `oci://${registry.host}/${owner}`, '--plain-http']
        await workshop.run(program('helm'), order)
      }
    }
  ]

  const has = (client: GoClient): boolean => clients[client] !== undefined
  return {
    has,
    pushes: subject => [
      ...(has('oras') ? orasPushes(subject) : []),
      ...(has('cosign') ? cosignPushes(subject) : []),
      ...(has('regctl') ? regctlPushes(subject) : []),
      ...(has('crane') ? cranePushes(subject) : []),
      ...(has('helm') ? helmPushes(subject) : [])
    ],
    verify: async subject => {
      const plain = ['--key', publicKey, '--insecure-ignore-tlog', '--allow-http-registry', at(subject)]
      const attestation = ['verify-attestation', '--type', 'custom']
      const orders = [
        ['verify'],
        attestation,
        ['verify', CLASSIC],
        [...attestation, CLASSIC],
        ['verify', CLASSIC, '--experimental-oci11']
      ]
      for (const order of orders) {
        const { code, stderr } = await workshop.attempt(program('cosign'), [...order, ...plain])
        if (code !== 0) return `cosign ${order.join(' ')}: ${stderr}`
      }
      return undefined
    },
    discover: async (client, subject) => {
      const order =
        client === 'oras'
          ? ['discover', '--plain-http', '--format', 'json', at(subject)]
          : [...regctl, 'artifact', 'list', '--format', '{{json .}}', at(subject)]
      const { referrers, descriptors } = JSON.parse(await workshop.run(program(client), order)) as Found
      return (referrers ?? descriptors ?? []).map(({ digest }) => digest)
    },
    hasChart: async version => {
      const address = ['pull', `oci://${registry.host}/${repository}`, '--version', version, '--plain-http']
      const { code } = await workshop.attempt(program('helm'), address)
      rmSync(join(workshop.dir, `${name}-${version}.tgz`), { force: true })
      return code === 0
    }
  }
}

/** What `oras discover` and `regctl artifact list` print. */
interface Found {
  readonly referrers?: readonly { readonly digest: string }[]
  readonly descriptors?: readonly { readonly digest: string }[]
}

/** The key pair that every signature of this run is made with. */
export async function makeKeys(workshop: Workshop, clients: GoClients): Promise<void> {
  if (clients.cosign !== undefined) await workshop.run(clients.cosign, ['generate-key-pair'])
}
