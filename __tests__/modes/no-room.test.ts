import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { Builder } from '../emulator/builder.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { image } from '../emulator/shapes.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import { sentencesTwice } from '../helpers/sentences.ts'

/** Nobody schedules a next restore or purge: one that finds no room has failed, and says when to start it again. */

const clock = fastClock(100)
let github: Emulator
let app: Builder
let token: string
beforeEach(async () => {
  github = await startEmulator({ now: clock.now })
  app = github.world.package('acme/app', { repository: 'acme/app' })
  token = github.world.githubToken('acme/app')
  for (const tag of ['v1', 'sha-1', 'sha-2', 'sha-3'])
    app.push(image(), { tags: [tag], at: '2026-01-01T00:00:00Z' })
})
afterEach(() => github.close())

const run = (inputs: Record<string, string>) =>
  runInside(github, { token, packages: 'app', patience: '1min', ...inputs }, clock)
const PURGE = { mode: 'purge', purge: 'sha-1', confirm: 'app' }
const leave = (requests: number) =>
  github.limiter.leaveQuota(github.world.account(token), requests, 3_000_000)
const AGAIN =
  /Start the same run again after \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, or at once with a classic token or `reserve-requests: 0`\./

it('a restore that has no quota from the start is red, says nothing twice, and when to start it again', async () => {
  await using first = await run({ 'delete-tags': 'sha-*' })
  const path = join(first.temp, 'earlier.json')
  writeFileSync(path, JSON.stringify(first.report))
  leave(51)
  await using back = await run({ mode: 'restore', restore: path })
  expect(back).toMatchObject({ code: 1, outputs: { incomplete: 'true', 'restored-count': '0' } })
  expect(back.stdout).toMatch(/^::error::app: Nothing is restored yet\. GitHub allows this token/m)
  expect(back.stdout).toMatch(AGAIN)
  expect(back.stdout).not.toMatch(/next run/)
  expect(back.summary).not.toMatch(/next run/)
  expect(sentencesTwice(back)).toEqual([])
  leave(1_000)
  await using again = await run({ mode: 'restore', restore: path })
  expect(again).toMatchObject({ code: 0, outputs: { 'restored-count': first.outputs['deleted-count'] } })
})

it('a restore that runs out of quota on its way is red, and counts what is not restored yet', async () => {
  await using first = await run({ 'delete-tags': 'sha-*' })
  const path = join(first.temp, 'earlier.json')
  writeFileSync(path, JSON.stringify(first.report))
  leave(60)
  await using back = await run({ mode: 'restore', restore: path })
  expect(Number(back.outputs['restored-count'])).toBeGreaterThan(0)
  expect(back.code).toBe(1)
  expect(back.stdout).toMatch(
    /^::error::app: \d+ versions are not restored yet\. The first is .*: GitHub allows this token/m
  )
  expect(back.stdout).toMatch(AGAIN)
  expect(back.stdout + back.summary).not.toMatch(/next run/)
  expect(sentencesTwice(back)).toEqual([])
})

it('a purge that has no quota is red, too', async () => {
  leave(53)
  await using none = await run(PURGE)
  expect(none).toMatchObject({ code: 1, outputs: { incomplete: 'true', 'deleted-count': '0' } })
  expect(none.stdout).toMatch(
    /^::error::app: 3 versions are not purged yet\. The first is sha-1: GitHub allows this token/m
  )
  expect(none.stdout).toMatch(AGAIN)
  expect(none.stdout + none.summary).not.toMatch(/next run/)
  expect(sentencesTwice(none)).toEqual([])
})

it.each([
  [PURGE, 'purged'],
  [{ mode: 'restore', restore: 'since 3h' }, 'restored']
])('%j that may not send even its first request is red', async (inputs, done) => {
  leave(0)
  await using none = await run(inputs)
  expect(none).toMatchObject({ code: 1, outputs: { incomplete: 'true' } })
  expect(none.stdout).toMatch(new RegExp(`^::error::(?:app: )?Nothing is ${done} yet\\. GitHub asks`, 'm'))
  expect(none.stdout).toMatch(/Start the same run again after .* UTC, or at once with a classic token\./)
  expect(none.stdout).not.toMatch(/next run/)
})
