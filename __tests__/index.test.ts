import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { EMPTY_OUTPUTS } from '../src/report/outputs.ts'
import { parseOutputs } from './helpers/run-action.ts'

/** Keeps a third of what it makes, as deciding on a giant does; prints the most that the heap had over what was in use. */
const CHURN = `
const kept = []
let most = 0
for (let round = 0; round < 20; round++) {
  for (let row = 0; row < 30_000; row++) {
    const made = [{ row, round }, { row, round }, { row, round }]
    if (row % 3 === 0) kept.push(made)
  }
  most = Math.max(most, process.memoryUsage().heapTotal)
}
globalThis.gc()
console.log(most / process.memoryUsage().heapUsed, kept.length)
`

/** @param begin what is run first */
function churn(begin: string): number {
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', '--eval', begin + CHURN], {
    encoding: 'utf8'
  })
  if (stdout === '') throw new Error(stderr)
  return Number.parseFloat(stdout)
}

const bundle = resolve(import.meta.dirname, '../dist/index.js')

const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Starts the bundle with nothing but these variables, and reads what it set as outputs. */
function start(env: NodeJS.ProcessEnv, ...flags: string[]) {
  const file = join(folder, 'outputs')
  writeFileSync(file, '')
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, bundle], {
    encoding: 'utf8',
    env: { GITHUB_OUTPUT: file, ...env }
  })
  return { status, stdout, stderr, outputs: parseOutputs(readFileSync(file, 'utf8')) }
}

const PROXY = '`***@127.0.0.1:1` cannot be used (it begins with neither http:// nor https://).'

test.each([
  ['https_proxy', { https_proxy: 'socks5://user:secret@127.0.0.1:1' }, PROXY],
  ['HTTPS_PROXY', { HTTPS_PROXY: 'socks5://user:secret@127.0.0.1:1' }, PROXY],
  ['https_proxy', { https_proxy: 'file:///proxy' }, 'it begins with neither http:// nor https://'],
  [
    'http_proxy',
    {
      GITHUB_API_URL: 'http://ghes.example/api/v3',
      https_proxy: 'socks5://127.0.0.1:2',
      http_proxy: 'socks5://user:secret@127.0.0.1:1'
    },
    PROXY
  ],
  ['GITHUB_API_URL', { GITHUB_API_URL: 'ghes' }, '`ghes` cannot be used (Invalid URL)'],
  ['GITHUB_EVENT_PATH', { GITHUB_EVENT_PATH: import.meta.filename }, '` cannot be used (Unexpected token']
])('a setting of the runner on which nothing loads is a wrong input: %s %j', (name, env, sentence) => {
  const { status, stdout, stderr, outputs } = start(env)
  expect({ status, stderr, outputs }).toEqual({ status: 1, stderr: '', outputs: EMPTY_OUTPUTS })
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^::error::Variable ${name} of the runner: `)),
    expect.stringContaining('No request was sent to GitHub.'),
    ''
  ])
  expect(stdout).toContain(sentence)
  expect(stdout).not.toContain('secret')
})

test('a proxy that nothing goes through is not looked at', () => {
  const { stdout } = start({ https_proxy: 'socks5://127.0.0.1:1', no_proxy: 'api.github.com' })
  expect(stdout).not.toContain('https_proxy')
})

const PROXIES: readonly (readonly [env: Readonly<Record<string, string>>, proxy: string])[] = [
  [{ https_proxy: 'proxy.example:3128' }, 'http://proxy.example:3128/'],
  [{ HTTPS_PROXY: 'localhost:3128' }, 'http://localhost:3128/'],
  [{ https_proxy: 'user:secret@proxy.example:3128' }, 'http://user:secret@proxy.example:3128/'],
  [{ https_proxy: 'proxy.example' }, 'http://proxy.example/'],
  [{ https_proxy: ' 10.0.0.1:3128' }, 'http://10.0.0.1:3128/'],
  [{ HTTPS_PROXY: 'https://proxy.example:3128' }, 'https://proxy.example:3128/'],
  [{ https_proxy: '' }, 'none']
]

/** The proxy of each of these environments, all asked for in one process: the settings are read when they are loaded. */
function proxiesUnder(envs: readonly NodeJS.ProcessEnv[]): string[] {
  const settings = resolve(import.meta.dirname, '../src/util/runner-settings.ts')
  const script = `
    const { getProxyUrl } = await import('@actions/http-client/lib/proxy')
    for (const [at, env] of ${JSON.stringify(envs)}.entries()) {
      process.env = { ...env }
      await import(${JSON.stringify(settings)} + '?' + at)
      console.log(getProxyUrl(new URL('https://ghcr.io'))?.href ?? 'none')
    }`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: {},
    cwd: resolve(import.meta.dirname, '..')
  })
  return [...stdout.split('\n'), stderr]
}

test('a proxy without a scheme is one of http, and not gone past', () => {
  expect(proxiesUnder(PROXIES.map(([env]) => env))).toEqual([...PROXIES.map(([, proxy]) => proxy), '', ''])
})

test('a file of outputs that is missing ends the bundle in one sentence', () => {
  const { status, stdout, stderr } = start({ GITHUB_OUTPUT: '/nowhere' })
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  expect(stdout).toMatch(/^::error::The step's outputs \(GITHUB_OUTPUT\) cannot be [^\n]+\n$/)
})

test('what nobody catches is a bug, and keeps its stack', () => {
  const bug = encodeURIComponent('setTimeout(() => { throw new Error("one\\n::set-output name=x::y") })')
  const { status, stdout, stderr } = start({}, '--import', `data:text/javascript,${bug}`)
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' })
  expect(stdout).toMatch(/^Error: one\n: :set-output name=x::y\n {4}at /m)
  expect(stdout).toMatch(/^::error::ghcr-steward has a bug: one ::set-output[^\n]+\/issues$/m)
})

test('under an older Node the bundle says so in one sentence', () => {
  const older =
    'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })'
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(older)}`, bundle],
    { encoding: 'utf8' }
  )
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '::error::ghcr-steward needs Node 24, this is 20.20.2.\n',
    stderr: ''
  })
})

test('garbage of a giant does not pile up over what is in use', () => {
  const source = readFileSync(resolve(import.meta.dirname, '../src/index.ts'), 'utf8')
  const [flags] = /(?:^setFlagsFromString\(.+\)\n)+/m.exec(source) ?? []
  expect(churn(`const { setFlagsFromString } = require('node:v8')\n${flags}`)).toBeLessThan(1.35)
  // Node left to itself: 2.5.
  expect(churn('')).toBeGreaterThan(1.5)
})
