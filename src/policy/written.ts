/** A part of a policy as text: what means the same reads the same. */
export function written(part: unknown): string {
  return JSON.stringify(part, (_, value: unknown) => plain(value))
}

/** Values without an order of their own are sorted, and what has a written form stands for itself by that. */
function plain(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(String).sort()
  if (value instanceof Map) return sorted([...value])
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  if ('sources' in value) return value.sources
  if ('raw' in value) return value.raw
  return Object.fromEntries(sorted(Object.entries(value)))
}

function sorted(entries: [unknown, unknown][]): [string, unknown][] {
  return entries
    .map(([key, value]): [string, unknown] => [String(key), value])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}
