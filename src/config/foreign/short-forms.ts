/** What a word means here, where neither its letters nor its place tell. */
interface Meant {
  /** A key of a policy; a sentence where no single key is meant. */
  readonly key: string
  readonly input: string
  /** True where people write a number of days, and an age is wanted. */
  readonly days?: true
}

const EXCLUDED = 'Write it as `!pattern` in `tags`, or as a rule with `action: keep`.'
const KEPT = 'Write a rule with `action: keep` for what should stay.'
const NEWEST: Meant = { key: 'keep-at-least', input: 'keep-at-least' }

/** Short forms, and words that other tools have for the same; case and `_` do not count. */
const MEANT = new Map(
  (
    [
      [
        NEWEST,
        'keep-last keep-n keep-newest keep-latest keep-recent keep-count keep-number keep-min count retain'
      ],
      [
        { key: 'keep-within', input: 'older-than', days: true },
        'keep-days keep-for keep-age retention-days retention'
      ],
      [
        { key: 'older-than', input: 'older-than', days: true },
        'age days max-age min-age older older-than-days days-old cut-off cutoff ttl expire expires-after'
      ],
      [{ key: 'newer-than', input: 'older-than', days: true }, 'younger younger-than newer'],
      [{ key: EXCLUDED, input: 'keep-tags' }, 'exclude excludes ignore ignore-tags skip except not without'],
      [{ key: KEPT, input: 'keep-tags' }, 'keep preserve'],
      [
        { key: 'match', input: 'packages' },
        'package name image images package-name image-name repository-name container'
      ],
      [
        { key: 'tags', input: 'delete-tags' },
        'tag pattern patterns regex regexp glob filter include tag-pattern tag-regex delete remove'
      ],
      [{ key: 'untagged', input: 'delete-untagged' }, 'dangling prune'],
      [{ key: 'digests', input: 'delete-tags' }, 'sha shas sha256 digest'],
      [{ key: 'action', input: 'mode' }, 'type do'],
      [
        { key: 'An owner is no part of a policy. Write it in the input `owner`.', input: 'owner' },
        'org organisation username account namespace'
      ],
      [{ key: 'max-deletions', input: 'max-deletions' }, 'max limit maximum max-delete']
    ] as const
  ).flatMap(([meant, words]) => words.split(' ').map((word): [string, Meant] => [word, meant]))
)

/**
 * What somebody means by a word that is no key of a policy, and no input.
 *
 * @param value what stands behind it
 * @returns the key and the input, and what to say behind their names
 */
export function meantBy(word: string, value: unknown): (Meant & { readonly unit: string }) | undefined {
  const plain = word.toLowerCase().replaceAll(/[_\s-]+/g, '-')
  const meant = plain === 'keep' && isDigits(value) ? NEWEST : MEANT.get(plain)
  const unit = meant?.days === true && isDigits(value) ? `, with an age such as \`${value}d\`` : ''
  return meant && { ...meant, unit }
}

function isDigits(value: unknown): boolean {
  return /^\d+$/.test(String(value))
}
