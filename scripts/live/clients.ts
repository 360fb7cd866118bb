import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Place, repositoryOf } from './place.ts'

/**
 * cosign and oras, where PATH has them, at work on the package. docker and crane are not asked: what they push cannot
 * carry the mark by which this script knows its own, while what describes something of ours is ours by its subject.
 */
export interface Clients {
  readonly names: readonly string[]
  /** Signs and attests it with cosign, and attaches two files with oras. */
  describe(digest: string): Promise<void>
  /** What the clients complain about when they look for what they pushed; nothing when they find all of it. */
  complaints(digest: string): Promise<readonly string[]>
  [Symbol.dispose](): void
}

export async function openClients(place: Place): Promise<Clients> {
  const dir = mkdtempSync(join(tmpdir(), 'ghcr-steward-live-'))
  const { host, protocol } = new URL(place.registryUrl)
  const auth = Buffer.from(`${place.owner}:${place.token}`).toString('base64')
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }), { mode: 0o600 })
  writeFileSync(join(dir, 'note.json'), '{"note":"of a live run"}')
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, DOCKER_CONFIG: dir, COSIGN_PASSWORD: '' }
  const run = (program: string, ...args: string[]) =>
    promisify(execFile)(program, args, { cwd: dir, env, timeout: 120_000 })
  const isThere = async (program: string): Promise<boolean> =>
    run(program, 'version').then(
      () => true,
      () => false
    )
  const isPlain = protocol === 'http:'
  const at = (digest: string) => `${host}/${repositoryOf(place)}@${digest}`
  const oras = (...args: string[]) => run('oras', ...args, ...(isPlain ? ['--plain-http'] : []))
  const cosign = (...args: string[]) => run('cosign', ...args, ...(isPlain ? ['--allow-http-registry'] : []))
  const names: string[] = []
  for (const name of ['oras', 'cosign']) if (await isThere(name)) names.push(name)
  if (names.includes('cosign')) await run('cosign', 'generate-key-pair')

  return {
    names,
    async describe(digest) {
      if (names.includes('oras')) {
        for (const type of ['application/vnd.example.one', 'application/vnd.example.two']) {
          await oras('attach', '--artifact-type', type, at(digest), 'note.json:application/json')
        }
      }
      if (!names.includes('cosign')) return
      const offline = ['--key', 'cosign.key', '--tlog-upload=false', '--use-signing-config=false', '--yes']
      await cosign('sign', ...offline, at(digest))
      await cosign('attest', ...offline, '--type', 'custom', '--predicate', 'note.json', at(digest))
    },
    async complaints(digest) {
      const found: string[] = []
      if (names.includes('oras')) {
        const { stdout } = await oras('discover', '--format', 'json', at(digest))
        for (const type of ['application/vnd.example.one', 'application/vnd.example.two']) {
          if (!stdout.includes(type)) found.push(`oras finds no ${type}`)
        }
      }
      if (!names.includes('cosign')) return found
      for (const order of [['verify'], ['verify-attestation', '--type', 'custom']]) {
        const looked = cosign(...order, '--key', 'cosign.pub', '--insecure-ignore-tlog', at(digest))
        await looked.catch((error: Error) => found.push(error.message))
      }
      return found
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true })
  }
}
