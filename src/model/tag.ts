const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/

/** True for text that a registry takes as a tag (distribution-spec, "Pulling manifests"). */
export function isTag(text: string): boolean {
  return TAG.test(text)
}

/** The tags that build workflows make of a git name: itself, Helm's form (`+` as `_`), docker/metadata-action's. */
export function tagSpellings(name: string): string[] {
  const forms = [name, name.replaceAll('+', '_'), name.replaceAll(/[^a-zA-Z0-9._-]+/g, '-')]
  return [...new Set(forms)].filter(isTag)
}

/** Git names, to be found by what an image tag says about them. */
export interface GitNames {
  /**
   * The names that the text may be a spelling of. It rather finds one too many than one too few, because the image
   * of a name that is not found may be deleted.
   */
  readonly find: (text: string) => readonly string[]
}

/** A text of fewer characters than this is nobody's cut name: workflows cut at 40, 48, 53, 63 or 128. */
const SHORTEST_CUT = 30
/** Fewer Latin letters than these say nothing of a name whose others are unknown. */
const SHORTEST_TOLD = 3

/**
 * Makes branches or git tags findable by every spelling that build workflows give them: any case, any separators or
 * none, with or without a `v` in front of a number, transliterated, cut off, or only the version that they end in.
 *
 * @param names as git has them
 */
export function gitNames(names: Iterable<string>): GitNames {
  const byKey = new Map<string, string[]>()
  const shapes: { readonly name: string; readonly shape: RegExp }[] = []
  for (const name of names) {
    shapes.push(...shapeOf(name).map(shape => ({ name, shape })))
    for (const key of keysOf(name)) byKey.set(key, [...(byKey.get(key) ?? []), name])
  }
  const sorted = [...byKey.keys()].sort()
  return {
    find: text => {
      const key = fold(text)
      const shaped = shapes.filter(({ shape }) => shape.test(squash(text))).map(({ name }) => name)
      const found = [...(byKey.get(key) ?? []), ...shaped]
      if (text.length < SHORTEST_CUT) return found
      const begun = [...shaped]
      for (let at = firstFrom(sorted, key); sorted[at]?.startsWith(key); at++) {
        begun.push(...(byKey.get(sorted[at] ?? '') ?? []))
      }
      return [...new Set(begun)]
    }
  }
}

function keysOf(name: string): Set<string> {
  const [, version] = /^(?:.*[/@]|[^/]*?[-_])v?(\d+\.\d.*)$/.exec(name) ?? []
  const plain = [name, name.normalize('NFKD')]
  const spelled = plain.flatMap(text => [fold(text), fold(text.replaceAll('/', '')), squash(text)])
  return new Set([...spelled, ...(version === undefined ? [] : [fold(version)])])
}

/** The ways to write a name in Latin letters if it has others: everybody writes `ß` in their own way. */
function shapeOf(name: string): RegExp[] {
  const parts = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .split(/([^\p{ASCII}]+)/u)
  const latin = parts.map((part, at) => (at % 2 === 0 ? squash(part) : `[a-z0-9]{0,${6 * part.length}}`))
  const isTold = parts.length > 1 && latin.filter((_, at) => at % 2 === 0).join('').length >= SHORTEST_TOLD
  return isTold ? [new RegExp(`^${latin.join('')}$`)] : []
}

/** The same for every spelling: lower case, with no separators but between two digits (`1.10` is not `11.0`). */
function fold(text: string): string {
  const parts = text.toLowerCase().split(/[^a-z0-9]+/)
  const joined = parts.reduce((before, part) =>
    /\d$/.test(before) && /^\d/.test(part) ? `${before}-${part}` : before + part
  )
  return withoutV(joined)
}

function squash(text: string): string {
  return withoutV(text.toLowerCase().replaceAll(/[^a-z0-9]+/g, ''))
}

/** `v1.2.3` and `1.2.3` name each other. */
function withoutV(key: string): string {
  return key.replace(/^v(?=\d)/, '')
}

/** The place of the first key that is not before this one. */
function firstFrom(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
