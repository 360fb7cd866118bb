import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { Workshop } from './workshop.ts'

/** Clients that Debian does not have, each as the Go module that builds it. */
export const MODULES = {
  oras: 'oras.land/oras/cmd/oras@v1.3.6',
  regctl: 'github.com/regclient/regclient/cmd/regctl@v0.11.7',
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1',
  cosign: 'github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3',
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0'
} as const

export type GoClient = keyof typeof MODULES

/** They take minutes to build; they are used where they are installed, and built only when asked for. */
const SLOW: readonly GoClient[] = ['cosign', 'helm']

/** Built clients stay here from one run to the next. */
const TOOLS = resolve(import.meta.dirname, '../../out/tools')

/** The path of every client that can be had. */
export type GoClients = Readonly<Partial<Record<GoClient, string>>>

/**
 * Finds the clients on PATH, and builds what is missing where Go is installed.
 *
 * @param all whether the slow ones are built too
 */
export async function findGoClients(
  workshop: Workshop,
  all: boolean,
  say: (line: string) => void
): Promise<GoClients> {
  const found: Partial<Record<GoClient, string>> = {}
  for (const client of Object.keys(MODULES) as GoClient[]) {
    const path =
      located(client) ?? (all || !SLOW.includes(client) ? await built(client, workshop, say) : undefined)
    if (path === undefined) say(`${client} is not here: what it pushes is only laid down as it was recorded`)
    else found[client] = path
  }
  return found
}

/** The path of a program that was built earlier or is on PATH. */
export function located(program: string): string | undefined {
  const places = [TOOLS, ...(process.env['PATH'] ?? '').split(delimiter)]
  return places.map(directory => join(directory, program)).find(isExecutable)
}

async function built(
  client: GoClient,
  workshop: Workshop,
  say: (line: string) => void
): Promise<string | undefined> {
  const go = located('go')
  if (go === undefined) return undefined
  mkdirSync(TOOLS, { recursive: true })
  say(`building ${MODULES[client]}`)
  const order = [`GOBIN=${TOOLS}`, `GOPATH=${join(workshop.dir, 'go')}`, 'GOFLAGS=-modcacherw']
  const { code, stderr } = await workshop.attempt('env', [...order, go, 'install', MODULES[client]])
  if (code === 0) return join(TOOLS, client)
  say(`go install ${MODULES[client]} ended with ${code}: ${stderr.trim().split('\n').at(-1)}`)
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
