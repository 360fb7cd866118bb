import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { parseOutputs, runAction, withDefaults } from '../helpers/run-action.ts'

const run = promisify(execFile)
const script = resolve(import.meta.dirname, '../../scripts/emulator.ts')

test('an emulator in the background serves the action, says what became of its images, and ends when it is told', async () => {
  const temp = await mkdtemp(join(tmpdir(), 'emulator-'))
  const env = { ...process.env, RUNNER_TEMP: temp, GITHUB_OUTPUT: '' }
  const { stdout } = await run(process.execPath, [script, '--background'], { env })
  const facts = parseOutputs(stdout)
  try {
    const servers = { apiUrl: facts['api-url'] ?? '', registryUrl: facts['registry-url'] ?? '' }
    const inputs = { packages: 'shop/web', 'delete-tags': 'main-*', 'keep-at-least': '10' }
    await using result = await runAction(servers, await withDefaults(inputs, facts['token'] ?? ''), {
      repository: facts['repository'] ?? ''
    })
    expect(result.stderr).toBe('')
    expect(Number(result.outputs['deleted-count'])).toBeGreaterThan(0)
    const asked = { env: { ...env, EMULATOR_STATE_URL: facts['state-url'] ?? '' } }
    const verified = await run(process.execPath, [script, '--verify'], asked)
    expect(verified.stdout).toMatch(/^[1-9]\d* writes, every tag can be pulled, and no limit was crossed\n$/)
  } finally {
    process.kill(Number(facts['pid']))
    await rm(temp, { recursive: true })
  }
})

test('npm run emulator prints the command that tries a policy on it', async () => {
  const root = resolve(import.meta.dirname, '../..')
  const child = spawn(process.execPath, [script], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    let said = ''
    for await (const chunk of child.stdout) {
      said += String(chunk)
      if (said.includes('how to undo it')) break
    }
    const [, command = ''] = /^ {2}npm start -- (.+)$/m.exec(said) ?? []
    const env = { PATH: process.env['PATH'] }
    const tried = await run(process.execPath, [join(root, 'scripts/local.ts'), ...command.split(' ')], {
      cwd: root,
      env
    })
    expect(tried.stdout).toMatch(/^would be deleted: /m)
  } finally {
    child.kill()
  }
})
