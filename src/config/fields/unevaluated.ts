/** The first names in expressions of workflows that people hand to an action. */
const CONTEXTS = '(?:env|github|inputs|matrix|needs|secrets|steps|vars)'

/** An expression, also one without its end, without its dollar, or in the form of a shell. */
const EXPRESSION = new RegExp(
  ['\\$ ?\\{\\{', `\\{\\{ *${CONTEXTS}\\.`, `\\$\\{ *${CONTEXTS}\\.`]
    .map(start => `${start}[^}\\n]*\\}{0,2}`)
    .join('|')
)

/**
 * The end of a sentence about a value in which an expression stands that GitHub should have replaced. Comments are left
 * out. Undefined where there is none.
 *
 * @param secret true where nothing of the value may be shown
 */
export function unevaluated(given: string, secret: boolean): string | undefined {
  const [found] = EXPRESSION.exec(given.replaceAll(/^\s*#.*$/gm, '')) ?? []
  if (found === undefined) return secret ? undefined : bare(given.trim())
  const what = secret || found.length > 60 ? 'an expression' : `\`${found.trim()}\``
  return (
    `still contains ${what}. GitHub puts a value in its place only under \`with:\` in a workflow file, and only where it is ` +
    `written as \`\${{ … }}\`, without a backslash in front.`
  )
}

/** What only an expression is: an output of a step or a job, a part of the event. A tag or a package may be called like others. */
const BARE =
  /^(?:(?:steps|needs)\.[\w-]+\.outputs\.[\w-]+|github\.(?:event\.[\w.-]+|ref_name|repository(?:_owner)?|workspace))$/

function bare(given: string): string | undefined {
  if (!BARE.test(given)) return undefined
  return `is the name of a value, and not the value. Write \`\${{ ${given} }}\`, with \`\${{\` and \`}}\` around it.`
}
