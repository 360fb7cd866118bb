/** One line of docs/live.md. */
export interface Finding {
  readonly question: string
  readonly documented: string
  readonly measured: string
}

/** docs/live.md: what was measured, where and when. */
export function livePage(
  findings: readonly Finding[],
  failures: readonly string[],
  where: string,
  at: Date
): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const rows = findings.map(
    ({ question, documented, measured }) => `| ${cell(question)} | ${cell(documented)} | ${cell(measured)} |`
  )
  const modes =
    failures.length === 0
      ? 'Every mode of the bundled action did what it should.'
      : `Not as it should be:\n\n${failures.map(failure => `* ${failure}`).join('\n')}`
  return `# GitHub, measured

Written by \`npm run live\`. Measured against ${where} on ${at.toISOString().slice(0, 10)}.

${where.startsWith('the emulator') ? `The emulator answers what we believe of GitHub. So this table shows our guesses, not facts: run the script against a real package to replace them (\`npm run live -- --owner … --package …\`, or the workflow \`live.yml\`).\n\n` : ''}| question | documented or observed | measured |
|---|---|---|
${rows.join('\n')}

${modes}
`
}
