/**
 * What is wrong with a regular expression that JavaScript refuses, and what to write instead: the end of a sentence
 * about the pattern.
 *
 * @param reason what JavaScript says: `Invalid regular expression: /a(/: Unterminated group`
 */
export function regexFault(expression: string, reason: string): string {
  const cause = reason.slice(reason.lastIndexOf(': ') + 1).trim()
  return (
    FAULTS[cause]?.(expression) ??
    `is a regular expression that JavaScript does not understand (${cause.toLowerCase()}). Correct it, or write a glob such as \`v*\``
  )
}

const FAULTS: Readonly<Record<string, (expression: string) => string | undefined>> = {
  'Unterminated group': () => 'has a `(` without its `)`. Close it, or write `\\(` if you mean the character',
  "Unmatched ')'": () => 'has a `)` without its `(`. Leave it out, or write `\\)` if you mean the character',
  'Unterminated character class': () =>
    'has a `[` without its `]`. Close it, or write `\\[` if you mean the character',
  'Range out of order in character class': () =>
    'has a range in `[…]` that runs backwards. Write the smaller character of a range first, such as `[a-z]`',
  'numbers out of order in {} quantifier': expression => {
    const [, high = '2', low = '1'] =
      [...expression.matchAll(/\{(\d+),(\d+)\}/g)].find(([, a, b]) => Number(a) > Number(b)) ?? []
    return `has numbers in braces that run backwards. Write the smaller number first, such as \`{${low},${high}}\``
  },
  'Nothing to repeat': () =>
    'has a `*`, `+` or `?` that repeats nothing. Write `.*` for any text, or a backslash in front if you mean the character',
  'Invalid group': invalidGroup,
  'Duplicate capture group name': () => 'has two groups with the same name. Give one of them another name',
  '\\ at end of pattern': () =>
    'ends with a backslash. Leave it out, or write `\\\\` if you mean the character'
}

/** Forms of other languages. */
function invalidGroup(expression: string): string | undefined {
  const [, name] = /\(\?P<(\w+)>/.exec(expression) ?? []
  if (name !== undefined) return `has a named group as in Python. Write \`(?<${name}>\` without the \`P\``
  const [, flags, rest] = /^\(\?([imsu]+)\)(.+)$/.exec(expression) ?? []
  return flags === undefined
    ? undefined
    : `has its flags in front. Write \`/${rest}/${flags}\`, with the flags behind the closing slash`
}
