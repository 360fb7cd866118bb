/** A variable as some language writes it, the source of a regular expression. Bounded, so that no line takes long. */
export const VARIABLE =
  '(?:\\$\\{\\{[^\\n]{0,200}?\\}\\}|\\{\\{[^\\n]{0,200}?\\}\\}|\\$\\{(?:[^{}]|\\$\\{[^{}]{0,100}\\}){0,200}\\}|\\$\\([^)]{0,200}\\)|\\$[A-Za-z_]\\w*|%[A-Za-z_]\\w*%)'

/** Stands in a text for what nothing says. */
export const HOLE = '\uE000'
/** Stands for what only the run of the workflow that pushes works out. */
export const OF_THE_RUN = '\uE001'

/** More ways than these to fill in the variables of one text are not followed: then it may be anything. */
const MOST_WAYS = 200
/** Variables of variables of variables, so deep and no deeper. */
const MOST_DEPTH = 12
const LONGEST = 500

const PIECES = new RegExp(`(${VARIABLE})`)
const RUN_MADE = /^(?:github\.(?!repository)|steps\.|needs\.|job\.|runner\.|GITHUB_(?!REPOSITORY)|CI_)/

/** What variables may stand for: what any of the files gives them, by the last part of their name. */
export interface Values {
  readonly byKey: ReadonlyMap<string, ReadonlySet<string>>
  readonly owner: string
  /** Name of the repository whose workflow runs, without its owner; empty when unknown. */
  readonly repository: string
  /** What each variable was found to mean; empty while it is being found out, so that circles end. */
  readonly known: Map<string, readonly string[]>
  /** Throws when the search has taken too long. */
  readonly checkTime: () => void
}

/** @param repository `owner/name` of the repository whose workflow runs */
export function valuesIn(
  settings: readonly { readonly key: string; readonly value: string }[],
  owner: string,
  repository: string,
  checkTime: () => void
): Values {
  const byKey = new Map<string, Set<string>>()
  for (const { key, value } of settings) {
    const name = lastPart(key)
    const given = byKey.get(name) ?? new Set()
    byKey.set(name, given)
    if (given.size <= MOST_WAYS && value !== '') given.add(value)
  }
  return { byKey, owner, repository: repository.split('/').at(-1) ?? '', known: new Map(), checkTime }
}

/** What a text may become, `HOLE` and `OF_THE_RUN` standing for what is not known. */
export function expand(text: string, values: Values, depth = 0): readonly string[] {
  values.checkTime()
  let ways = ['']
  for (const [at, piece] of text.split(PIECES).entries()) {
    const texts = at % 2 === 0 ? [piece] : meanings(piece, values, depth)
    ways =
      ways.length * texts.length > MOST_WAYS
        ? ways.slice(0, 1).map(() => HOLE)
        : ways.flatMap(way => texts.map(one => way + one))
  }
  return [...new Set(ways.map(way => (way.length > LONGEST ? HOLE : way)))]
}

function meanings(variable: string, values: Values, depth: number): readonly string[] {
  const known = values.known.get(variable)
  if (known !== undefined) return known
  values.known.set(variable, [])
  const found = depth > MOST_DEPTH ? [HOLE] : find(variable, values, depth)
  values.known.set(variable, found)
  return found
}

function find(variable: string, values: Values, depth: number): readonly string[] {
  const inner = innerOf(variable)
  const home = values.repository === '' ? HOLE : values.repository
  if (/^(?:github\.repository_owner|GITHUB_REPOSITORY_OWNER)\b/.test(inner)) return [values.owner]
  if (/^github\.event\.repository\.name\b/.test(inner)) return [home]
  if (/^(?:github\.repository|GITHUB_REPOSITORY)\b/.test(inner)) return [`${values.owner}/${home}`]
  if (RUN_MADE.test(inner)) return [OF_THE_RUN]
  const given = pathsIn(variable, inner).flatMap(path => [...(values.byKey.get(lastPart(path)) ?? [])])
  const [, standard = ''] = /^\w+:?[-=](.+)$/s.exec(inner) ?? []
  const quoted = [...inner.matchAll(/["']([^"']+)["']/g)].map(([, text = '']) => text)
  const texts = [...given, ...(standard === '' ? quoted : [standard.replaceAll(/["']/g, '')])]
  if (texts.length > MOST_WAYS) return [HOLE]
  const found = new Set(texts.flatMap(text => expand(text, values, depth + 1)))
  if (found.size > MOST_WAYS) return [HOLE]
  return found.size > 0 ? [...found] : [HOLE]
}

/** Without the signs that make it a variable. */
function innerOf(variable: string): string {
  if (variable.startsWith('${{')) return variable.slice(3, -2).trim()
  if (variable.startsWith('{{')) return variable.slice(2, -2).trim()
  return /^\$[{(]/.test(variable) ? variable.slice(2, -1).trim() : variable.replaceAll(/[$%]/g, '')
}

/** The names in it. A command's output is nobody's name. */
function pathsIn(variable: string, inner: string): readonly string[] {
  if (variable.startsWith('$(') && /\s/.test(inner)) return []
  if (!variable.includes('{{')) return /^[A-Za-z_][\w.]*/.exec(inner) ?? []
  const words = inner.replaceAll(/["'][^"']*["']/g, ' ').match(/[.$]?[A-Za-z_][\w.-]*/g) ?? []
  const dotted = words.filter(word => word.includes('.'))
  return dotted.length > 0 ? dotted : words
}

function lastPart(path: string): string {
  return (path.split('.').at(-1) ?? '').toLowerCase()
}
