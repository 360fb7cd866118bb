import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { openPackage } from '../../scripts/live/github.ts'
import { refuseForeignPackage } from '../../scripts/live/guard.ts'
import { openRegistry } from '../../scripts/live/registry.ts'
import { createShapes } from '../../scripts/live/shapes.ts'
import { GUESSES } from '../emulator/guesses.ts'
import { startEmulator } from '../emulator/server.ts'
import { manifest } from '../emulator/shapes.ts'
import { createWorld } from '../emulator/world.ts'
import { SCRIPT_ENV } from '../helpers/scripts.ts'

const root = resolve(import.meta.dirname, '../..')

const table = (page: string): string[] => page.split('\n').filter(line => line.startsWith('|'))

/** Runs the script against the emulator. @returns what it said, and the rows of the page that it wrote */
async function measure(...args: string[]) {
  const temp = await mkdtemp(join(tmpdir(), 'live-'))
  const out = join(temp, 'live.md')
  try {
    const script = join(root, 'scripts/live.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [script, '--out', out, ...args], {
      env: SCRIPT_ENV
    })
    return { stdout, rows: table(await readFile(out, 'utf8')) }
  } finally {
    await rm(temp, { recursive: true })
  }
}

// They wait more than they work, so they run side by side.
const usual = measure()
const switched = measure(...Object.entries(GUESSES).map(([name, [, other]]) => `--guess=${name}=${other}`))

test.concurrent('every mode does what it should against the emulator, and docs/live.md is what the script writes', async () => {
  const { stdout, rows } = await usual
  expect(stdout).not.toContain('FAIL')
  expect(rows).toEqual(table(await readFile(join(root, 'docs/live.md'), 'utf8')))
})

test.concurrent('every mode does what it should with every guess switched, and just the answers that are guessed change', async () => {
  const { stdout, rows } = await switched
  expect(stdout).not.toContain('FAIL')
  const before = (await usual).rows.slice(2)
  const isKnown = (row: string) => row.includes('| documented |') || row.includes('cannot be measured')
  expect(rows.slice(2).filter(row => before.includes(row))).toEqual(before.filter(isKnown))
})

async function scene() {
  const world = createWorld()
  world.org('acme')
  const github = await startEmulator({ world })
  const { apiUrl, registryUrl } = github
  const place = { owner: 'acme', name: 'mine', token: world.githubToken('acme/mine'), apiUrl, registryUrl }
  const registry = openRegistry(place)
  return { world, github, registry, api: await openPackage(place) }
}

test.concurrent('a package with a version that the script did not push is refused, by its tag', async () => {
  const { world, github, registry, api } = await scene()
  await using _ = github
  await createShapes(registry, 'test').index('ours')
  world.package('acme/mine').push(manifest(), { tags: ['production'] })
  await expect(refuseForeignPackage(api, registry)).rejects.toThrow(/did not push \(production\)/)
})

test.concurrent('a package of its own pushes, and one that does not exist, are fit for it', async () => {
  const { github, registry, api } = await scene()
  await using _ = github
  await refuseForeignPackage(api, registry)
  const shapes = createShapes(registry, 'test')
  await shapes.attest((await shapes.index('ours')).index)
  await refuseForeignPackage(api, registry)
})
