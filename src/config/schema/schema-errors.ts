import * as z from 'zod'
import { code, inYaml } from '../../util/format.ts'
import { nearest } from '../../util/suggest.ts'
import { meantBy } from '../foreign/short-forms.ts'
import { INPUT_DEFAULTS } from '../input-table.ts'
import { policySchema } from './policy-schema.ts'

/** A fault in a file: where, as a path of keys, and a sentence about it. */
export interface SchemaError {
  readonly path: readonly PropertyKey[]
  /** True when the last key itself is at fault, not its value. */
  readonly key: boolean
  readonly sentence: string
}

type Issue = z.core.$ZodIssue

/** Says what zod found in the words of somebody who wrote the file; the issues must carry their input. */
export function schemaErrors(issues: readonly Issue[]): SchemaError[] {
  const unknown = issues.filter(issue => issue.code === 'unrecognized_keys')
  return issues.filter(issue => !unknown.some(misspelt => follows(issue, misspelt))).flatMap(faultsIn)
}

/**
 * True for what is only wrong since a misspelt key does not say what it was to say: the right key is missing, or the
 * keys of the same rule do not fit each other.
 */
function follows(issue: Issue, misspelt: z.core.$ZodIssueUnrecognizedKeys): boolean {
  if (issue.code === 'custom') {
    const depth: unknown = issue.params?.['depth']
    return (
      typeof depth === 'number' && isWithin(misspelt.path, issue.path.slice(0, issue.path.length - depth))
    )
  }
  const parent = issue.path.slice(0, -1)
  if (issue.input !== undefined || !isWithin(parent, misspelt.path) || !isWithin(misspelt.path, parent))
    return false
  const missing = String(issue.path.at(-1))
  return misspelt.keys.some(key => answerTo(key, misspelt).meant.includes(missing))
}

function isWithin(path: readonly PropertyKey[], above: readonly PropertyKey[]): boolean {
  return above.every((key, index) => path[index] === key)
}

function faultsIn(issue: Issue): SchemaError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => ({
      path: [...issue.path, key],
      key: true,
      sentence: answerTo(key, issue).sentence
    }))
  }
  if (issue.code === 'invalid_union') {
    return schemaErrors(closest(issue).map(inner => ({ ...inner, path: [...issue.path, ...inner.path] })))
  }
  return [{ path: issue.path, key: false, sentence: sentenceOf(issue) }]
}

/** What to say of a key that is not known in its place, and the keys there that it stands for. */
function answerTo(
  key: string,
  issue: z.core.$ZodIssueUnrecognizedKeys
): { readonly sentence: string; readonly meant: readonly string[] } {
  const { path, input } = issue
  const known = keysAt(path)
  const place = placeOf(key)
  if (keysAt([...path, 'match']).includes(key))
    return { sentence: 'This key belongs under `match`.', meant: ['match'] }
  const rule = asRule(key, issue)
  if (rule !== undefined) return { sentence: `This key is not known. ${rule}`, meant: ['action', 'match'] }
  const under = path.length === 0 && place?.path[0] === 'packages' ? ['packages'] : []
  const isOurs = place !== undefined || INPUT_DEFAULTS.has(key)
  const short = isOurs ? undefined : meantBy(key, (input as Record<string, unknown> | undefined)?.[key])
  const meant = short?.key ?? nearest(key, known)
  if (meant?.endsWith('.')) return { sentence: `This key is not known. ${meant}`, meant: [] }
  if (meant !== undefined) {
    const where = known.includes(meant) ? '' : ` ${placeOf(meant)?.words ?? ''}`
    const sentence = `This key is not known. Did you mean ${code(meant)}${where}${short?.unit ?? ''}?`
    return { sentence, meant: [meant, ...under] }
  }
  if (place !== undefined)
    return { sentence: `This key is not known here. It belongs ${place.words}.`, meant: under }
  const isInput =
    'This is an input, and no key of a policy. Write it in the step, beside `policy`, or as a rule under `packages`.'
  return {
    sentence: isOurs ? isInput : `This key is not known. The known keys are ${known.map(code).join(', ')}.`,
    meant: []
  }
}

/** The half of "one, or a list of them" that was meant. */
function closest(issue: z.core.$ZodIssueInvalidUnion): readonly Issue[] {
  const meant = issue.errors.find(errors =>
    errors.every(({ code, path }) => code !== 'invalid_type' || path.length > 0)
  )
  return meant ?? issue.errors[0] ?? []
}

function sentenceOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.path.at(-1) === 'match' && issue.expected === 'object' && typeof issue.input === 'string'
        ? matchOfTags(issue.input)
        : wrongType(issue.expected, issue.input)
    case 'invalid_value':
      return issue.values.some(value => value === bareValue(issue.input))
        ? `It must be ${code(String(issue.input))}, not ${code(`'${issue.input}'`)}. Remove the quotation marks.`
        : wrongValue(issue.values.map(String), issue.input)
    case 'too_small':
      return typeof issue.input === 'number'
        ? `${issue.input} is too small. The least is ${issue.minimum}.`
        : 'It must not be empty.'
    case 'too_big':
      return `${issue.input} is too large. The most is ${issue.maximum}.`
    case 'invalid_key':
      return 'Its name has the wrong form.'
    default:
      return issue.message
  }
}

/** The `match` of a rule has keys; that of a package is a name. */
function matchOfTags(given: string): string {
  // A key without the blank behind its colon is told as that.
  return given === '' || /^[\w-]+(?::| *=) *\S/.test(given)
    ? wrongType('object', given)
    : `It must say what ${code(given)} is. For tags, write ${code(`match: { tags: ${inYaml(given)} }`)}.`
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values'
}

function wrongType(expected: string, input: unknown): string {
  const wanted = TYPES[expected] ?? expected
  if (input === undefined) return `It is missing. It must be ${wanted}.`
  if (input === null) return `It is empty. It must be ${wanted}.`
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    return `It must be text, and YAML reads it as ${input}. Put it in quotation marks.`
  }
  const [, key, sign, value] = (typeof input === 'string' && /^([\w-]+)(:| *=) *(\S.*)$/.exec(input)) || []
  if (value !== undefined && /^(?:object|record)$/.test(expected)) {
    return `${sign === ':' ? 'A space is missing behind the colon' : 'A key is followed by a colon'}. Write ${code(`${key}: ${value}`)}.`
  }
  const digits = /^(?:int|number)$/.test(expected) && typeof input === 'string' ? numberIn(input) : undefined
  const isQuoted = typeof bareValue(input) === (expected === 'int' ? 'number' : expected)
  return `It must be ${wanted}, not ${isQuoted ? `${code(`'${input}'`)}. Remove the quotation marks` : described(input)}.${digits === undefined ? listAdvice(expected, input) : ` Write ${code(digits)}.`}`
}

/** The digits that somebody means by `1_000`, `7d` or `50%`, without what YAML reads as a number anyway. */
function numberIn(text: string): string | undefined {
  const plain = text.replaceAll(/(?<=\d)[_,' ](?=\d{3}(?!\d))/g, '')
  const [digits] = /^\d+(?= *[a-z%]*$)/i.exec(plain) ?? []
  return digits === text ? undefined : digits
}

function listAdvice(expected: string, input: unknown): string {
  if (expected !== 'array') return ''
  if (typeof input === 'string') return ' Write each entry on a line of its own, with `- ` in front.'
  return described(input) === 'a mapping' ? ' Write `- ` in front of the first key of each entry.' : ''
}

/** What YAML would have read without the quotation marks. */
function bareValue(input: unknown): unknown {
  if (input === 'true' || input === 'false') return input === 'true'
  return typeof input === 'string' && /^\d+$/.test(input) ? Number(input) : undefined
}

function described(input: unknown): string {
  if (input === null) return 'nothing'
  if (Array.isArray(input)) return 'a list'
  return typeof input === 'object' ? 'a mapping' : code(String(input))
}

function wrongValue(values: readonly string[], input: unknown): string {
  const choice = values.map(code).join(', ')
  const wanted = values.length === 1 ? `It must be ${choice}` : `It must be one of ${choice}`
  if (input === undefined) return `It is missing. ${wanted}.`
  const near = typeof input === 'string' ? nearest(input, values) : undefined
  return `${wanted}, not ${described(input)}.${near === undefined || values.length === 1 ? '' : ` Did you mean ${code(near)}?`}`
}

/** The keys that an object of a policy may have at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let here = unwrap(policySchema)
  for (const step of path) here = unwrap(stepInto(here, step))
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

function stepInto(schema: z.ZodType | undefined, step: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(step)] as z.ZodType | undefined
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType
  return undefined
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodOptional) return unwrap(schema.unwrap() as z.ZodType)
  // What was written comes before what is made from it.
  return schema instanceof z.ZodPipe ? unwrap(schema.in as z.ZodType) : schema
}

/** Where a key belongs, wherever it was written; undefined for one that is none of a policy. */
function placeOf(key: string): (typeof PLACES)[number] | undefined {
  return key === 'name' ? undefined : PLACES.find(({ path }) => keysAt(path).includes(key))
}

/** Where the keys of a policy stand. `name` is not looked up, because it can mean anything. */
const PLACES = [
  { path: [], words: 'at the top level of the policy' },
  { path: ['packages', 0], words: 'in an entry of `packages`, beside `rules`' },
  { path: ['packages', 0, 'rules', 0], words: 'in a rule, beside `match`' },
  { path: ['packages', 0, 'rules', 0, 'match'], words: 'under `match` of a rule' }
]

/** How a rule is written that names its tags behind what it does: `- delete: sha-*`. */
function asRule(key: string, { input, path }: z.core.$ZodIssueUnrecognizedKeys): string | undefined {
  const rule = (input ?? {}) as Record<string, unknown>
  const value = rule[key]
  if (!/^(?:keep|delete)$/.test(key) || typeof value !== 'string' || 'action' in rule) return undefined
  if (!keysAt(path).includes('action')) return undefined
  return `Write ${code(`action: ${key}`)} and ${code(`match: { tags: ${inYaml(value)} }`)}.`
}
