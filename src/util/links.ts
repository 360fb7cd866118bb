/** Where the source, the README and the issues are: the only place that says so. */
export const REPOSITORY = 'https://github.com/ghcr-steward/ghcr-steward'

/** Headings of the README that messages point to; a test finds each of them there. */
export const ANCHORS = [
  'inputs',
  'tokens-and-permissions',
  'a-package-is-not-found',
  'a-token-may-not-delete',
  'a-manifest-could-not-be-read',
  'a-brake-held',
  'github-or-the-registry-does-not-answer'
] as const

export type Anchor = (typeof ANCHORS)[number]

/** The address of a heading of the README, for the end of a sentence. */
export function readme(anchor: Anchor): string {
  return `${REPOSITORY}#${anchor}`
}
