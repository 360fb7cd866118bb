import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { parseOutputs, runAction, withDefaults } from '../helpers/run-action.ts'
import { SCRIPT_ENV } from '../helpers/scripts.ts'

const run = promisify(execFile)
const script = resolve(import.meta.dirname, '../../scripts/emulator.ts')

test('an emulator in the background serves the action, says what became of its images, and ends when it is told', async () => {
  const temp = await mkdtemp(join(tmpdir(), 'emulator-'))
  const env = { ...SCRIPT_ENV, RUNNER_TEMP: temp, GITHUB_OUTPUT: '' }
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

test('npm run emulator -- --help says what it does, and starts nothing', async () => {
  const { stdout } = await run(process.execPath, [script, '--help'], { env: SCRIPT_ENV })
  expect(stdout).toMatch(/^npm run emulator keeps an emulated GitHub running/)
})
