import * as z from 'zod'
import { code } from '../util/format.ts'
import { nearest } from '../util/suggest.ts'
import { INPUT_DEFAULTS } from './input-table.ts'
import { meantBy } from './short-forms.ts'

/** A fault in a file: where, as a path of keys, and a sentence about it. */
export interface SchemaError {
  readonly path: readonly PropertyKey[]
  /** True when the last key itself is at fault, not its value. */
  readonly key: boolean
  readonly sentence: string
}

type Issue = z.core.$ZodIssue

/** Says what zod found in the words of somebody who wrote the file; the issues must carry their input. */
export function schemaErrors(issues: readonly Issue[], schema: z.ZodType): SchemaError[] {
  const unknown = issues.filter(issue => issue.code === 'unrecognized_keys')
  return issues
    .filter(issue => !unknown.some(misspelt => follows(issue, misspelt, schema)))
    .flatMap(issue => faultsIn(issue, schema))
}

/**
 * True for what is only wrong since a misspelt key does not say what it was to say: the right key is missing, or the
 * keys of the same rule do not fit each other.
 */
function follows(issue: Issue, misspelt: z.core.$ZodIssueUnrecognizedKeys, schema: z.ZodType): boolean {
  if (issue.code === 'custom') {
    const depth: unknown = issue.params?.['depth']
    return (
      typeof depth === 'number' && isWithin(misspelt.path, issue.path.slice(0, issue.path.length - depth))
    )
  }
  const parent = issue.path.slice(0, -1)
  if (issue.input !== undefined || !isWithin(parent, misspelt.path) || !isWithin(misspelt.path, parent))
    return false
  const known = keysAt(schema, misspelt.path)
  return misspelt.keys.some(key => {
    return (guessAt(key, misspelt, schema)?.key ?? nearest(key, known)) === issue.path.at(-1)
  })
}

function isWithin(path: readonly PropertyKey[], above: readonly PropertyKey[]): boolean {
  return above.every((key, index) => path[index] === key)
}

function faultsIn(issue: Issue, schema: z.ZodType): SchemaError[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    return issue.keys.map(key => ({
      path: [...issue.path, key],
      key: true,
      sentence: keysAt(schema, [...issue.path, 'match']).includes(key)
        ? 'This key belongs under `match`.'
        : unknownKey(known, key, issue, schema)
    }))
  }
  if (issue.code === 'invalid_union') {
    return schemaErrors(
      closest(issue).map(inner => ({ ...inner, path: [...issue.path, ...inner.path] })),
      schema
    )
  }
  return [{ path: issue.path, key: false, sentence: sentenceOf(issue) }]
}

function unknownKey(
  known: readonly string[],
  key: string,
  issue: z.core.$ZodIssueUnrecognizedKeys,
  schema: z.ZodType
): string {
  const guess = guessAt(key, issue, schema)
  if (guess !== undefined) {
    const { key, unit } = guess
    if (key.endsWith('.')) return `This key is not known. ${key}`
    const where = known.includes(key) ? '' : ` ${placeOf(key, schema)?.words ?? ''}`
    return `This key is not known. Did you mean ${code(key)}${where}${unit}?`
  }
  const near = nearest(key, known)
  if (near !== undefined) return `This key is not known. Did you mean ${code(near)}?`
  const place = placeOf(key, schema)
  if (place !== undefined) return `This key is not known here. It belongs ${place.words}.`
  return INPUT_DEFAULTS.has(key)
    ? 'This is an input, and no key of a policy. Write it in the step, beside `policy`, or as a rule under `packages`.'
    : `This key is not known. The known keys are ${known.map(code).join(', ')}.`
}

/** What a short form means; undefined for a word that is one of ours, only not here. */
function guessAt(key: string, { input }: z.core.$ZodIssueUnrecognizedKeys, schema: z.ZodType) {
  if (INPUT_DEFAULTS.has(key) || placeOf(key, schema) !== undefined) return undefined
  return meantBy(key, (input as Record<string, unknown> | undefined)?.[key])
}

function placeOf(key: string, schema: z.ZodType): (typeof PLACES)[number] | undefined {
  return key === 'name' ? undefined : PLACES.find(({ path }) => keysAt(schema, path).includes(key))
}

/** Where the keys of a policy stand. `name` is not looked up, because it can mean anything. */
const PLACES = [
  { path: [], words: 'at the top level of the policy' },
  { path: ['packages', 0], words: 'in an entry of `packages`, beside `rules`' },
  { path: ['packages', 0, 'rules', 0], words: 'in a rule, beside `match`' },
  { path: ['packages', 0, 'rules', 0, 'match'], words: 'under `match` of a rule' }
]

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
      return wrongType(issue.expected, issue.input)
    case 'invalid_value':
      return issue.values.some(value => value === unquoted(issue.input))
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
  const isQuoted = typeof unquoted(input) === (expected === 'int' ? 'number' : expected)
  return `It must be ${wanted}, not ${isQuoted ? `${code(`'${input}'`)}. Remove the quotation marks` : described(input)}.${digits === undefined ? listAdvice(expected, input) : ` Write ${code(digits)}.`}`
}

/** The digits that somebody means by `1_000`, `7d` or `50%`, without what YAML reads as a number anyway. */
function numberIn(text: string): string | undefined {
  const plain = text.replaceAll(/(?<=\d)[_,' ](?=\d{3}(?!\d))/g, '')
  return (
    /^\d+(?= *[a-z%]*$)/i.exec(plain)?.[0].replace(/^(\d+)$/, digits => (digits === text ? '' : digits)) ||
    undefined
  )
}

function listAdvice(expected: string, input: unknown): string {
  if (expected !== 'array') return ''
  if (typeof input === 'string') return ' Write each entry on a line of its own, with `- ` in front.'
  return isMapping(input) ? ' Write `- ` in front of the first key of each entry.' : ''
}

function isMapping(input: unknown): boolean {
  return typeof input === 'object' && input !== null && !Array.isArray(input)
}

/** What YAML would have read without the quotation marks. */
function unquoted(input: unknown): unknown {
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

/** The keys that an object may have at a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here = unwrap(schema)
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
