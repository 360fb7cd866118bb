/** Annotations of a manifest, or labels of a config. */
export type Labels = Readonly<Record<string, string>>

/** Characters; those of a build are a few hundred. Annotations of 4 MiB on 1,000 versions would be 4 GB in memory. */
const MOST = 65_536

/**
 * The texts of a foreign object, whatever else is in it: a value that is no text takes none of the others with it, because
 * they may be what keeps an image. No schema of zod, which takes seconds for the megabytes that a manifest can hold.
 *
 * @returns undefined for more than are held: what they are is then unknown, which deletes nothing and lets every keep
 *   rule hold
 */
export function textsIn(value: unknown): Labels | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  const texts: [string, string][] = []
  let length = 0
  // Without a list of all keys: what is too long is left early.
  for (const key in value) {
    const text: unknown = value[key as keyof typeof value]
    if (typeof text !== 'string') continue
    length += key.length + text.length
    if (length > MOST) return undefined
    texts.push([key, text])
  }
  return Object.fromEntries(texts)
}
