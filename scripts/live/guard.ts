import { ExpectedError } from '../../src/errors.ts'
import { type PackageApi, tagsOf } from './github.ts'
import type { LiveRegistry } from './registry.ts'
import { MARK } from './shapes.ts'

/**
 * Makes sure that the package is this script's own: it does not exist yet, or every version in it carries the mark.
 *
 * @throws ExpectedError that names the first version that is somebody's
 */
export async function refuseForeignPackage(api: PackageApi, registry: LiveRegistry): Promise<void> {
  for (const row of await api.allVersions()) {
    const found = await registry.manifest(row.name)
    if (found !== undefined && isMarked(found.bytes)) continue
    const name = tagsOf(row)[0] ?? row.name
    throw new ExpectedError(
      `The package has a version that this script did not push (${name}), so nothing was touched. Name a package that does not exist yet.`
    )
  }
}

function isMarked(bytes: Buffer): boolean {
  try {
    const { annotations } = JSON.parse(bytes.toString('utf8')) as { annotations?: Record<string, unknown> }
    return typeof annotations?.[MARK] === 'string'
  } catch {
    return false
  }
}
