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
