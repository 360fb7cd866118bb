import { InputError } from '../../errors.ts'
import { isTag } from '../../model/tag.ts'
import { quote } from '../../util/format.ts'
import { refuseMetadata } from './metadata-lines.ts'
import { list, type Read, refuse, refuseText, setOf } from './read.ts'

/** Inputs into which the program puts a tag: each text has placeholders such as `{tag}`. */

const PLACEHOLDER = /\{[A-Za-z][\w-]*\}/g

export const imageTags = unlessTorn(
  list(given => {
    const fault = 'is not a template of an image tag'
    if (!isTag(given))
      return template(given, fault, 'Write for instance `{tag}`, `{version}` or `{version}-alpine`.')
    return refuseText(
      given,
      `${fault}. It has no placeholder, so it is the same for every git tag. To require an image tag of exactly this name, use \`required-tags\`.`
    )
  })
)

export const newestTags = unlessTorn(
  setOf(given =>
    template(given, 'cannot be an image tag', 'Write for instance `latest`, `{major}` or `{major}.{minor}`.')
  )
)

/** A text that is a tag once its placeholders are filled. @param fault what any other is; `advice` what to write */
function template(given: string, fault: string, advice: string): string {
  const slip = slipIn(given)
  if (slip !== undefined) return refuseText(given, `${fault}: ${slip}`)
  return isTag(filled(given)) ? given : refuseText(given, `${fault}. ${advice}`)
}

/** A list of templates that is refused as a whole where blanks in braces would tear an entry apart. */
function unlessTorn(read: Read<readonly string[]>): Read<readonly string[]> {
  return given => {
    refuseMetadata(given, 'templates')
    const [torn] = /(?<!\{)\{(?: +([A-Za-z][\w-]*) *| *([A-Za-z][\w-]*) +)\}(?!\})/.exec(given) ?? []
    if (torn === undefined) return read(given)
    return refuse(`\`${torn}\` has blanks in its braces. Write \`${torn.replaceAll(' ', '')}\`.`)
  }
}

/** `name=value` lines; a blank is a default, so that there are none has a word of its own. */
export const assignments: Read<Readonly<Record<string, string>>> = given => {
  if (given === 'none') return {}
  const values = new Map<string, string>()
  const problems: string[] = []
  for (const line of given.split(/[\r\n]+/).map(one => one.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const slip = assignmentSlip(line)
    const name = line.slice(0, line.indexOf('=')).trim()
    if (slip !== undefined) problems.push(slip)
    else if (values.has(name)) problems.push(`\`${name}\` is given twice. Remove one of the lines.`)
    else values.set(name, line.slice(line.indexOf('=') + 1).trim())
  }
  if (problems.length > 0) throw new InputError(problems)
  return Object.fromEntries(values)
}

/** Why a line assigns nothing that a workflow could use; undefined where it is well. */
function assignmentSlip(line: string): string | undefined {
  const equals = line.indexOf('=')
  const name = line.slice(0, equals).trim()
  const value = line.slice(equals + 1).trim()
  const [, yaml, rest = ''] = /^-?\s*"?([\w-]+)"?\s*:\s*"?([^"=]*)"?$/.exec(line) ?? []
  if (yaml !== undefined) return `${quote(line)} is not \`name=value\`. Write \`${yaml}=${braced(rest)}\`.`
  const [, dashed] = /^-\s+(\S.*)$/.exec(line) ?? []
  if (dashed !== undefined && equals > 0) return `${quote(line)} has a dash in front. Write \`${dashed}\`.`
  if (equals < 1) return `${quote(line)} is not \`name=value\`. Write one such line for each input.`
  if (!/^[A-Za-z_][\w-]*$/.test(name)) {
    return `${quote(name)} cannot be the name of an input: it may only have letters, digits, \`-\` and \`_\`. Write for instance \`tag={tag}\`.`
  }
  if (/^(["'`]).*\1$/.test(value)) {
    return `${quote(line)} has quotation marks in the value. Write \`${name}=${value.slice(1, -1)}\`.`
  }
  const text = braced(value)
  return text === value
    ? undefined
    : `${quote(line)} has no placeholder in single braces. Write \`${name}=${text}\`.`
}

/** What is wrong with a template as a whole, and what to write instead: the end of a sentence. */
function slipIn(given: string): string | undefined {
  const [, inside] = /^["'`“‘](.*)["'`”’]$/.exec(given) ?? []
  if (inside !== undefined) return `the quotation marks are part of it. Write \`${braced(inside)}\`.`
  const text = braced(given)
  if (text !== given) return `a placeholder has one pair of braces and no \`$\`. Write \`${text}\`.`
  const [, tag] = /^[\w.:/-]+[:/]([^:/]+)$/.exec(given) ?? []
  return tag === undefined ? undefined : `a tag does not contain the image's name. Write \`${tag}\`.`
}

/** `{{tag}}`, `${tag}` and `$tag`, which other tools write, as ours are written. */
function braced(text: string): string {
  return text
    .replaceAll(/\$?\{\{\s*([A-Za-z][\w-]*)\s*\}\}|\$\{([A-Za-z][\w-]*)\}/g, (_, a, b) => `{${a ?? b}}`)
    .replaceAll(/\$(tag|version|major|minor|patch|sha)\b/gi, (_, name: string) => `{${name.toLowerCase()}}`)
}

/** With something that may stand in a tag in every placeholder. */
function filled(template: string): string {
  return template.replaceAll(PLACEHOLDER, '1')
}
