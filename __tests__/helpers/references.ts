import { findReferences, referencesTo } from '../../src/usage/references.ts'

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
