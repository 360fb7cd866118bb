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
  const shapes: { readonly name: string; readonly fits: (squashed: string) => boolean }[] = []
  for (const name of names) {
    shapes.push(...shapeOf(name).map(fits => ({ name, fits })))
    for (const key of keysOf(name)) {
      const alike = byKey.get(key)
      if (alike === undefined) byKey.set(key, [name])
      else alike.push(name)
    }
  }
  const sorted = [...byKey.keys()].sort()
  return {
    find: text => {
      const key = fold(text)
      const squashed = squash(text)
      const shaped = shapes.filter(({ fits }) => fits(squashed)).map(({ name }) => name)
      const found = [...(byKey.get(key) ?? []), ...shaped]
      if (text.length < SHORTEST_CUT) return found
      const begun = [...shaped]
      for (let at = firstFrom(sorted, key); sorted[at]?.startsWith(key); at++) {
        for (const name of byKey.get(sorted[at] ?? '') ?? []) begun.push(name)
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

/** Tells the ways to write a name in Latin letters if it has others: everybody writes `ß` in their own way. */
function shapeOf(name: string): ((squashed: string) => boolean)[] {
  const parts = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .split(/([^\p{ASCII}]+)/u)
  const latin = parts.filter((_, at) => at % 2 === 0).map(squash)
  const told = latin.join('').length
  const others = parts.reduce((sum, part, at) => sum + (at % 2 === 0 ? 0 : part.length), 0)
  const isTold = others > 0 && told >= SHORTEST_TOLD
  return isTold ? [text => text.length <= told + 6 * others && fitsAround(latin, text)] : []
}

/**
 * Whether a text has these parts in their order, begins with the first and ends with the last. Each is taken where it
 * comes first, because that leaves the most room for the others: one pass does, where a regular expression tries every
 * way to share the text among the gaps, which takes for ever for dozens of them.
 */
export function fitsAround([first = '', ...others]: readonly string[], text: string): boolean {
  const last = others.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let end = first.length
  for (const part of others) {
    const at = text.indexOf(part, end)
    if (at < 0) return false
    end = at + part.length
  }
  return end + last.length <= text.length
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
