import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { ExpectedError, InputError, messageOf } from '../errors.ts'
import { readTextFile } from '../usage/files.ts'
import { isWithin, leadsAstray } from '../util/astray.ts'
import { folderSlip } from '../util/folder.ts'
import { brief } from '../util/format.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { nearest } from '../util/suggest.ts'
import { misread, otherThanPolicy } from './misread.ts'
import { type PolicyFile, policySchema } from './schema/policy-schema.ts'
import { type SchemaError, schemaErrors } from './schema/schema-errors.ts'
import { type Told, yamlSlips } from './yaml-slip.ts'

/**
 * Reads a policy file.
 *
 * @param text YAML 1.2
 * @param fileName for the messages
 * @throws InputError with all that is wrong with it at once, each with line and column
 */
export function parsePolicyFile(text: string, fileName: string): PolicyFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${fileName}:${line}:${col}`
  }
  const refuse = (told: readonly Told[], isAll: boolean): never => {
    const sentences = told.map(([offset, sentence]) => `${at(offset)}: ${brief(sentence)}`)
    throw new InputError(isAll ? sentences : [...sentences, `${fileName}: More is wrong than is told here.`])
  }
  const { errors } = document
  if (errors.length > 0) refuse(yamlSlips(text, errors.slice(0, MOST_FAULTS)), errors.length <= MOST_FAULTS)
  const wrong = misread(document, text)
  if (wrong.length > 0) refuse(wrong.slice(0, MOST_FAULTS), wrong.length <= MOST_FAULTS)
  const content = contentOf(document, fileName)
  const other = otherThanPolicy(content)
  if (other !== undefined) throw new InputError([`${at(0)}: ${other}`])
  const { result, isWhole } = heldToSchema(content, fileName)
  if (result.success) {
    return { ...result.data, at: path => at(offsetOf(document, { path, key: false })) }
  }
  const { issues } = result.error
  const faults = schemaErrors(issues.slice(0, MOST_FAULTS).map(shortened))
  const told = faults
    .slice(0, MOST_FAULTS)
    .map((fault): Told => [offsetOf(document, fault), `${nameOf(fault)}${fault.sentence}`])
    .sort(([a], [b]) => a - b)
  return refuse(told, isWhole && Math.max(issues.length, faults.length) <= MOST_FAULTS)
}

/**
 * Holds a policy to its schema. With some 100,000 faults the schema's stack overflows: then the first entries of each list
 * have to do.
 */
function heldToSchema(content: unknown, fileName: string) {
  for (const part of [content, firstEntries(content)]) {
    try {
      const result = policySchema.safeParse(part, { reportInput: true })
      if (part === content || !result.success) return { result, isWhole: part === content }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  throw new InputError([
    `${fileName}: Too much is wrong to be told. Write one rule that works, then the others.`
  ])
}

/** Nothing in a policy lies deeper. */
const DEEPEST = 12

function firstEntries(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return value
  if (Array.isArray(value)) return value.slice(0, MOST_FAULTS).map(item => firstEntries(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, firstEntries(item, depth + 1)]))
}

/** Somebody who made more has the wrong file, or made one a thousand times. */
const MOST_FAULTS = 200

/** Of thousands of wrong keys in one place those that are told, and one more, by which it shows that these are not all. */
function shortened<T extends { readonly code?: string }>(issue: T): T {
  return 'keys' in issue && Array.isArray(issue.keys)
    ? { ...issue, keys: issue.keys.slice(0, MOST_FAULTS + 1) }
    : issue
}

/** A policy of a thousand packages is smaller; what the parser makes of more takes minutes. */
const MOST_BYTES = 1024 * 1024

/**
 * Reads a policy from where the input `policy` says it is.
 *
 * @param given a path, or YAML
 * @throws InputError, see `parsePolicyFile`
 */
export function readPolicy(given: string, workspace: string): PolicyFile {
  if (isYaml(given)) return parsePolicyFile(given, 'policy')
  try {
    return parsePolicyFile(readTextFile(workspace, given, 'The policy file', MOST_BYTES), given)
  } catch (error) {
    if (error instanceof InputError || !(error instanceof ExpectedError)) throw error
    if (/^https?:/.test(given))
      throw new InputError(['Input `policy`: It must be a file of the checkout, not an address.'])
    const place = resolve(workspace, given)
    const folder = leadsAstray(workspace, place) ? undefined : folderSlip(place, given, /\.ya?ml$/)
    if (folder !== undefined) throw new InputError([`Input \`policy\`: ${folder}`])
    const other = otherPolicy(given, workspace)
    throw new InputError([
      `Input \`policy\`: ${error.message}${other === undefined ? '' : ` There is \`${other}\`.`}`
    ])
  }
}

/** A YAML file beside the one that is not there, with a name like it. */
function otherPolicy(given: string, workspace: string): string | undefined {
  const folder = dirname(given)
  const place = resolve(workspace, folder)
  if (!isWithin(place, resolve(workspace)) || leadsAstray(workspace, place)) return undefined
  const names = (orUndefined(() => readdirSync(place)) ?? []).filter(name => /\.ya?ml$/.test(name))
  const near = names.includes(basename(given)) ? undefined : nearest(basename(given), names)
  return near === undefined ? undefined : join(folder, near)
}

/** Paths have one line, and no key of a policy in front. */
function isYaml(given: string): boolean {
  return given.includes('\n') || /^(?:\{|(?:version|defaults|protect|packages|tests) *:)/.test(given)
}

function contentOf(document: Document, fileName: string): unknown {
  try {
    return document.toJS()
  } catch (error) {
    throw new InputError([`${fileName}: ${brief(messageOf(error))}.`])
  }
}

/** `packages[0].rules[1].match.tags: `, nothing for the file itself. */
function nameOf({ path }: SchemaError): string {
  const keys = path.map((key, index) =>
    typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`
  )
  return keys.length === 0 ? '' : `${keys.join('')}: `
}

/** Where the value stands, or the key; for what is missing, where it should have been. */
function offsetOf(document: Document, { path, key }: Omit<SchemaError, 'sentence'>): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined
    const keyNode = key && length === path.length ? keyNodeOf(document, path) : undefined
    const range = (keyNode ?? node)?.range
    if (range) return range[0]
  }
  return document.contents?.range?.[0] ?? 0
}

function keyNodeOf(document: Document, path: readonly PropertyKey[]): Node | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(
    item => isPair(item) && isScalar(item.key) && String(item.key.value) === path.at(-1)
  )
  return pair?.key as Node | undefined
}
