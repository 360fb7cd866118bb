import { readme } from '../util/links.ts'
import { own } from '../util/own.ts'
import { nearest } from '../util/suggest.ts'
import type { ForeignInputs } from './foreign-answers.ts'
import { foreignTool } from './foreign-words.ts'
import { FIELDS, given, INPUT_DEFAULTS, KEYS, nameOf, variableOf } from './input-table.ts'

/** A sentence for each input that action.yml does not have, by its name; a word of another tool is told in ours. */
export function unknownInputs(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const known = new Set(KEYS.map(variableOf))
  const strange = Object.keys(env)
    .filter(variable => variable.startsWith('INPUT_') && !known.has(variable))
    .map(variable => variable.slice('INPUT_'.length).toLowerCase())
  if (strange.length === 0) return new Map()
  const all: ForeignInputs = Object.fromEntries([
    ...strange.map(name => [name, env[`INPUT_${name.toUpperCase()}`] ?? '']),
    ...KEYS.filter(key => !['', FIELDS[key].default].includes(given(key, env))).map(key => [
      nameOf(key),
      given(key, env)
    ])
  ])
  const tool = foreignTool(strange, all)
  return new Map(
    Object.entries(all).flatMap(([name, value]): [string, string][] => {
      const word = tool && own(tool.words, name)
      if (word !== undefined) {
        return [[name, `Input \`${name}\` belongs to another tool, ${tool?.name}. ${word(value, all)}`]]
      }
      return strange.includes(name) ? [[name, unknownInput(name)]] : []
    })
  )
}

function unknownInput(name: string): string {
  const near = nearest(name, [...INPUT_DEFAULTS.keys()])
  const fix =
    near === undefined ? `Remove it; all inputs are in ${readme('inputs')}` : `Did you mean \`${near}\`?`
  return `Input \`${name}\` is not known. ${fix}`
}
