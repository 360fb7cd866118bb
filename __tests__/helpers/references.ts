import type { InUse } from '../../src/model/usage.ts'
import { readMatchingFiles as read } from '../../src/usage/files.ts'
import * as references from '../../src/usage/references.ts'

/** The search for what is in use, for as long as it takes. */

const forever = (): void => {}

export function findReferences(
  files: readonly references.TextFile[],
  owner: string,
  repository = ''
): references.References {
  return references.findReferences(files, owner, repository, forever)
}

export function referencesTo(
  found: readonly references.Reference[],
  packageName: string,
  tags: readonly string[] = []
): InUse[] {
  return references.referencesTo(found, packageName, tags, forever)
}

export function readMatchingFiles(root: string, patterns: readonly string[]): ReturnType<typeof read> {
  return read(root, patterns, forever)
}

export type Files = Readonly<Record<string, string>>

/** What of a package's tags some files of `acme/app` hold, and where they name what nothing says. */
export function usedBy(
  files: Files,
  packageName: string,
  tags: readonly string[]
): { tags: readonly (string | undefined)[]; unresolved: readonly string[] } {
  const texts = Object.entries(files).map(([path, text]) => ({ path, text }))
  const { found, unresolved } = findReferences(texts, 'acme', 'acme/app')
  const inUse = referencesTo(found, packageName, tags)
  const isAny = inUse.some(({ anyDigest }) => anyDigest)
  return { tags: isAny ? tags : inUse.map(({ tag, digest }) => tag ?? digest), unresolved }
}

/** What a package of the forms has beside the tag that is in use. */
export const OTHERS = ['0.9.0', 'v0.9.0', '2.0.0', 'edge', 'other-slim']
