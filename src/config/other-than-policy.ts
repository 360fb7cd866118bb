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
    : `${what === EMPTY ? 'This is empty' : `This is ${what}, and no policy`}. A policy begins with \`version: 1\`, and its list \`packages\` says what to keep and delete.`
}

const EMPTY = 'empty'

function whatIs(content: unknown): string | undefined {
  if (content === null || content === undefined) return EMPTY
  if (Array.isArray(content)) return 'a list'
  if (typeof content !== 'object') return 'text'
  if ('packages' in content) return undefined
  return KINDS.find(([, keys]) => keys.every(key => Object.hasOwn(content, key)))?.[0]
}
