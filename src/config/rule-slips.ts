import type * as z from 'zod'
import { code, inYaml } from '../util/format.ts'
import { keysAt, placeOf } from './schema-keys.ts'

/** Rules that are written in another form than ours. */

/** The key under which one belongs that stands too high: `tags` beside `match`, `rules` beside `packages`. */
export function misplacedUnder(key: string, path: readonly PropertyKey[]): string | undefined {
  if (keysAt([...path, 'match']).includes(key)) return 'match'
  return path.length === 0 && placeOf(key)?.path[0] === 'packages' ? 'packages' : undefined
}

/** How a rule is written that names its tags behind what it does: `- delete: sha-*`. */
export function asRule(key: string, { input, path }: z.core.$ZodIssueUnrecognizedKeys): string | undefined {
  const rule = (input ?? {}) as Record<string, unknown>
  const value = rule[key]
  if (!/^(?:keep|delete)$/.test(key) || typeof value !== 'string' || 'action' in rule) return undefined
  if (!keysAt(path).includes('action')) return undefined
  return `Write ${code(`action: ${key}`)} and ${code(`match: { tags: ${inYaml(value)} }`)}.`
}
