import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../../src/model/digest.ts'
import type { RealRegistry } from './registry.ts'
import type { Ended, Workshop } from './workshop.ts'

export const PLATFORMS = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'] as const
type Platform = (typeof PLATFORMS)[number]
export type Format = 'oci' | 'docker'

/** buildah and skopeo, as people use them. Repositories are `owner/name`. */
export interface Clients {
  /** Builds an image for several platforms and pushes it: an OCI index, or a Docker manifest list. */
  pushIndex(repository: string, tag: string, format: Format, platforms: readonly Platform[]): Promise<Digest>
  /** Builds an image for one platform and pushes its manifest. */
  pushImage(repository: string, tag: string, format: Format): Promise<Digest>
  /** Builds an arm64 image and pushes an index of it and of an amd64 image that is there already. */
  pushSharing(repository: string, tag: string, amd64: Digest): Promise<Digest>
  /** Puts one more tag on what `from` names. */
  retag(repository: string, from: string, to: string): Promise<void>
  /** Copies every platform of a tag out of the registry; code 0 when all of it came. */
  pull(repository: string, tag: string): Promise<Ended>
  tags(repository: string): Promise<string[]>
}

/** The lower layer is one and the same in every image; the upper one differs by image and architecture. */
const CONTAINERFILE = `FROM scratch
ARG TARGETARCH
COPY base /base
COPY hello-$TARGETARCH /hello
CMD ["/hello"]
`

export function createClients(workshop: Workshop, registry: RealRegistry): Clients {
  const context = join(workshop.dir, 'context')
  mkdirSync(context)
  writeFileSync(join(context, 'Containerfile'), CONTAINERFILE)
  writeFileSync(join(context, 'base'), 'what all images have in common\n'.repeat(1_000))
  // Needs no mounts, so that nothing of it outlives a run that is broken off.
  const driver = ['--storage-driver', 'vfs']
  const places = ['--root', join(workshop.dir, 'storage'), '--runroot', join(workshop.dir, 'run')]
  let made = 0

  const buildah = (...args: string[]) => workshop.run('buildah', [...driver, ...places, ...args])
  const address = (repository: string, tag: string) => `docker://${registry.host}/${repository}:${tag}`
  const manifestFormat = (format: Format) => (format === 'oci' ? 'oci' : 'v2s2')

  /** Builds what has never been built before; the date in it is fixed so that the lower layer stays the same. */
  async function build(format: Format, platforms: readonly Platform[], ...named: string[]): Promise<void> {
    const content = `image ${++made}`
    for (const architecture of ['amd64', 'arm64', 'arm']) {
      writeFileSync(join(context, `hello-${architecture}`), `${content} for ${architecture}\n`)
    }
    const how = ['--quiet', '--layers', '--timestamp', '0', '--format', format]
    await buildah('build', ...how, '--platform', platforms.join(','), ...named, context)
  }

  async function pushed(repository: string, tag: string): Promise<Digest> {
    const digest = (await registry.stored(repository)).tags.get(tag)
    if (digest === undefined) throw new Error(`${repository}:${tag} was pushed and is not there`)
    return digest
  }

  async function pushList(repository: string, tag: string, list: string, format: Format): Promise<Digest> {
    const how = ['--quiet', '--all', '--tls-verify=false', '--format', manifestFormat(format)]
    await buildah('manifest', 'push', ...how, list, address(repository, tag))
    return pushed(repository, tag)
  }

  const newName = () => `localhost/e2e-${made + 1}`

  return {
    async pushIndex(repository, tag, format, platforms) {
      const name = newName()
      await build(format, platforms, '--manifest', name)
      return pushList(repository, tag, name, format)
    },
    async pushImage(repository, tag, format) {
      const name = newName()
      await build(format, ['linux/amd64'], '--tag', name)
      const how = ['--quiet', '--tls-verify=false', '--format', manifestFormat(format)]
      await buildah('push', ...how, name, address(repository, tag))
      return pushed(repository, tag)
    },
    async pushSharing(repository, tag, amd64) {
      const name = newName()
      await build('oci', ['linux/arm64'], '--manifest', name)
      const shared = `docker://${registry.host}/${repository}@${amd64}`
      await buildah('manifest', 'add', '--tls-verify=false', name, shared)
      return pushList(repository, tag, name, 'oci')
    },
    async retag(repository, from, to) {
      const plain = ['--src-tls-verify=false', '--dest-tls-verify=false']
      const how = ['--quiet', '--all', '--preserve-digests', ...plain]
      await workshop.run('skopeo', ['copy', ...how, address(repository, from), address(repository, to)])
    },
    async pull(repository, tag) {
      const target = join(workshop.dir, `pull-${++made}`)
      const source = address(repository, tag)
      const args = ['copy', '--quiet', '--all', '--src-tls-verify=false', source, `dir:${target}`]
      const ended = await workshop.attempt('skopeo', args)
      rmSync(target, { recursive: true, force: true })
      return ended
    },
    async tags(repository) {
      const place = `docker://${registry.host}/${repository}`
      const said = await workshop.run('skopeo', ['list-tags', '--tls-verify=false', place])
      return (JSON.parse(said) as { Tags: string[] }).Tags
    }
  }
}
