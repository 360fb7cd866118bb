import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { Earlier } from '../../../src/apply/look/earlier.ts'
import { leaveToNext } from '../../../src/apply/look/leave-to-next.ts'
import type { PastDeletion } from '../../../src/cache/deletions.ts'
import { openNotes, readHeading, writeMemory } from '../../../src/cache/file.ts'
import type { LoadedPackage } from '../../../src/inventory/load.ts'
import { parseDigest } from '../../../src/model/digest.ts'

const NOW = Date.parse('2026-06-30T00:00:00Z')

const digestAt = (at: number) => {
  const digest = parseDigest(`sha256:${at.toString(16).padStart(64, '0')}`)
  if (digest === undefined) throw new Error('no digest')
  return digest
}

const deletionAt = (at: number): Earlier => {
  const root = digestAt(Math.floor(at / 3) * 3)
  const tags = at % 3 === 0 ? [`sha-${'x'.repeat(124)}`] : []
  const version = { id: at + 1, digest: digestAt(at), tags, created: undefined, updated: undefined }
  return {
    version,
    root,
    after: at % 3 === 0 ? [] : [root],
    describes: false,
    at: NOW,
    listed: 0,
    looked: false
  }
}

test('what is left of many deletions is what the next run can read: the unchecked ones, and the new ones before the old', async () => {
  const left: Record<'unchecked' | 'checked', readonly PastDeletion[]>[] = []
  const old = { ...deletionAt(99_999), id: 100_000, digest: digestAt(99_999), tags: [] }
  const loaded = {
    listing: { unseen: 0 },
    inventory: { versions: [], contents: new Map() },
    recollection: {
      deletions: { unchecked: [], checked: [old] },
      leaveDeletions: (one: (typeof left)[0]) => left.push(one)
    }
  } as unknown as LoadedPackage
  const all = Array.from({ length: 70_000 }, (_, at) => deletionAt(at))
  leaveToNext(loaded, all.slice(0, 50_000), all.slice(50_000), NOW)
  expect(left.map(({ unchecked, checked }) => [unchecked.length, checked.length])).toEqual([[50_000, 10_000]])
  const folder = mkdtempSync(join(tmpdir(), 'left-'))
  const path = join(folder, 'entry')
  const heading = {
    schema: 1,
    package: 'app',
    untagged: [],
    passed: [],
    forgotten: [],
    ...left[0]
  } as Parameters<typeof writeMemory>[1]
  const notes = openNotes(`${path}.new`, () => {})
  await writeMemory(path, heading, `${path}.old`, () => true, notes)
  expect((await readHeading(path, 'app')).unchecked).toHaveLength(50_000)
  leaveToNext(loaded, [], [], NOW + 1)
  expect(left[1]?.checked).toEqual([old])
  rmSync(folder, { recursive: true })
})
