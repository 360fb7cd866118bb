import { parse } from 'yaml'
import { FIELDS, KEYS, nameOf } from '../../src/config/input-table.ts'
import { MODES } from '../../src/model/run.ts'
import { between } from './between.ts'

interface Entry {
  readonly description: string
  readonly default?: unknown
}

/**
 * A README with its tables of inputs made anew from action.yml. They stand between the markers `<!-- inputs -->` and
 * `<!-- /inputs -->`. Inputs that the same modes use share a table under a heading of their own, in the order in which
 * action.yml first names one of them.
 *
 * @param modesOf the modes that use an input; undefined for all modes
 * @throws Error when a marker is missing
 */
export function withInputs(
  readme: string,
  actionYml: string,
  modesOf: (input: string) => readonly string[] | undefined
): string {
  const action: { inputs: Record<string, Entry> } = parse(actionYml)
  const groups = Map.groupBy(Object.entries(action.inputs), ([name]) => headingOf(modesOf(name)))
  const inputs = [...groups].map(([heading, entries]) => `### ${heading}\n\n${inputTable(entries)}`)
  return between(readme, 'inputs', inputs.join('\n\n'))
}

/** The modes that use the input of this name in action.yml; undefined when all of them do. */
export function modesOf(name: string): readonly string[] | undefined {
  const key = KEYS.find(one => nameOf(one) === name)
  return key === undefined || FIELDS[key].modes.length === MODES.length ? undefined : FIELDS[key].modes
}

/**
 * A document with its table of outputs made anew from action.yml, between `<!-- outputs -->` and `<!-- /outputs -->`.
 *
 * @throws Error when a marker is missing
 */
export function withOutputs(document: string, actionYml: string): string {
  const action: { outputs: Record<string, Entry> } = parse(actionYml)
  const outputs = Object.entries(action.outputs).map(([name, output]) => [`\`${name}\``, output.description])
  return between(document, 'outputs', table(['Output', 'Meaning'], outputs))
}

function headingOf(modes: readonly string[] | undefined): string {
  return modes === undefined ? 'Every mode' : `Mode ${modes.map(mode => `\`${mode}\``).join(' and ')}`
}

function inputTable(entries: readonly (readonly [string, Entry])[]): string {
  const rows = entries.map(([name, input]) => [
    `\`${name}\``,
    input.default === '' ? '' : `\`${input.default}\``,
    input.description
  ])
  return table(['Input', 'Default', 'Meaning'], rows)
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}
