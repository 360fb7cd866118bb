/** Where the source, the README and the issues are: the only place that says so. */
export const REPOSITORY = 'https://github.com/ghcr-steward/ghcr-steward'

/** Headings that messages point to, by document; a test finds each of them there. */
export const ANCHORS = {
  'README.md': ['inputs', 'tokens-and-permissions'],
  'docs/troubleshooting.md': [
    'a-package-is-not-found',
    'a-token-may-not-delete',
    'a-manifest-could-not-be-read',
    'a-brake-held',
    'github-or-the-registry-does-not-answer',
    'refused-by-github'
  ]
} as const

/** What the addresses of `troubleshooting` begin with. HEAD is the default branch, whatever its name. */
export const TROUBLESHOOTING = `${REPOSITORY}/blob/HEAD/docs/troubleshooting.md`

/** The address of a heading of the README, for the end of a sentence. */
export function readme(anchor: (typeof ANCHORS)['README.md'][number]): string {
  return `${REPOSITORY}#${anchor}`
}

/** The address of a heading of docs/troubleshooting.md, for the end of a sentence. */
export function troubleshooting(anchor: (typeof ANCHORS)['docs/troubleshooting.md'][number]): string {
  return `${TROUBLESHOOTING}#${anchor}`
}
