import { ExpectedError } from '../../src/errors.ts'
import { type PackageApi, tagsOf } from './github.ts'
import type { LiveRegistry } from './registry.ts'
import { MARK } from './shapes.ts'

interface Body {
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly subject?: { readonly digest: string }
  readonly manifests?: readonly { readonly digest: string }[]
}

/**
 * Makes sure that the package is this script's own: it does not exist yet, or every version in it carries the mark,
 * describes one that does, or is a list of such.
 *
 * @throws ExpectedError that names the first version that is somebody's
 */
export async function refuseForeignPackage(api: PackageApi, registry: LiveRegistry): Promise<void> {
  const rows = await api.allVersions()
  const bodies = new Map<string, Body>()
  for (const { name } of rows) bodies.set(name, parsed((await registry.manifest(name))?.bytes))
  const ours = new Set<string>()
  for (let known = -1; known < ours.size; ) {
    known = ours.size
    for (const [digest, body] of bodies) if (isOurs(body, ours)) ours.add(digest)
  }
  const foreign = rows.find(({ name }) => !ours.has(name))
  if (foreign === undefined) return
  const name = tagsOf(foreign)[0] ?? foreign.name
  throw new ExpectedError(
    `The package has a version that this script did not push (${name}), so nothing was touched. Name a package that does not exist yet.`
  )
}

function isOurs({ annotations, subject, manifests = [] }: Body, ours: ReadonlySet<string>): boolean {
  if (typeof annotations?.[MARK] === 'string' || (subject !== undefined && ours.has(subject.digest)))
    return true
  return manifests.length > 0 && manifests.every(({ digest }) => ours.has(digest))
}

function parsed(bytes: Buffer | undefined): Body {
  try {
    return JSON.parse(bytes?.toString('utf8') ?? '{}') as Body
  } catch {
    return {}
  }
}
