/** What a record has under a key from outside; `constructor` and its like are there only where somebody put them. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
