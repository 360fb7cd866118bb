import { existsSync, readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from '@jest/globals'
import { type CacheService, startCacheService } from '../../emulator/cache-service.ts'
import type { Target, Trouble } from '../../emulator/faults.ts'
import { image, manifest } from '../../emulator/shapes.ts'
import { buildWorkflow, scene } from '../../helpers/check-run.ts'
import type { ActionRun } from '../../helpers/run-action.ts'
import { ago, openScene } from './runs.ts'

/**
 * A server that repeats what it was sent, in whatever spelling: nothing of it may get further than the place where it
 * entered. Every test searches everything that a run leaves behind.
 */

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const entity = (text: string): string => [...text].map(one => `&#${one.charCodeAt(0)};`).join('')
const hexEntity = (text: string): string =>
  text.replaceAll(/\W|_/g, one => `&#x${one.charCodeAt(0).toString(16)};`)
const percent = (text: string): string =>
  [...text].map(one => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
const unicode = (text: string): string =>
  [...text].map(one => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')

/** The credentials of a request in every spelling. */
function echoes(headers: IncomingHttpHeaders): string[] {
  const given = headers.authorization?.replace(/^\w+ /, '') ?? 'nothing'
  const inside = Buffer.from(given, 'base64').toString('latin1').split(':').at(-1) ?? ''
  const plain = /^[\x20-\x7e]+$/.test(inside) ? [given, inside] : [given]
  return plain.flatMap(spellings)
}

function spellings(text: string): string[] {
  return [
    text,
    base64(text),
    base64(`x-access-token:${text}`),
    base64(`a:${text}`),
    Buffer.from(text).toString('base64url'),
    encodeURIComponent(base64(text)),
    encodeURIComponent(text),
    entity(text),
    hexEntity(text),
    percent(text),
    unicode(text),
    JSON.stringify(text.replaceAll('/', '\\/'))
  ]
}

/** What a reader makes of a text that wants to hide something. */
function readings(text: string): string {
  const open = text
    .replaceAll(/&#x([\da-f]+);?/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/&#(\d+);?/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\\+u([\da-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/%(?:25)?([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replaceAll(/\\+\//g, '/')
  const words = open.match(/[\w+/-]{12,}/g) ?? []
  const inner = words.flatMap(word =>
    [0, 1, 2, 3].map(at => Buffer.from(word.slice(at), 'base64').toString('latin1'))
  )
  return [open, ...inner].join('\n')
}

/** Long enough to be no chance, short enough to find a secret that was cut. */
const pieceOf = (token: string): string => token.slice(4, 20)

/** Everything that a run leaves behind: the log, the files, and what is remembered. */
function leftBy(run: ActionRun, cache?: CacheService): string[] {
  const page = join(run.temp, 'page.html')
  return [
    run.stdout.replaceAll(/^::add-mask::.*$/gm, ''),
    run.summary,
    JSON.stringify(run.outputs),
    JSON.stringify(run.report ?? null),
    existsSync(page) ? readFileSync(page, 'utf8') : '',
    ...(cache?.entries ?? []).map(({ bytes }) => gunzipSync(bytes).toString('utf8'))
  ]
}

const one = 0
const messages: [string, Target, (texts: string[]) => object, number][] = [
  ['the API, of a list', { host: 'api', path: /\/versions$/ }, texts => ({ message: texts.join(' ') }), 403],
  ['the API, of a package', { host: 'api', path: /\/app$/ }, texts => ({ message: texts.join(' ') }), 404],
  ['the API, of an owner', { host: 'api', path: /^\/users\// }, texts => ({ message: texts.join(' ') }), 400],
  ['the API, of a deletion', { host: 'api', method: 'DELETE' }, texts => ({ message: texts.join(' ') }), 422],
  [
    'the API, of a deletion that failed',
    { host: 'api', method: 'DELETE' },
    texts => ({ message: texts.join(' ') }),
    403
  ],
  [
    'the registry, of a manifest',
    { host: 'registry', path: /manifests/, after: 2 },
    texts => ({ errors: [{ code: 'DENIED', message: texts.join(' ') }] }),
    400
  ],
  [
    'the registry, in a code',
    { host: 'registry', path: /manifests/, after: 2 },
    texts => ({ errors: texts.map(code => ({ code, message: 'no' })) }),
    404
  ],
  [
    'the token service',
    { host: 'registry', path: /^\/token/ },
    texts => ({ errors: [{ code: texts[one], message: texts.join(' ') }] }),
    403
  ]
]

it.concurrent.each(
  messages.flatMap(([name, target, body, status]) =>
    // A message is cut at 300 characters by some: each spelling comes first once.
    [0, 3, 6, 9, 12, 15, 18].map(first => [name, first, target, body, status] as const)
  )
)(
  'E-40 %s that echoes the credentials (from spelling %i on) tells them to nobody',
  async (_, first, target, body, status) => {
    await using scene = await openScene()
    await using cache = await startCacheService()
    const { app, github, token, run } = scene
    app.push(image(), { tags: ['v1'], at: ago(90) })
    app.push(image(), { tags: ['pr-1'], at: ago(80) })
    app.push(manifest(), { tags: ['pr-2'], at: ago(80) })
    github.faults.on(target, {
      kind: 'echo',
      answer: headers => ({
        status,
        lie: true,
        body: body([...echoes(headers).slice(first), ...echoes(headers)]),
        headers: { 'x-echo': echoes(headers)[first] ?? '' }
      })
    })
    const result = await run(
      { 'delete-tags': 'pr-*', 'page-file': 'page.html' },
      { env: { ...cache.env, RUNNER_DEBUG: '1' } }
    )
    for (const text of leftBy(result, cache)) expect(readings(text)).not.toContain(pieceOf(token))
  }
)

it.concurrent.each([
  ['the API', { host: 'api', path: /\/versions$/ } as const],
  ['the registry', { host: 'registry', path: /manifests/ } as const]
])('E-40 %s that knows the dispatch token tells it to nobody', async (_, target) => {
  await using check = await scene()
  const { app, github, repository } = check
  app.push(image(), { tags: ['v1.0.0'] })
  repository.tag('v1.0.0')
  repository.workflow('build.yml', buildWorkflow(app))
  const dispatchToken = 'ghs_knownToSomebodyElse+Already/Once'
  github.faults.on(target, {
    kind: 'echo',
    answer: () => ({
      status: 403,
      lie: true,
      body: { message: spellings(dispatchToken).join(' '), errors: [] },
      headers: { 'x-echo': dispatchToken }
    })
  })
  await using result = await check.run({
    packages: 'app',
    'page-file': 'page.html',
    'dispatch-token': dispatchToken,
    'dispatch-workflow': 'build.yml'
  })
  for (const text of leftBy(result)) expect(readings(text)).not.toContain(pieceOf(dispatchToken))
})

it.concurrent('E-41 the base64 of the bare token is masked before the first request', async () => {
  await using scene = await openScene()
  const { app, token, run } = scene
  app.push(manifest(), { tags: ['v1'], at: ago(90) })
  const { stdout } = await run({})
  expect(stdout).toContain(`::add-mask::${base64(token)}\n`)
  expect(stdout.indexOf(base64(token))).toBeLessThan(stdout.indexOf('::group::'))
})

it.concurrent("E-40 the registry's own token, which it lists as a tag, is told to nobody", async () => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  let given = ''
  github.faults.on(
    { host: 'registry', path: /tags\/list/, after: 1 },
    {
      kind: 'echo',
      answer: ({ authorization = '' }) => {
        given = authorization.replace('Bearer ', '')
        return { status: 200, lie: true, body: { tags: ['v1', 'pr-1', given] } }
      }
    }
  )
  const result = await run({ 'delete-tags': 'pr-*', 'page-file': 'page.html' })
  expect(given).toMatch(/^.{12}/)
  for (const text of leftBy(result)) expect(text).not.toContain(given)
})

it.concurrent.each([
  ['as it is', (token: string) => token],
  ['within base64', (token: string) => base64(`ab${token}`)]
])("E-40 the registry's own token, which the API knows %s, is told to nobody", async (_, spell) => {
  await using scene = await openScene()
  const { app, github, run } = scene
  app.push(image(), { tags: ['v1'], at: ago(90) })
  app.push(image(), { tags: ['pr-1'], at: ago(80) })
  let given = ''
  const listen: Trouble = {
    kind: 'echo',
    answer: ({ authorization = '' }) => {
      given = authorization.replace('Bearer ', '')
      return { status: 503 }
    }
  }
  github.faults.on({ host: 'registry', path: /manifests|tags\/list/, after: 2, times: 1 }, listen)
  github.faults.on(
    { host: 'api', method: 'DELETE' },
    { kind: 'echo', answer: () => ({ status: 422, lie: true, body: { message: `no ${spell(given)}` } }) }
  )
  const result = await run({ 'delete-tags': 'pr-*', 'page-file': 'page.html' })
  expect(given).toMatch(/^.{12}/)
  expect(result.code).toBe(1)
  for (const text of leftBy(result)) expect(readings(text)).not.toContain(pieceOf(given))
})
