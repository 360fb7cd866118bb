import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'

/** Checks the emulator's answers against GitHub's own OpenAPI description. */

interface Response {
  readonly $ref?: string
  readonly content?: Readonly<Record<string, unknown>>
}
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { responses: Record<string, Response> }>>>>
  readonly components: { readonly responses: Readonly<Record<string, Response>> }
}

/** Answers that GitHub gives and its description does not know, each with where it is known from. */
const UNDOCUMENTED: readonly { method: string; path: RegExp; status: number; source: string }[] = [
  {
    method: 'DELETE',
    path: /\/packages\//,
    status: 400,
    source: 'last tagged version: kairos-io/kairos#4723; 5,000 downloads: Chizkiyahu#40, sigstore/cosign#3984'
  },
  { method: 'GET', path: /\/packages(?:\/|$)/, status: 401, source: 'docs, Troubleshooting the REST API' },
  { method: 'GET', path: /\/packages(?:\/|$)/, status: 403, source: 'dataaxiom#28, cli/cli#9606' },
  {
    method: 'GET',
    path: /\/packages(?:\/|$)/,
    status: 404,
    source: 'create-github-app-token#314, dataaxiom#147'
  },
  { method: 'GET', path: /^\/users\/[^/]+$/, status: 401, source: 'docs, Troubleshooting the REST API' },
  {
    method: 'GET',
    path: /^\/user\/memberships\//,
    status: 401,
    source: 'docs, Troubleshooting the REST API'
  },
  { method: 'GET', path: /^\/rate_limit$/, status: 401, source: 'docs, Troubleshooting the REST API' },
  { method: 'GET', path: /^\/repos\//, status: 401, source: 'docs, Troubleshooting the REST API' },
  { method: 'GET', path: /^\/repos\//, status: 403, source: 'benc-uk/workflow-dispatch#52, dataaxiom#28' },
  { method: 'GET', path: /^\/repos\//, status: 404, source: 'docs, Troubleshooting the REST API' },
  { method: 'POST', path: /\/dispatches$/, status: 401, source: 'docs, Troubleshooting the REST API' },
  { method: 'POST', path: /\/dispatches$/, status: 403, source: 'benc-uk/workflow-dispatch#52' },
  { method: 'POST', path: /\/dispatches$/, status: 404, source: 'docs, Troubleshooting the REST API' },
  { method: 'POST', path: /\/dispatches$/, status: 422, source: 'kg86/visstr#57, linear-release#33' }
]
const ERROR_SCHEMA = '#/components/schemas/basic-error'

const description = JSON.parse(
  readFileSync(new URL('./github-openapi.json', import.meta.url), 'utf8')
) as Description
// Every process that runs tests compiles what it meets anew, so the compiler takes no pains with its code.
const ajv = new Ajv({
  strict: false,
  allErrors: true,
  code: { optimize: false },
  inlineRefs: false,
  meta: false,
  validateSchema: false
})
addFormats.default(ajv)
ajv.addSchema({ $id: 'github', ...description })

const operations = Object.keys(description.paths)
  .map(path => ({
    path,
    // A git ref is the one parameter that holds slashes.
    pattern: new RegExp(`^${path.replace('{ref}', '.+').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`)
  }))
  .sort((a, b) => a.path.split('{').length - b.path.split('{').length)

/** The documented form of a path as GitHub's own Link headers write it, by number. */
const documented = (path: string): string =>
  path
    .replace(/^\/organizations\/(\d+)\//, '/orgs/$1/')
    .replace(/^\/user\/(\d+)\//, '/users/$1/')
    .replace(/^\/repositories\/(\d+)\//, '/repos/owner/$1/')

/**
 * What GitHub's description says is wrong with this answer; sentences, none when all is well.
 * `path` is the path as it was sent, encoded, without host and prefix; `body` is undefined for none.
 */
export function contractViolations(method: string, path: string, status: number, body: unknown): string[] {
  const verb = method.toLowerCase()
  const name = documented(path)
  const operation = operations.find(
    ({ path: known, pattern }) => pattern.test(name) && description.paths[known]?.[verb] !== undefined
  )
  if (operation === undefined) return [`${method} ${path} is no operation that GitHub describes`]
  const place = `${method} ${operation.path} ${status}`
  const response = description.paths[operation.path]?.[verb]?.responses[status]
  if (response === undefined) return undocumented(place, method, name, status, body)
  const shared = response.$ref?.split('/').at(-1)
  const content = shared === undefined ? response.content : description.components.responses[shared]?.content
  // Where only the words of an error are described, it has the body of every other error.
  if (content === undefined && status >= 400) return mismatches(place, ERROR_SCHEMA, body)
  if (content === undefined) return body === undefined ? [] : [`${place}: there must be no body`]
  const pointer = response.$ref ?? `#/paths/${escaped(operation.path)}/${verb}/responses/${status}`
  return mismatches(place, `${pointer}/content/application~1json/schema`, body)
}

function undocumented(place: string, method: string, name: string, status: number, body: unknown): string[] {
  const known = UNDOCUMENTED.some(
    exception => exception.method === method && exception.status === status && exception.path.test(name)
  )
  return known ? mismatches(place, ERROR_SCHEMA, body) : [`${place}: not a documented answer`]
}

function mismatches(place: string, pointer: string, body: unknown): string[] {
  const check = ajv.getSchema(`github${pointer}`) as ValidateFunction | undefined
  if (check === undefined) throw new Error(`there is no schema at ${pointer}`)
  if (check(body)) return []
  return (check.errors ?? []).map(error => `${place}: ${error.instancePath || 'the body'} ${error.message}`)
}

const escaped = (path: string): string => encodeURIComponent(path.replaceAll('~', '~0').replaceAll('/', '~1'))
