const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** True for text that a registry takes as a tag (distribution-spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return TAG.test(text)
}
