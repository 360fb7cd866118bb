import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { believable } from '../emulator/believable.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'

const root = resolve(import.meta.dirname, '../..')

async function settings(github: Emulator, token: string, more = '') {
  const example = await readFile(join(root, '.env.example'), 'utf8')
  const folder = await mkdtemp(join(tmpdir(), 'local-'))
  const file = join(folder, 'env')
  await writeFile(
    file,
    example.replace('INPUT_TOKEN=', `INPUT_TOKEN=${token}`).replace('PACKAGES=my-app', 'PACKAGES=shop/api') +
      `INPUT_KEEP-AT-LEAST=3\nINPUT_DRY-RUN=false\nINPUT_API-URL=${github.apiUrl}\nINPUT_REGISTRY-URL=${github.registryUrl}\n${more}`
  )
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const start = (...args: string[]) =>
  promisify(execFile)(process.execPath, [join(root, 'scripts/local.ts'), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'] }
  })

test.each([[[]], [['--dist']]])('npm start %j runs .env.example dry, and shows no secret', async flags => {
  const { world } = believable(Date.now())
  await using github = await startEmulator({ world })
  await using env = await settings(github, world.classic('olivia'))
  const { stdout } = await start('--env', env.file, ...flags)
  expect(stdout).toMatch(/^▼ shop\/api: \d+ versions[\s\S]*^would be deleted: sha-/m)
  expect(stdout).not.toMatch(/::|ghp_/)
  expect(github.writes).toEqual([])
})

test('npm start -- --for-real deletes, and the command that it prints undoes it', async () => {
  const { world } = believable(Date.now())
  await using github = await startEmulator({ world })
  // A budget, because the pace of real deletions is that of a clock.
  await using env = await settings(github, world.classic('olivia'), 'INPUT_DELETIONS-PER-RUN=5\n')
  const api = world.package('acme/shop/api')
  const before = api.digests()
  const { stdout } = await start('--env', env.file, '--for-real')
  expect(api.digests().size).toBeLessThan(before.size)
  const [, command = ''] = /^to undo it: npm start -- (.+)$/m.exec(stdout) ?? []
  expect(command).toContain('--for-real --undo ')
  await start(...command.split(' '))
  expect(api.digests()).toEqual(before)
})

test('npm run emulator writes the settings and prints the one command with which its policy would delete something', async () => {
  // The smallest package of it; what the environment says counts more than the file.
  const env = { PATH: process.env['PATH'], INPUT_PACKAGES: 'charts/shop' }
  const emulator = spawn(process.execPath, [join(root, 'scripts/emulator.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  try {
    const flags = await flagsIn(emulator.stdout)
    const script = join(root, 'scripts/local.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...flags], { env, cwd: root })
    expect(stdout).toMatch(/A real run would delete 2 images \(2 versions\)/)
  } finally {
    emulator.kill()
  }
})

/** The flags of the command that the emulator prints. */
async function flagsIn(output: NodeJS.ReadableStream): Promise<string[]> {
  for await (const line of createInterface({ input: output })) {
    const [, flags] = /^ +npm start -- (.+)$/.exec(line) ?? []
    if (flags !== undefined) return flags.split(' ')
  }
  throw new Error('the emulator printed no command')
}
