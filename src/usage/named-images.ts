import { isMap, isScalar, LineCounter, parseAllDocuments, visit, type YAMLMap } from 'yaml'
import { parseDigest } from '../model/digest.ts'
import { isTag } from '../model/tag.ts'
import { limited } from './limited.ts'
import { eachMatch, type TextFile } from './settings.ts'
import { repeatedKeys } from './yaml-keys.ts'

/** An image that a file names in full: registry, owner, name, and a tag or a digest. */
export interface NamedImage {
  /** File and line. */
  readonly by: string
  readonly packageName: string
  /** A tag or a digest. */
  readonly reference: string
}

/** A larger file is not written by hand, and parsing it takes long. */
const MOST_PARSED = 1024 * 1024

/** Bounded, so that no line takes long. What follows must end it: half a tag before a variable is none. */
const REST =
  '([a-z0-9][a-z0-9._/-]{0,254}?)(?::([\\w][\\w.-]{0,140}))?(?:@([a-z0-9]{3,10}:[0-9a-f]{32,128}))?(?=$|[\\s"\'`,;)\\]}>&|\\\\])'

/**
 * Finds what must be there for files to work. Other than what is kept because files may mean it, this is what they say
 * without doubt: an image of this registry whose tag or digest stands beside its name, with no variable and no range,
 * outside of comments. In YAML and JSON the parts may stand in keys of one mapping, as Kustomize and Helm have them.
 *
 * @param host of the registry, with its port
 */
export function imagesNamedIn(
  files: readonly TextFile[],
  host: string,
  owner: string,
  within = limited()
): NamedImage[] {
  const base = `(?:(?:docker|docker-image|oci)://)?${RegExp.escape(`${host}/${owner}/`)}`
  const inText = new RegExp(`(?<![\\w.@$}/:-])${base}${REST}`, 'gi')
  const alone = new RegExp(`^${base}([a-z0-9][a-z0-9._/-]{0,254})$`, 'i')
  const found = files.flatMap(file => {
    const written = eachMatch(file, inText).flatMap(({ by, match: [, name = '', tag, digest], before }) =>
      /^\s*(?:#|\/\/)/.test(before) ? [] : named(by, name, tag?.replace(/[.-]+$/, ''), digest)
    )
    return within([...written, ...inMappings(file, alone)])
  })
  return [...new Map(found.map(one => [JSON.stringify(one), one])).values()]
}

function inMappings(file: TextFile, alone: RegExp): NamedImage[] {
  if (!/\.(?:ya?ml|json)$/i.test(file.path) || file.text.length > MOST_PARSED) return []
  const lines = new LineCounter()
  const found: NamedImage[] = []
  for (const document of parseAllDocuments(file.text, {
    lineCounter: lines,
    logLevel: 'silent',
    // Each would be shown with its line, which may be a megabyte long.
    prettyErrors: false,
    uniqueKeys: false
  })) {
    // Templates are no YAML before they are filled in: what they say is not without doubt.
    if (!('contents' in document) || document.errors.length > 0) continue
    visit(document, {
      Map: (_, map) => {
        // Which of two values counts is up to whoever reads the file.
        if (repeatedKeys(map).length > 0) return
        const repository = textOf(map, 'newName') ?? textOf(map, 'repository') ?? textOf(map, 'name')
        const registry = textOf(map, 'registry')
        const [, name] = alone.exec([registry, repository].filter(Boolean).join('/')) ?? []
        if (name === undefined) return
        const by = `${file.path}:${lines.linePos(map.range?.[0] ?? 0).line}`
        found.push(...named(by, name, textOf(map, 'newTag') ?? textOf(map, 'tag'), textOf(map, 'digest')))
      }
    })
  }
  return found
}

/** As it is written: `1.10` is no number. */
function textOf(map: YAMLMap, key: string): string | undefined {
  const value = isMap(map) ? map.get(key, true) : undefined
  return isScalar(value) ? (value.source ?? String(value.value)) : undefined
}

/** What is pulled: the digest where there is one, whatever tag stands before it. */
function named(by: string, name: string, tag = '', digest = ''): NamedImage[] {
  const reference = parseDigest(digest.toLowerCase()) ?? (digest === '' && isTag(tag) ? tag : undefined)
  return reference === undefined ? [] : [{ by, packageName: name.toLowerCase(), reference }]
}
