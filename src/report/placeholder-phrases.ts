import { type Digest, shortDigest } from '../model/digest.ts'
import type { PackageVersion } from '../model/package.ts'
import { count, some } from '../util/format.ts'
import { putBy } from './phrases.ts'

/** A version, without an id where GitHub does not list it. */
type Named = Pick<PackageVersion, 'digest'> & Partial<Pick<PackageVersion, 'id'>>

/** So many tags are named, and told how to put back. */
const MOST = 5

/** That tags are on a placeholder which is deleted as soon as they are on something else: a sentence. */
export function onPlaceholder(tags: readonly string[], version: Named): string {
  const command = putBy('<tag>', '<digest>')
  return `${areOn(tags, version)} Put ${them(tags)} on the right image: ${command}; a later run then deletes the placeholder.`
}

/**
 * The same of tags that are not to be lost: sentences.
 *
 * @param was what a tag was on before, where that is known
 */
export function keptOnPlaceholder(
  tags: readonly string[],
  version: Named,
  was: (tag: string) => Digest | undefined = () => undefined
): string {
  const known = tags.some(tag => was(tag) !== undefined)
  const where = known ? 'back where this run listed the package, or on what is meant' : 'on the right image'
  const commands = tags.slice(0, MOST).map(tag => putBy(tag, was(tag) ?? '<digest>'))
  const more = tags.length > MOST ? `, and so on for ${count(tags.length - MOST, 'more tag')}` : ''
  return `${areOn(tags, version)} Put ${them(tags)} ${where}: ${commands.join(', ')}${more}. No run removes the placeholder before.`
}

function areOn(tags: readonly string[], { id, digest }: Named): string {
  const [first, are] = tags.length === 1 ? ['The tag', 'is'] : ['The tags', 'are']
  const named = id === undefined ? shortDigest(digest) : `version ${id}, ${shortDigest(digest)}`
  return (
    `${first} ${some(tags, MOST)} ${are} on a placeholder that \`untag\` left (${named}), an empty index that nobody can ` +
    'pull.'
  )
}

const them = (tags: readonly string[]): string => (tags.length === 1 ? 'it' : 'them')
