/**
 * What nobody outside GitHub knows (or what only others have seen once). The emulator gives the first answer of each
 * unless told otherwise: `world.cascade = 'yes'`, or `npm run live -- --guess cascade=yes`. docs/live.md marks each.
 */
export const GUESSES = {
  /** What moves `updated_at`. */
  datesMove: ['never', 'with tags and pulls'],
  /** The order of the list of versions. */
  listOrder: ['newest first', 'oldest first'],
  /** How long the list does not show a push. */
  listLag: ['none', 'one second'],
  /** How long `version_count` does not count a push. */
  countLag: ['none', 'one second'],
  /** How long the list of deleted versions does not show a deletion. */
  deletedLag: ['none', 'one second'],
  /** How long the registry goes on serving what was deleted. */
  registryLag: ['none', 'one second'],
  /** How deep the list of versions can be paged. */
  pageLimit: ['none', '10000 versions'],
  /** Whether the list of deleted versions shows the tags that they had. */
  deletedTags: ['hidden', 'shown'],
  /** Whether a package goes with its last version (Sequel-Ace/Sequel-Ace#2539). */
  emptyPackage: ['stays', 'goes'],
  /** What becomes of the tags of a restored version that stand elsewhere by now. */
  restoredTags: ['stay', 'move back'],
  /** Whether untagged children that no other index names go with their index (Project-N-E-K-O/N.E.K.O#1497). */
  cascade: ['no', 'yes'],
  /** The order of `tags/list`. */
  tagOrder: ['oldest push first', 'by name'],
  /** Whether the registry sends its clients elsewhere for blobs. */
  blobs: ['served', 'redirected'],
  /** What the page answers to which a request for referrers is sent: cosign signs with 404; 429 was seen (artifacthub/hub#4785). */
  referrers: ['404', '429'],
  /** What a repository answers that does not exist, to a token that could make it. */
  absentRepository: ['404 NAME_UNKNOWN', '403 DENIED'],
  /** Whether the registry says how long its token is good for. */
  tokenLifetime: ['not said', 'said'],
  /** Whether the registry takes GitHub's own token in base64 (seen with short ones). */
  directBearer: ['401 UNAUTHORIZED', 'accepted'],
  /** Whether HEAD counts as a download. */
  headCounts: ['no', 'yes']
} as const satisfies Record<string, readonly [string, string]>

export type Guess = keyof typeof GUESSES
export type Guesses = { [G in Guess]: (typeof GUESSES)[G][number] }

/** The first answer of each. */
export function usualGuesses(): Guesses {
  return Object.fromEntries(Object.entries(GUESSES).map(([name, [usual]]) => [name, usual])) as Guesses
}

/** Milliseconds. */
export const LAG_MS = 1_000
