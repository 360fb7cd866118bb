import { GUESSES, type Guess } from '../../__tests__/emulator/guesses.ts'

/** One line of docs/live.md. */
export interface Finding {
  readonly question: string
  readonly documented: string
  readonly guesses: readonly Guess[]
  readonly answer: string
}

/** docs/live.md: what was measured, where and when; of the emulator, what is documented and what is guessed. */
export function livePage(
  findings: readonly Finding[],
  failures: readonly string[],
  where: string,
  isEmulator: boolean,
  at: Date
): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const rows = findings.map(finding =>
    [finding.question, finding.documented, gradeOf(finding, isEmulator), finding.answer].map(cell).join(' | ')
  )
  const modes =
    failures.length === 0
      ? 'Every mode of the bundled action did what it should.'
      : `Not as it should be:\n\n${failures.map(failure => `* ${failure}`).join('\n')}`
  return `# GitHub, measured

Written by \`npm run live\`. Asked ${where} on ${at.toISOString().slice(0, 10)}.

${isEmulator ? ABOUT_GUESSES : ''}| question | documented or observed by others | grade | answer |
|---|---|---|---|
${rows.map(row => `| ${row} |`).join('\n')}

${modes}
`
}

const ABOUT_GUESSES = `Nobody has measured GitHub yet: these are the answers of the emulator that the tests run against. \`documented\` means that
GitHub's documents say so or others have seen it, \`guessed\` that nobody knows, \`unknown\` that it cannot be measured with
one package, and that the emulator has no answer for it. Each guess can be switched to its opposite
(\`npm run live -- --guess cascade=yes\`), and the tests run every mode with all of them switched. To replace the
guesses by measurements, run \`npm run live -- --owner … --package …\`, or the workflow \`live.yml\`.

`

function gradeOf({ guesses, answer }: Finding, isEmulator: boolean): string {
  const isKnown = !answer.startsWith('cannot be measured')
  if (!isEmulator) return isKnown ? 'measured' : 'unknown'
  if (guesses.length === 0) return isKnown ? 'documented' : 'unknown'
  return `guessed; or ${guesses.map(guess => `\`${guess}=${GUESSES[guess][1]}\``).join(', ')}`
}
