import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { image } from '../emulator/shapes.ts'
import { ago, openScene } from '../modes/retain/runs.ts'

/** Files of the run lie where a checkout, or another step, may have put links beforehand. */

it.each([
  ['report-file', 'report.json', ''],
  ['report-file', 'report.json', '.new'],
  ['page-file', 'page.html', '']
])('E-43 %s writes through no link that stands at %s%s', async (input, name, suffix) => {
  const folder = mkdtempSync(join(tmpdir(), 'links-'))
  const victim = join(folder, 'victim')
  writeFileSync(victim, 'precious')
  const path = join(folder, name)
  symlinkSync(victim, `${path}${suffix}`)
  await using scene = await openScene()
  scene.app.push(image(), { tags: ['v1'], at: ago(90) })
  const result = await scene.run({ [input]: path, 'dry-run': 'true' })
  expect([result.code, readFileSync(victim, 'utf8')]).toEqual([0, 'precious'])
  expect(statSync(path).size).toBeGreaterThan(100)
  expect(existsSync(`${path}.new`)).toBe(false)
  rmSync(folder, { recursive: true })
})
