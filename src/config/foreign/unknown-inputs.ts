import { readme } from '../../util/links.ts'
import { own } from '../../util/own.ts'
import { nearest } from '../../util/suggest.ts'
import { FIELDS, given, INPUT_DEFAULTS, KEYS, nameOf, variableOf } from '../input-table.ts'
import type { ForeignInputs } from './foreign-answers.ts'
import { foreignTool } from './foreign-words.ts'
import { meantBy } from './short-forms.ts'

/** Inputs that say what a step of ours does. */
const OURS = ['mode', 'policy', 'delete-tags', 'delete-untagged', 'delete-broken']

/** Names of inputs in one sentence. */
const MOST_UNSAID = 3

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
  const answers = new Map<string, string>()
  for (const [name, value] of Object.entries(all)) {
    const word = tool && own(tool.words, name)
    if (word !== undefined) {
      answers.set(name, `Input \`${name}\` belongs to another tool, ${tool?.name}. ${word(value, all)}`)
    } else if (strange.includes(name)) answers.set(name, unknownInput(name, all[name] ?? ''))
  }
  const defaults = (tool?.defaults ?? []).filter(({ unless }) => !unless.some(name => name in all))
  // A step that says what to delete in our words is no step of theirs: nobody may be told to delete more.
  if (defaults.length > 0 && !OURS.some(name => name in all)) {
    const written = defaults.map(({ write }) => write).join(' and ')
    const unsaid = [...new Set(defaults.flatMap(({ unless }) => unless))]
    const without =
      unsaid.length > MOST_UNSAID ? 'an input that says what to delete' : `\`${unsaid.join('`, `')}\``
    const deleted = defaults
      .map(({ write }) => (write.includes('untagged') ? 'untagged' : 'tagged'))
      .join(' and ')
    answers.set(
      '',
      `Without ${without}, ${tool?.name} deletes ${deleted} images. For the same here, write ${written}.`
    )
  }
  return answers
}

function unknownInput(name: string, value: string): string {
  const meant = meantBy(name, value)
  const near = meant?.input ?? nearest(name, [...INPUT_DEFAULTS.keys()])
  const fix =
    near === undefined
      ? `Remove it; all inputs are in ${readme('inputs')}`
      : `Did you mean \`${near}\`${meant?.unit ?? ''}?`
  return `Input \`${name}\` is not known. ${fix}`
}
