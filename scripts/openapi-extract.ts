/**
 * Cuts out of GitHub's OpenAPI description the part that the emulator's answers are checked against:
 *
 *   npm i --no-save --prefix <some folder> @octokit/openapi@23.0.2     (385 MB, nothing of it is committed)
 *   npx node scripts/openapi-extract.ts <some folder>/node_modules/@octokit/openapi/generated/api.github.com.json
 *
 * Follows every $ref and drops the prose (descriptions, examples), which is most of the bytes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const PATHS = [
  /^\/(?:orgs\/\{org\}|users\/\{username\}|user)\/packages(?:$|\/)/,
  /^\/(?:users\/\{username\}|user|rate_limit)$/,
  /^\/user\/memberships\/orgs\/\{org\}$/,
  /^\/repos\/\{owner\}\/\{repo\}(?:$|\/(?:tags|releases|branches|pulls(?:\/\{pull_number\})?)$|\/git\/matching-refs\/)/,
  /^\/repos\/\{owner\}\/\{repo\}\/actions\/(?:runs(?:$|\/\{run_id\}$)|workflows(?:$|\/\{workflow_id\}(?:$|\/(?:runs|dispatches)$)))/
]
/** Prose, where it is a keyword of the description; a property may well bear the same name. */
const PROSE = ['description', 'summary', 'example', 'examples', 'externalDocs', 'tags', 'operationId']

const source = process.argv[2]
if (source === undefined) throw new Error('usage: npx node scripts/openapi-extract.ts <api.github.com.json>')
const api = JSON.parse(readFileSync(source, 'utf8')) as { [key: string]: Json }
const needed = new Set<string>()

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A copy without prose; notes every $ref on the way. `names` says that the keys are names, not keywords. */
function lean(value: Json, names: boolean): Json {
  if (Array.isArray(value)) return value.map(item => lean(item, false))
  if (!isObject(value)) return value
  const ref = value['$ref']
  if (!names && typeof ref === 'string') needed.add(ref)
  const kept = Object.entries(value).filter(
    ([key]) => names || !(PROSE.includes(key) || key.startsWith('x-'))
  )
  return Object.fromEntries(kept.map(([key, item]) => [key, lean(item, !names && key === 'properties')]))
}

/** The place in the description that a $ref such as `#/components/schemas/package` points at. */
function at(pointer: string): Json | undefined {
  const keys = pointer.slice(2).split('/')
  return keys.reduce<Json | undefined>((value, key) => (isObject(value) ? value[key] : undefined), api)
}

const METHODS = ['get', 'post', 'delete']

/** Of an operation only what an answer can be checked against. */
function operations(item: Json): Json {
  const found = Object.entries(isObject(item) ? item : {}).filter(([method]) => METHODS.includes(method))
  return Object.fromEntries(
    found.map(([method, operation]) => [
      method,
      lean({ responses: (isObject(operation) ? operation['responses'] : undefined) ?? {} }, false)
    ])
  )
}

const paths = Object.fromEntries(
  Object.entries(isObject(api['paths']) ? api['paths'] : {})
    .filter(([path]) => PATHS.some(pattern => pattern.test(path)))
    .map(([path, item]) => [path, operations(item)])
)
needed.add('#/components/schemas/basic-error')
const components: Record<string, Record<string, Json>> = { schemas: {}, responses: {}, headers: {} }
// The set grows while it is walked: what is copied refers to more.
for (const ref of needed) {
  const [, , group = '', name = ''] = ref.split('/')
  const part = at(ref)
  if (part === undefined) throw new Error(`${ref} leads nowhere`)
  components[group] = { ...components[group], [name]: lean(part, false) }
}

const target = resolve(import.meta.dirname, '../__tests__/emulator/github-openapi.json')
writeFileSync(target, `${JSON.stringify({ openapi: api['openapi'], paths, components })}\n`)
console.log(`${Object.keys(paths).length} paths, ${needed.size} shared parts, written to ${target}`)
