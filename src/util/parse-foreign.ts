/** What a schema finds wrong in a value. */
export interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** What zod's schemas have in common. */
interface Schema<T> {
  safeParse(
    value: unknown
  ): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } }
}

/**
 * Holds a value from outside to a schema. A value with some 100,000 faults in one place is more than zod can list: its
 * stack overflows, and that is one more way to be wrong.
 *
 * @returns the value as the schema has it, or at least one issue
 */
export function parseForeign<T>(
  schema: Schema<T>,
  value: unknown
): { data: T } | { issues: readonly Issue[] } {
  try {
    const parsed = schema.safeParse(value)
    return parsed.success ? { data: parsed.data } : { issues: parsed.error.issues }
  } catch (error) {
    if (error instanceof RangeError) return { issues: [{ path: [], message: 'too much is wrong to list' }] }
    throw error
  }
}

/** Where the first issue is and what: ` at versions.0.id: …`. */
export function firstIssue([issue]: readonly Issue[]): string {
  return issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`
}
