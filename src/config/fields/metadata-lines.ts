import { code, quote } from '../../util/format.ts'
import { refuse } from './read.ts'

/** What an input takes: patterns of tags, tags in full, or templates of tags. */
type Kind = 'patterns' | 'tags' | 'templates'

const LINE =
  /(?:^|[\n'"])[ \t]*(?:-[ \t]+)?(type=(?:edge|match|pep440|raw|ref|schedule|semver|sha)\b[^\n'"]*)/g

/**
 * Refuses lines for docker/metadata-action, which makes the tags of a build: here the tags themselves are wanted.
 *
 * @throws ExpectedError that shows the tags that the lines make
 */
export function refuseMetadata(given: string, kind: Kind): void {
  const lines = [...given.matchAll(LINE)].map(([, line = '']) => line.trim())
  const [first] = lines
  if (first === undefined) return
  const made = [...new Set(lines.flatMap(line => tagsOf(line, kind) ?? []))].map(code)
  const write = made.length === 0 ? `for instance \`${EXAMPLES[kind]}\`` : made.join(' and ')
  refuse(
    `${quote(first)} is a line for docker/metadata-action, and here the tags that it makes are wanted. Write ${write}.`
  )
}

const EXAMPLES: Readonly<Record<Kind, string>> = { patterns: 'main', tags: 'latest', templates: '{version}' }

/** What stands for the tags of one line; undefined where only its writer knows. */
function tagsOf(line: string, kind: Kind): string | undefined {
  const values = new Map(line.split(',').map(part => part.trim().split(/=(.*)/s, 2) as [string, string]))
  const type = values.get('type')
  if (type === 'raw')
    return kind === 'templates' ? undefined : values.get('value')?.replace(/^.*\{\{.*$/, '') || undefined
  if (kind === 'tags') return undefined
  if (type === 'semver' || type === 'pep440') return versions(values.get('pattern'), kind)
  if (kind === 'templates') return undefined
  if (type === 'sha') return `${values.get('prefix') ?? 'sha-'}*`
  const event = type === 'ref' ? values.get('event') : undefined
  if (event === 'pr') return `${values.get('prefix') ?? 'pr-'}*`
  return event === 'tag' ? 'v*' : undefined
}

function versions(pattern = '{{version}}', kind: Kind): string | undefined {
  if (kind === 'templates')
    return pattern.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => `{${name === 'raw' ? 'tag' : name}}`)
  if (/^v?\{\{\s*(?:version|raw)\s*\}\}$/.test(pattern)) return 'semver:*'
  const glob = pattern.replaceAll(/\{\{[^}]*\}\}/g, '*')
  // A bare wildcard would stand for every tag there is.
  return glob === '*' ? '/^\\d+$/' : glob
}
