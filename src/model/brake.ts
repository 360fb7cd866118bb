/** Why nothing at all of a package is deleted: a limit on the finished plan that was crossed, or what looks like a slip of the pen. */
export type Brake = Limit | IdlePattern | IdleKeep | Unlimited

export interface Limit {
  readonly input: 'min-remaining' | 'max-deletions' | 'max-deletion-percent'
  readonly limit: number
  readonly value: number
}

/** A pattern that is there to keep tags matches none, and a rule of the same policy deletes whatever is tagged. */
export interface IdlePattern {
  readonly input: 'keep-pattern'
  readonly rule: string
  readonly pattern: string
  readonly near?: string
}

/** What empties a keep rule: a field of its match, what its tags and `semver` leave of each other, or a clause. */
export type IdleField =
  | 'kind'
  | 'labels'
  | 'digests'
  | 'tags'
  | 'semver'
  | 'older-than'
  | 'newer-than'
  /** Both of them. */
  | 'age'
  | 'keep-within'

/** What a keep rule that is about tagged versions makes of a package. */
export interface KeepShare {
  readonly rule: string
  /** The rule as text, to know it again in another package. */
  readonly written: string
  /** Absent where it keeps something, or names nothing that is there. */
  readonly idle?: {
    readonly field: IdleField
    /** True where it names tags. */
    readonly byTags: boolean
    /** Ids of the tagged versions that it names but for that field. */
    readonly named: readonly number[]
  }
}

/** A keep rule keeps nothing, and a rule of the same policy deletes whatever is tagged. */
export interface IdleKeep extends Pick<NonNullable<KeepShare['idle']>, 'field' | 'byTags'> {
  readonly input: 'keep-rule'
  readonly rule: string
}

/** A rule deletes whatever is tagged, and nothing limits it. */
export interface Unlimited {
  readonly input: 'unlimited'
  readonly rule: string
  readonly going: number
}

/** How often a pattern matched a tag; a keep pattern with no hit is worth a warning. */
export interface PatternHits {
  readonly rule: string
  readonly action: 'keep' | 'delete'
  readonly pattern: string
  readonly hits: number
  /** Where it matched none: a tag that was meant, as far as one is like it. */
  readonly near?: string
}
