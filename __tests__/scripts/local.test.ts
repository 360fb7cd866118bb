import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { believable } from '../emulator/believable.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { SCRIPT_ENV } from '../helpers/scripts.ts'

const root = resolve(import.meta.dirname, '../..')

async function settings(github: Emulator, token: string, more = '') {
  const example = await readFile(join(root, '.env.example'), 'utf8')
  const folder = await mkdtemp(join(tmpdir(), 'local-'))
  const [file, out] = [join(folder, 'env'), join(folder, 'out')]
  await writeFile(
    file,
    example.replace('INPUT_TOKEN=', `INPUT_TOKEN=${token}`).replace('PACKAGES=my-app', 'PACKAGES=shop/api') +
      `INPUT_KEEP-AT-LEAST=3\nINPUT_DRY-RUN=false\nINPUT_API-URL=${github.apiUrl}\nINPUT_REGISTRY-URL=${github.registryUrl}\n${more}`
  )
  return {
    out,
    flags: ['--env', file, '--out', out],
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true })
  }
}

const start = (...args: string[]) =>
  promisify(execFile)(process.execPath, [join(root, 'scripts/local.ts'), ...args], {
    cwd: root,
    env: SCRIPT_ENV
  })

test.concurrent.each([[[]], [['--dist']]])(
  'npm start %j runs .env.example dry, and shows no secret',
  async flags => {
    const { world } = believable(Date.now())
    await using github = await startEmulator({ world })
    await using env = await settings(github, world.classic('olivia'))
    const { stdout } = await start(...env.flags, ...flags)
    expect(stdout).toMatch(/^▼ shop\/api: \d+ versions[\s\S]*^would be deleted: sha-/m)
    expect(stdout).not.toMatch(/::|ghp_/)
    expect(stdout).toContain(`are in ${env.out}. The next run replaces outputs and summary.md.\n`)
    expect(github.writes).toEqual([])
  }
)

test.concurrent.each([
  [['--with', 'policy'], '--with needs INPUT=VALUE, such as policy=VALUE'],
  [
    ['--for-real', '--with', 'dry-run=true'],
    '--with dry-run does nothing here: leave out --for-real for a dry run'
  ],
  [['--for-real', '--undo', 'nofile.json'], '--undo: there is no file nofile.json'],
  [['--real'], "Unknown option '--real'"]
])('npm start %j runs nothing, and says how it is called', async (flags, sentence) => {
  const failed = await start(...flags).catch((error: { stderr: string }) => error)
  expect(failed.stderr).toContain(sentence)
  expect(failed.stderr).toContain('npm start -- [--env FILE]')
})

test.concurrent('npm start with an input that is wrong does not point to a summary, which an earlier run would have left', async () => {
  const { world } = believable(Date.now())
  await using github = await startEmulator({ world })
  await using env = await settings(github, world.classic('olivia'))
  await mkdir(env.out)
  await writeFile(join(env.out, 'summary.md'), 'of an earlier run')
  const failed = await start(...env.flags, '--with', 'keep-tag=latest').catch(
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout })
  )
  expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('Did you mean `keep-tags`?') })
  expect(failed.stdout).not.toContain(env.out)
})

test.concurrent('npm start -- --for-real with `explain` says which flag to leave out', async () => {
  await using github = await startEmulator({ world: believable(Date.now()).world })
  await using env = await settings(github, 'ghp_x')
  const failed = await start(...env.flags, '--for-real', '--with', 'explain=latest').catch(
    (error: { stdout: string }) => error
  )
  expect(failed.stdout).toContain('Input `explain` is for dry runs: leave out --for-real.')
})

test.concurrent('npm start runs the tests of a policy without any settings', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'local-'))
  const policy = join(folder, 'policy.yml')
  await writeFile(
    policy,
    "version: 1\npackages:\n  - match: app\n    rules: [{ name: pr, action: delete, match: { tags: 'pr-*' } }]\n" +
      'tests:\n  - name: pull requests go\n    now: 2026-06-30T00:00:00Z\n' +
      '    versions: [{ digest: old, tags: [pr-1], created: 2026-05-02 }, { digest: v1, tags: [v1], created: 2026-05-02 }]\n    expect: { delete: [old] }\n'
  )
  try {
    const flags = ['--with', `policy=${policy}`, '--with', 'policy-tests=true']
    const { stdout } = await start('--env', join(folder, 'none'), '--out', folder, ...flags)
    expect(stdout).toMatch(/^as expected: pull requests go\n1 policy test passed\.$/m)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test.concurrent('npm start -- --for-real deletes, and the command that it prints undoes it', async () => {
  const { world } = believable(Date.now())
  await using github = await startEmulator({ world })
  // A budget, because the pace of real deletions is that of a clock.
  await using env = await settings(github, world.classic('olivia'), 'INPUT_DELETIONS-PER-RUN=5\n')
  const api = world.package('acme/shop/api')
  const before = api.digests()
  const { stdout } = await start(...env.flags, '--for-real')
  expect(api.digests().size).toBeLessThan(before.size)
  const [, command = ''] = /^To undo it: npm start -- (.+)$/m.exec(stdout) ?? []
  expect(command).toContain('--for-real --undo ')
  await start(...command.split(' '))
  expect(api.digests()).toEqual(before)
})

test.concurrent('every command that npm run emulator prints works as it is pasted', async () => {
  const emulator = spawn(process.execPath, [join(root, 'scripts/emulator.ts')], {
    env: SCRIPT_ENV,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const run = (command: string) =>
    promisify(execFile)('sh', ['-c', command.replace('npm start --', 'node scripts/local.ts')], {
      env: SCRIPT_ENV,
      cwd: root
    })
  try {
    const [policy = '', check = '', purge = '', pattern = '', ...others] = await commandsIn(emulator.stdout)
    expect(others).toEqual([])
    expect((await run(policy)).stdout).toMatch(/A real run would delete \d+ images/)
    expect((await run(check)).stdout).toMatch(
      /^build of v1\.5\.0: would be started\nbuild of v1\.3\.1: would be started$/m
    )
    expect((await run(pattern)).stdout).toMatch(/shop\/api: .* go[\s\S]*shop\/web: /)
    const { stdout } = await run(purge)
    expect(stdout).toMatch(/A real run would delete 1 image \(3 versions\)/)
    // What comes next is said in the words of the command line, and works as well.
    const [, more = ''] =
      /^Next: look at out\/local\/summary\.md, then add (.+) to the same command\.$/m.exec(stdout) ?? []
    const real = await run(`${purge} ${more}`)
    expect(real.stdout).toMatch(/^1 image deleted \(3 versions\)/m)
    const [, undo = ''] = /^To undo it: (.+)$/m.exec(real.stdout) ?? []
    expect((await run(undo)).stdout).toMatch(/^1 image restored \(3 versions\)\./m)
    expect((await run(undo)).stdout).toMatch(/^Nothing to restore: the image is there already\./m)
  } finally {
    emulator.kill()
  }
})

/** The commands that the emulator prints, which ends with what may surprise. */
async function commandsIn(output: NodeJS.ReadableStream): Promise<string[]> {
  const commands: string[] = []
  for await (const line of createInterface({ input: output })) {
    if (line.startsWith('  npm start ')) commands.push(line.trim())
    if (/not a fault/.test(line)) return commands
  }
  throw new Error('the emulator ended')
}
