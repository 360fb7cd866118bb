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
