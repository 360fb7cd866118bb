import { ExpectedError } from '../errors.ts'
import { parseDigest } from '../model/digest.ts'
import { isTag } from '../model/tag.ts'

const NAME = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)+$/

/** Nested names keep their slashes. What is no name would end up at another address (`..`, `?`, `#`). */
export function urlOf(
  base: URL,
  repository: string,
  reference: string,
  kind: 'manifests' | 'blobs' = 'manifests'
): URL {
  if (parseDigest(reference) === undefined && !isTag(reference)) {
    throw new ExpectedError(
      `"${reference}" is neither a tag nor a digest. A tag has letters, digits, "_", "." and "-" only, 128 at most.`
    )
  }
  return new URL(`v2/${checked(repository)}/${kind}/${reference}`, base)
}

/** A repository's name as registries want it. @throws ExpectedError for what would end up at another address */
export function checked(repository: string): string {
  const name = repository.toLowerCase()
  if (NAME.test(name)) return name
  throw new ExpectedError(
    `"${repository}" is not the name of a package in a registry. Write the owner and the package.`
  )
}
