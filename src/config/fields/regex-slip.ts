import { orUndefined } from '../../util/or-undefined.ts'

/** True for what the regular expressions of JavaScript can be. */
export function isRegex(text: string): boolean {
  return orUndefined(() => new RegExp(text)) !== undefined
}

/**
 * A glob such as `v*` matches whatever there is when it stands between slashes: there `*` lets the `v` be absent.
 *
 * @returns why the pattern matches everything, and what to write instead; undefined where it does not, or plainly should
 */
export function matchesAll(pattern: string): string | undefined {
  const [, not = '', text = '', flags] = /^(!?)\/(.*)\/([a-z]*)$/s.exec(pattern) ?? []
  if (flags === undefined || !isRegex(text) || /^\^?(?:\.|\[\^\]|\[\\s\\S\])[*+]\$?$/.test(text))
    return undefined
  // The second stands for any text: no name has this character.
  if (!['', '\0'].every(name => new RegExp(text).test(name))) return undefined
  const meant = /^[\w.*?-]+$/.test(text)
    ? `Write \`${not}${text}\`, without slashes, for a glob`
    : 'Write `^` in front of it and `$` behind it'
  return `in a regular expression, what is optional may be absent. ${meant}, or \`${not}*\` for all.`
}

/**
 * A glob such as `main-*` is legal between slashes, and matches there what nobody means: `main` and `main---`.
 *
 * @param of what the pattern is about, in the plural
 * @returns a sentence; undefined for what is no such pattern
 */
export function globBetweenSlashes(pattern: string, of = 'tags'): string | undefined {
  const [, not = '', text = '', flags = ''] =
    /^(!?)\/\^?((?:[\w.*?-]|\\\.)+)\$?\/([a-z]*)$/.exec(pattern) ?? []
  const [, sign] = /([\w-]|\\\.)\*/.exec(text) ?? []
  if (sign === undefined && !/\.\*\./.test(text)) return undefined
  const meaning =
    sign === undefined
      ? 'a dot means any character'
      : `\`${sign}*\` means any number of \`${sign}\`, and not any text`
  const glob = text.replaceAll('\\.', '.')
  const regex = glob.replaceAll(/[.*?]/g, character => ({ '.': '\\.', '*': '.*', '?': '.' })[character] ?? '')
  return (
    `The pattern \`${pattern}\` may match other ${of} than you mean: in a regular expression, ${meaning}. ` +
    `Write \`${not}${glob}\`, without slashes, for a glob, or \`${not}/^${regex}$/${flags}\`.`
  )
}

/**
 * The same sentence where nothing tells of a regular expression, neither an anchor nor a backslash nor `.*`. Where it
 * deletes, it is no warning but an error.
 */
export function globThatDeletes(pattern: string): string | undefined {
  return /^\/[\w.*?-]+\/[a-z]*$/.test(pattern) && !/\.[*?]/.test(pattern)
    ? globBetweenSlashes(pattern)
    : undefined
}
