import * as z from 'zod'
import { code, inYaml } from '../../util/format.ts'
import { policySchema } from './policy-schema.ts'

/** Which keys a policy may have, and where. */

/** The keys that an object of a policy may have at a path. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let here = unwrap(policySchema)
  for (const step of path) here = unwrap(stepInto(here, step))
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

function stepInto(schema: z.ZodType | undefined, step: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(step)] as z.ZodType | undefined
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType
  return undefined
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType)
  // What was written comes before what is made from it.
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema
}

/** Where a key belongs, wherever it was written; undefined for one that is none of a policy. */
export function placeOf(key: string): (typeof PLACES)[number] | undefined {
  return key === 'name' ? undefined : PLACES.find(({ path }) => keysAt(path).includes(key))
}

/** Where the keys of a policy stand. `name` is not looked up, because it can mean anything. */
const PLACES = [
  { path: [], words: 'at the top level of the policy' },
  { path: ['packages', 0], words: 'in an entry of `packages`, beside `rules`' },
  { path: ['packages', 0, 'rules', 0], words: 'in a rule, beside `match`' },
  { path: ['packages', 0, 'rules', 0, 'match'], words: 'under `match` of a rule' }
]

/** How a rule is written that names its tags behind what it does: `- delete: sha-*`. */
export function asRule(key: string, { input, path }: z.core.$ZodIssueUnrecognizedKeys): string | undefined {
  const rule = (input ?? {}) as Record<string, unknown>
  const value = rule[key]
  if (!/^(?:keep|delete)$/.test(key) || typeof value !== 'string' || 'action' in rule) return undefined
  if (!keysAt(path).includes('action')) return undefined
  return `Write ${code(`action: ${key}`)} and ${code(`match: { tags: ${inYaml(value)} }`)}.`
}
