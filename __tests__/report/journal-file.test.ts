import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { createServer } from 'node:net'
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

it.each(['', '.new'])(
  'a socket at the place of the report is left alone, and nothing is deleted: report.json%s',
  async suffix => {
    const folder = mkdtempSync(join(tmpdir(), 'sockets-'))
    const path = join(folder, 'report.json')
    await using socket = createServer().listen(`${path}${suffix}`)
    await once(socket, 'listening')
    await using scene = await openScene()
    scene.app.push(image(), { tags: ['pr-1'], at: ago(90) })
    const result = await scene.run({ 'delete-tags': 'pr-*', 'report-file': path })
    expect([result.code, result.errors]).toEqual([1, [expect.stringMatching(/is not a file/)]])
    expect([statSync(`${path}${suffix}`).isSocket(), readdirSync(folder).length]).toEqual([true, 1])
    expect(scene.github.writes).toEqual([])
    rmSync(folder, { recursive: true })
  }
)

it.each([
  ['report-file', 'out/report.json'],
  ['report-file', 'out/deep/er/report.json'],
  ['page-file', 'out/page.html']
])(
  'E-43 %s is not written at %s where a link in the checkout leads out of the workspace',
  async (input, path) => {
    const folder = mkdtempSync(join(tmpdir(), 'links-'))
    for (const name of ['elsewhere', 'workspace']) mkdirSync(join(folder, name))
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'workspace', 'out'))
    await using scene = await openScene()
    scene.app.push(image(), { tags: ['v1'], at: ago(90) })
    const env = { GITHUB_WORKSPACE: join(folder, 'workspace') }
    const result = await scene.run({ [input]: path, 'dry-run': 'true' }, { env })
    expect(result.errors).toEqual([
      expect.stringContaining(`Input \`${input}\`: a folder of \`${path}\` is a link`)
    ])
    expect([readdirSync(join(folder, 'elsewhere')), scene.github.requests]).toEqual([[], []])
    rmSync(folder, { recursive: true })
  }
)

it('E-43 nor by the real path of a workspace that is a link itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'links-'))
  for (const name of ['elsewhere', 'real']) mkdirSync(join(folder, name))
  symlinkSync(join(folder, 'real'), join(folder, 'workspace'))
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'real', 'out'))
  await using scene = await openScene()
  const env = { GITHUB_WORKSPACE: join(folder, 'workspace') }
  const path = join(realpathSync(folder), 'real', 'out', 'report.json')
  const result = await scene.run({ 'report-file': path, 'dry-run': 'true' }, { env })
  expect(result.errors.join()).toContain('is a link that leads out of the workspace')
  expect(readdirSync(join(folder, 'elsewhere'))).toEqual([])
  rmSync(folder, { recursive: true })
})

it('E-43 report-file may go through a link that stays in the workspace, and through links to the workspace', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'links-'))
  mkdirSync(join(folder, 'real', 'there'), { recursive: true })
  symlinkSync(join(folder, 'real'), join(folder, 'workspace'))
  symlinkSync('there', join(folder, 'real', 'out'))
  await using scene = await openScene()
  scene.app.push(image(), { tags: ['v1'], at: ago(90) })
  const env = { GITHUB_WORKSPACE: join(folder, 'workspace') }
  await scene.run({ 'report-file': 'out/report.json', 'dry-run': 'true' }, { env })
  expect(existsSync(join(folder, 'real', 'there', 'report.json'))).toBe(true)
  rmSync(folder, { recursive: true })
})

it('law 9: a page never takes the place of the report that undoes the run', async () => {
  await using scene = await openScene()
  scene.app.push(image(), { tags: ['v1'], at: ago(90) })
  const result = await scene.run({ 'report-file': 'out/same', 'page-file': './out/../out/same' })
  expect(result.errors).toEqual([expect.stringContaining('Input `page-file`: `report-file` names the same')])
  expect(scene.github.requests).toEqual([])
})
