import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { ExpectedError } from '../../src/errors.ts'
import type { Workshop } from './workshop.ts'

/** The real thing: Debian and Ubuntu have each of these programs in a package of the same name. */
const TOOLS = ['docker-registry', 'skopeo', 'buildah']

/**
 * Sees to it that every program is there, installing Debian's packages where that is allowed.
 *
 * @throws ExpectedError naming the packages that are missing and how to install them
 */
export async function ensureTools(workshop: Workshop, say: (line: string) => void): Promise<void> {
  const missing = lacking()
  if (missing.length === 0) return
  const install = await installer(workshop)
  if (typeof install === 'string') throw new ExpectedError(sentence(missing, install))
  say(`installing ${missing.join(', ')} through apt-get`)
  for (const order of [['update'], ['install', '--yes', '--no-install-recommends', ...missing]]) {
    const { code, stderr } = await workshop.attempt(install.program, [...install.args, ...order])
    const why = `apt-get ${order[0]} ended with ${code} (${stderr.trim()})`
    if (code !== 0) throw new ExpectedError(sentence(missing, why))
  }
  const absent = lacking()
  if (absent.length > 0) {
    throw new ExpectedError(
      `apt-get has installed ${absent.join(', ')}, but PATH does not lead there. Add it to PATH and run again.`
    )
  }
}

const sentence = (missing: readonly string[], why: string): string =>
  `npm run e2e needs the Debian packages ${missing.join(', ')}, which are not there, and ${why}. On Debian or ` +
  `Ubuntu run: sudo apt-get update && sudo apt-get install --no-install-recommends ${missing.join(' ')}`

const lacking = (): string[] => TOOLS.filter(tool => !isInstalled(tool))

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some(directory => {
    try {
      accessSync(join(directory, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** How to call apt-get with the right to install, or why that cannot be done. */
async function installer(workshop: Workshop): Promise<{ program: string; args: string[] } | string> {
  if (!isInstalled('apt-get')) return 'there is no apt-get to install them with'
  const quietly = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq']
  if (process.getuid?.() === 0) return { program: 'env', args: quietly }
  const allowed = isInstalled('sudo') && (await workshop.attempt('sudo', ['-n', 'true'])).code === 0
  if (allowed) return { program: 'sudo', args: ['-n', 'env', ...quietly] }
  return 'this user may not install packages without a password'
}
