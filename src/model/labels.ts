/** Annotations of a manifest, or labels of a config. */
export type Labels = Readonly<Record<string, string>>

/** Characters; those of a build are a few hundred. Annotations of 4 MiB on 1,000 versions would be 4 GB in memory. */
const MOST = 65_536

/** True for more than are held: what they are is then unknown, which deletes nothing and lets every keep rule hold. */
export function isTooLong(labels: Labels): boolean {
  let length = 0
  for (const key in labels) length += key.length + (labels[key] ?? '').length
  return length > MOST
}
