import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError } from '../../src/errors.ts'
import { located } from './go-clients.ts'
import type { RealRegistry } from './registry.ts'
import type { Push, Subject } from './signer.ts'
import type { Workshop } from './workshop.ts'

/** The Go module with both programs. It has excludes, so that `go install` needs a module of one's own around it. */
export const BUILDKIT = 'github.com/moby/buildkit@v0.34.2'

const DOCKERFILE = 'FROM scratch\nARG TARGETARCH\nCOPY base /base\nCOPY made /made-for-$TARGETARCH\n'
/** How often the daemon is asked whether it is there, and how long nothing is asked in between, in milliseconds. */
const [TRIES, PAUSE] = [60, 500]

/**
 * Starts buildkitd, which ends with the workshop: what `docker buildx` pushes with, without docker. It runs as root, so
 * that only a recording asks for it; what it builds here starts no program, so that it needs no runtime of containers.
 *
 * @returns what it pushes beside an image, into one repository
 * @throws ExpectedError where buildctl or buildkitd is not there, or cannot be started
 */
export async function startBuildKit(
  workshop: Workshop,
  registry: RealRegistry
): Promise<(repository: string) => (subject: Subject, stays: boolean) => Push[]> {
  const [client, daemon] = [located('buildctl'), located('buildkitd')]
  if (client === undefined || daemon === undefined)
    throw new ExpectedError(`A recording needs buildctl and buildkitd of ${BUILDKIT} on PATH.`)
  const home = join(workshop.dir, 'buildkit')
  mkdirSync(home)
  writeFileSync(join(home, 'buildkitd.toml'), `[registry."${registry.host}"]\n  http = true\n`)
  const address = ['--addr', `unix://${home}/socket`]
  const worker = ['--oci-worker-snapshotter', 'native', '--oci-worker-binary', '/bin/true']
  const child = workshop.start(daemon, [
    ...['--config', join(home, 'buildkitd.toml'), '--root', join(home, 'root')],
    ...address,
    ...worker
  ])
  for (const stream of [child.stdout, child.stderr]) stream?.resume()
  const isThere = async () => (await workshop.attempt(client, [...address, 'debug', 'workers'])).code === 0
  for (let tried = 0; !(await isThere()); tried++) {
    if (tried === TRIES || child.exitCode !== null)
      throw new ExpectedError('buildkitd does not start; it wants root.')
    await sleep(PAUSE)
  }

  return repository =>
    ({ tag, index }, stays) => {
      const context = join(home, tag)
      mkdirSync(context)
      writeFileSync(join(context, 'Dockerfile'), DOCKERFILE)
      writeFileSync(join(context, 'base'), 'what both have in common\n')
      writeFileSync(join(context, 'made'), `${tag} beside ${index}\n`)
      const named = (name: string) => `${registry.host}/${repository}:${name}`
      const build = ['build', '--frontend', 'dockerfile.v0', '--opt', 'platform=linux/amd64,linux/arm64']
      const places = ['--local', `context=${context}`, '--local', `dockerfile=${context}`]
      const push = (by: string, ...what: string[]): Push => ({
        by: `buildctl build ${by}`,
        run: () => workshop.run(client, [...address, ...build, ...places, ...what])
      })
      const image = push(
        'with provenance',
        ...['--opt', 'attest:provenance=mode=max'],
        ...['--output', `type=image,name=${named(`${tag}-buildkit`)},push=true`]
      )
      // Tagged as builds that go: a cache stays all the same, unless a rule names caches.
      const cache = (suffix: string, form = ''): Push => {
        const where = `type=registry,ref=${named(`build-${suffix}`)},mode=max${form}`
        return push(`--export-cache ${form.slice(1)}`.trim(), '--export-cache', where)
      }
      return stays ? [image, cache('cache'), cache('cache-index', ',image-manifest=false')] : [image]
    }
}
