import { ExpectedError } from '../errors.ts'

const LEFT_OUT = /^(?:not|except|excluding|without|but)$/i
const JOINED = /^(?:and|or|&+|\|\|)$/i

/**
 * Refuses a list of patterns in which words of a sentence stand as entries (`sha-* except latest` names `latest` as
 * well), or which is what an expression leaves behind.
 *
 * @throws ExpectedError that says what to write; a regular expression such as `/^not$/` is never meant
 */
export function refuseWords(entries: readonly string[]): void {
  const [only] = entries.length === 1 ? entries : []
  if (only !== undefined && /^(?:true|null|undefined)$/i.test(only))
    throw new ExpectedError(`\`${only}\` is no pattern. Write \`*\` for all tags, or leave the input empty.`)
  entries.forEach((entry, place) => {
    const next = entries[place + 1]
    if (next === undefined) return
    if (LEFT_OUT.test(entry))
      throw new ExpectedError(
        `\`${entry}\` is a word here and no tag. To leave something out, write \`!\` in front of it, such as \`!${next.replace(/^!/, '')}\`.`
      )
    if (JOINED.test(entry))
      throw new ExpectedError(
        `\`${entry}\` is a word here and no tag. Leave it out: a space, a comma or a new line separates entries.`
      )
  })
}
