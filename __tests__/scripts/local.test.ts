import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { believable } from '../emulator/believable.ts'
import { startEmulator } from '../emulator/server.ts'

const root = resolve(import.meta.dirname, '../..')

test.each([[[]], [['--dist']]])('npm start %j runs .env.example dry, and shows no secret', async flags => {
  const { world } = believable(Date.now())
  await using github = await startEmulator({ world })
  const token = world.classic('olivia')
  const example = await readFile(join(root, '.env.example'), 'utf8')
  const settings =
    example.replace('INPUT_TOKEN=', `INPUT_TOKEN=${token}`).replace('PACKAGES=my-app', 'PACKAGES=shop/api') +
    `INPUT_KEEP-AT-LEAST=3\nINPUT_DRY-RUN=false\nINPUT_API-URL=${github.apiUrl}\nINPUT_REGISTRY-URL=${github.registryUrl}\n`
  const folder = await mkdtemp(join(tmpdir(), 'local-'))
  const file = join(folder, 'env')
  await writeFile(file, settings)
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'scripts/local.ts'), '--env', file, ...flags],
      { env: { PATH: process.env['PATH'] } }
    )
    expect(stdout).toMatch(/^▼ shop\/api: \d+ versions[\s\S]*^would be deleted: sha-/m)
    expect(stdout).not.toMatch(/::|ghp_/)
    expect(github.writes).toEqual([])
  } finally {
    await rm(folder, { recursive: true })
  }
})
