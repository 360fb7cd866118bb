/** Where the package is, and who asks. */
export interface Place {
  readonly owner: string
  readonly name: string
  readonly token: string
  /** Without a slash at the end. */
  readonly apiUrl: string
  readonly registryUrl: string
}

/** The package's path in the registry: `owner/name`, in lower case. */
export function repositoryOf({ owner, name }: Place): string {
  return `${owner}/${name}`.toLowerCase()
}
