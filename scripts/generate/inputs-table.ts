import { parse } from 'yaml'
import { between } from './between.ts'

interface Entry {
  readonly description: string
  readonly default?: unknown
}

/**
 * A README with its tables of inputs and outputs made anew from action.yml. They stand between the markers
 * `<!-- inputs -->` and `<!-- /inputs -->`, and the same for `outputs`.
 *
 * @throws Error when a marker is missing
 */
export function withTables(readme: string, actionYml: string): string {
  const action: { inputs: Record<string, Entry>; outputs: Record<string, Entry> } = parse(actionYml)
  const inputs = Object.entries(action.inputs).map(([name, input]) => [
    `\`${name}\``,
    input.default === '' ? '' : `\`${input.default}\``,
    input.description
  ])
  const outputs = Object.entries(action.outputs).map(([name, output]) => [`\`${name}\``, output.description])
  const filled = between(readme, 'inputs', table(['Input', 'Default', 'Meaning'], inputs))
  return between(filled, 'outputs', table(['Output', 'Meaning'], outputs))
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}
