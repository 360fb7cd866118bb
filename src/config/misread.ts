import { type Document, isMap, isScalar, type Pair, type Scalar, visit, type YAMLMap } from 'yaml'
import { repeatedKeys } from '../usage/yaml-keys.ts'
import { needsQuotes, type Told } from './yaml-slip.ts'

/**
 * Finds what is valid YAML and means something else than it looks like: patterns that begin with `*`, `!`, `&` or `#` and
 * have no quotes, a dash too many or too few, keys that are there twice, and the key `__proto__`: no object of JavaScript
 * can hold it, so a condition on it would be lost.
 */
export function misread(document: Document, text: string): Told[] {
  const wrong: Told[] = []
  /** Those that stand before the place that is visited. */
  const anchors = new Set<string>()
  const note = ({ anchor }: { anchor?: string }): void => {
    if (anchor !== undefined) anchors.add(anchor)
  }
  visit(document, {
    Seq(_, seq) {
      note(seq)
      for (const torn of tornEntries(seq.items)) wrong.push(torn)
    },
    Map(_, map) {
      note(map)
      const rules = withoutDash(map)
      if (rules !== undefined) wrong.push([startOf(rules), NO_DASH])
      else
        for (const key of repeatedKeys(map))
          wrong.push([startOf(key), 'This key is there twice. Keep one of them.'])
    },
    Pair(_, pair) {
      const { key } = pair
      if (!isScalar(key)) return
      if (key.value === '__proto__')
        wrong.push([startOf(key), '`__proto__` cannot be a key of a policy. Remove it.'])
      wrong.push(...commentAsValue(pair, text))
    },
    Scalar(_, scalar) {
      note(scalar)
      const { tag, source, anchor, value } = scalar
      if (anchor !== undefined && value === null) wrong.push([startOf(scalar), needsQuotes(`&${anchor}`)])
      if (tag?.startsWith('!')) wrong.push([startOf(scalar), needsQuotes(tag === '!' ? `!${source}` : tag)])
    },
    Alias(_, alias) {
      if (!anchors.has(alias.source)) wrong.push([startOf(alias), needsQuotes(`*${alias.source}`)])
    }
  })
  return wrong.sort(([a], [b]) => a - b)
}

function startOf({ range }: { readonly range?: readonly number[] | null | undefined }): number {
  return range?.[0] ?? 0
}

/** `tags: #v*` has no value. */
function commentAsValue({ key, value }: Pair, text: string): Told[] {
  const end = (key as Scalar).range?.[1] ?? 0
  const [, space = '', comment] = /^(:[ \t]+)(#[^\s#].*)/.exec(text.slice(end, end + 1_000)) ?? []
  if (comment === undefined || !isScalar(value) || value.value !== null) return []
  return [[end + space.length, needsQuotes(comment.trim())]]
}

/** Keys that stand in one entry, the one that people write first in front. */
const TOGETHER = [
  ['match', 'rules'],
  ['action', 'match']
] as const

/** A dash in front of the second key of an entry makes two entries of it, each of which lacks the other's key. */
function tornEntries(items: readonly unknown[]): Told[] {
  return items.flatMap((item, place): Told[] => {
    const next = items[place + 1]
    if (!isMap(item) || !isMap(next)) return []
    for (const [first, second] of TOGETHER) {
      const key = keyOf(next, second)
      if (key === undefined || !item.has(first) || item.has(second) || next.has(first)) continue
      return [
        [
          startOf(key),
          `The dash in front of \`${second}\` begins another entry, and \`${first}\` stands in the one before. Write them in one.`
        ]
      ]
    }
    return []
  })
}

const NO_DASH =
  '`rules` is a list. Write its entries below it, the first key of each with `- ` in front, such as `- action: delete`.'

/** The key `rules` with nothing below it, where the keys of a rule stand beside it. */
function withoutDash(map: YAMLMap): Scalar | undefined {
  const rules = map.get('rules', true)
  return isScalar(rules) && rules.value === null && map.has('action') ? keyOf(map, 'rules') : undefined
}

function keyOf(map: YAMLMap, name: string): Scalar | undefined {
  const pair = map.items.find(({ key }) => isScalar(key) && key.value === name)
  return pair?.key as Scalar | undefined
}

/** Files of other kinds, by keys that no policy has. */
const KINDS: readonly (readonly [what: string, keys: readonly string[]])[] = [
  ['a workflow', ['jobs']],
  ['a step of a workflow', ['uses']],
  ['an action.yml', ['runs']],
  ['a package.json', ['name', 'version', 'scripts']],
  ['a package.json', ['name', 'version', 'dependencies']],
  ['a package.json', ['name', 'version', 'devDependencies']],
  ['a Compose file', ['services']],
  ['a Kubernetes manifest', ['apiVersion', 'kind']],
  ['a Dependabot configuration', ['updates']]
]

/** What a text is that is no policy at all: a sentence. Undefined for what may be meant as one. */
export function otherThanPolicy(content: unknown): string | undefined {
  const what = whatIs(content)
  return what === undefined
    ? undefined
    : `This is ${what}. A policy begins with \`version: 1\`, and its list \`packages\` says what to keep and delete.`
}

function whatIs(content: unknown): string | undefined {
  if (content === null || content === undefined) return 'empty'
  if (Array.isArray(content)) return 'a list, and no policy'
  if (typeof content !== 'object') return 'text, and no policy'
  if ('packages' in content) return undefined
  const [kind] = KINDS.find(([, keys]) => keys.every(key => Object.hasOwn(content, key))) ?? []
  return kind && `${kind}, and no policy`
}
