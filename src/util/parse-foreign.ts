import * as z from 'zod'
import { orUndefined } from './or-undefined.ts'

/** What a schema finds wrong in a value. */
export interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * A list of which the first wrong item is told, and no other: what zod remembers of each fault takes a thousand times the
 * room of the fault, so a few megabytes of them would take all memory.
 */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.array(z.unknown()).transform((values, context): readonly z.output<Item>[] => {
    const items: z.output<Item>[] = []
    for (const [at, value] of values.entries()) {
      const parsed = item.safeParse(value)
      if (!parsed.success) {
        const { path, message } = parsed.error.issues[0] as Issue
        context.addIssue({ code: 'custom', path: [at, ...path], message })
        return z.NEVER
      }
      items.push(parsed.data)
    }
    return items
  })
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

/** What bytes say in JSON, as the schema has it; undefined for anything else. */
export function jsonOf<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  return orUndefined(() => schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))))
}

/** Where the first issue is and what: ` at versions.0.id: …`. */
export function firstIssue([issue]: readonly Issue[]): string {
  return issue === undefined ? '' : ` at ${issue.path.join('.') || 'its top'}: ${issue.message}`
}
