import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openRecord } from '../../src/report/journal.ts'
import { parseRecord, readRecord } from '../../src/report/read-record.ts'
import { inventoryHash, outcomeEntry, sentEntry } from '../../src/report/record-build.ts'
import { digestOf, version } from '../helpers/make.ts'
import { drop, keep, packageRun, runOf } from './runs.ts'

const context = { api: 'https://api.github.com', registry: 'https://ghcr.io', version: '1.0.0' }
const old = version('old', { tags: ['sha-1', 'naïve "tag"'] })
const live = version('live', { tags: ['v1'], created: undefined })
const run = runOf([packageRun([drop(old), keep(live, { code: 'child', of: 'v2' })])])
const [outcome] = run.packages[0]?.outcomes ?? []
if (outcome === undefined) throw new Error('the run has no outcome')
const at = Date.parse('2026-03-01T04:06:00Z')

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'record-'))
  path = join(directory, 'new folder', 'report.json')
})
afterEach(() => rmSync(directory, { recursive: true }))

describe('the report', () => {
  test('has every verdict with its reason, and the plan, before the first deletion', () => {
    openRecord(path, run, context, () => {})
    const read = readRecord(path)
    expect(read.run).toEqual({
      mode: 'retain',
      dryRun: false,
      owner: 'acme',
      started: '2026-03-01T04:05:06.000Z',
      ...context
    })
    const [one] = read.packages
    expect(one?.versions).toMatchObject([
      {
        id: old.id,
        digest: old.digest,
        tags: old.tags,
        verdict: 'delete',
        phrase: 'deleted: untagged, pushed 41 days ago'
      },
      {
        id: live.id,
        created: null,
        verdict: 'keep',
        phrase: 'kept: child of v2',
        reasons: [{ code: 'child', of: 'v2' }]
      }
    ])
    expect(one?.steps).toEqual([
      { action: 'delete', id: old.id, digest: old.digest, after: [], root: old.digest }
    ])
    expect(read.journal).toEqual([])
    expect(read.finished).toBeUndefined()
  })

  test('is a complete file after every entry, and has all of them in order', () => {
    const journal = openRecord(path, run, context, () => {})
    const entries = [
      sentEntry('app', outcome.step, at),
      outcomeEntry('app', { ...outcome, status: 'failed', detail: 'ünlucky ]}' }, at + 1),
      sentEntry('app', { action: 'untag', version: live, tag: 'v1' }, at + 2),
      outcomeEntry('app', outcome, at + 3)
    ]
    for (const [index, entry] of entries.entries()) {
      journal.append(entry)
      expect(readRecord(path).journal).toEqual(entries.slice(0, index + 1))
    }
    journal.finish({ ...run, incomplete: 'No time.' }, at + 4)
    const read = readRecord(path)
    expect(read.journal).toEqual(entries)
    expect(read.finished).toMatchObject({
      at: '2026-03-01T04:06:00.004Z',
      durationMs: run.durationMs,
      requests: run.requests,
      incomplete: 'No time.',
      failures: []
    })
  })

  test('can be finished without any entry, and for a run without packages', () => {
    openRecord(path, runOf([]), context, () => {}).finish(runOf([]), at)
    expect(readRecord(path)).toMatchObject({ packages: [], journal: [], finished: { warnings: [] } })
  })

  test('leaves nothing behind where it cannot take its place', () => {
    mkdirSync(path, { recursive: true })
    expect(() => openRecord(path, run, context, () => {})).toThrow(/cannot be written/)
    expect(existsSync(`${path}.new`)).toBe(false)
  })

  test('appends to a report of 20,000 versions without writing it again', () => {
    const decisions = Array.from({ length: 20_000 }, (_, id) =>
      keep({ ...old, id, digest: digestOf(String(id)) })
    )
    const journal = openRecord(path, runOf([packageRun(decisions)]), context, () => {})
    const before = readFileSync(path)
    const entry = sentEntry('app', outcome.step, at)
    for (let times = 0; times < 1_000; times++) journal.append(entry)
    const after = readFileSync(path)
    expect(after.subarray(0, before.length - 4).equals(before.subarray(0, before.length - 4))).toBe(true)
    expect(readRecord(path).journal).toHaveLength(1_000)
  })

  test('E-05 keeps the report of an earlier step that stands at the same path, and says where', () => {
    const told: string[] = []
    openRecord(path, runOf([]), context, text => told.push(text))
    openRecord(path, run, context, text => told.push(text))
    openRecord(path, run, context, text => told.push(text))
    expect(told).toEqual([
      expect.stringMatching(/`report-file` names .*report\.json.*kept as .*report-1\.json/),
      expect.stringMatching(/kept as .*report-2\.json/)
    ])
    expect(readRecord(path.replace('.json', '-1.json')).packages).toHaveLength(0)
    expect(readRecord(path).packages).toHaveLength(1)
  })

  test('replaces an older, longer report whole', () => {
    openRecord(path, runOf([run, run, run].flatMap(one => one.packages)), context, () => {})
    openRecord(path, run, context, () => {})
    expect(readRecord(path).packages).toHaveLength(1)
  })

  test('says so when the disk is full amid an entry, of which a part is written', () => {
    const url = (file: string) => JSON.stringify(new URL(file, import.meta.url))
    const script = `
      import { openRecord } from ${url('../../src/report/journal.ts')}
      import { runOf } from ${url('./runs.ts')}
      const journal = openRecord(${JSON.stringify(path)}, runOf([]), ${JSON.stringify(context)}, () => {})
      for (;;) journal.append(${JSON.stringify(sentEntry('app', outcome.step, at))})`
    // A file may not be larger than 2 KiB: the write that passes that ends there, and only the next one fails.
    const child = spawnSync(
      'bash',
      ['-c', 'ulimit -f 2; exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8' }
    )
    expect(child.stderr).toContain('cannot be written: the disk is full.')
    expect(statSync(path).size).toBe(2048)
  })

  test('that cannot be written names the input', () => {
    writeFileSync(join(directory, 'file'), '')
    expect(() => openRecord(join(directory, 'file', 'report.json'), run, context, () => {})).toThrow(
      /cannot be written: .*`report-file`/
    )
  })
})

test('a report that a kill tore in the midst of any write tells all that was written before', () => {
  const journal = openRecord(path, run, context, () => {})
  const entries = [
    sentEntry('app', outcome.step, at),
    outcomeEntry('app', { ...outcome, detail: 'ünlucky ]}' }, at + 1),
    sentEntry('app', { action: 'untag', version: live, tag: 'v1' }, at + 2)
  ]
  const whole = entries.map(entry => {
    journal.append(entry)
    return readFileSync(path)
  })
  journal.finish(run, at + 3)
  const last = readFileSync(path)
  for (const [index, before] of whole.entries()) {
    const next = whole[index + 1] ?? last
    // The operating system writes from the front; what it did not come to is as it was.
    const from = before.findIndex((byte, place) => next[place] !== byte)
    for (let to = from; to < next.length; to++) {
      const torn = Buffer.concat([next.subarray(0, to), before.subarray(to)])
      const read = parseRecord(torn.toString('utf8'), 'torn').journal
      expect(read.slice(0, index + 1)).toEqual(entries.slice(0, index + 1))
    }
  }
})

describe('a file that is no report is refused with what is wrong', () => {
  const good = (): string => {
    openRecord(path, run, context, () => {})
    return readFileSync(path, 'utf8')
  }
  const cases: readonly (readonly [string, () => string, RegExp])[] = [
    ['nothing', () => '', /not complete JSON/],
    ['a report that was cut short', () => good().slice(0, -10), /cut short/],
    ['some other JSON', () => '{"deleted":[]}', /not a report of ghcr-steward/],
    ['a list', () => '[]', /not a report of ghcr-steward/],
    ['a newer report', () => good().replace('"schema":1', '"schema":2'), /schema 2.*reads up to 1/],
    ['a schema of another kind', () => good().replace('"schema":1', '"schema":"1"'), /damaged.*schema/],
    [
      'a short digest',
      () => good().replaceAll(old.digest, 'sha256:abc'),
      /versions\.0\.digest: is not a full sha256/
    ],
    [
      'a step that means another version',
      () => good().replace(`"delete","id":${old.id}`, `"delete","id":${live.id}`),
      /a step of app means version/
    ],
    ['a version without a reason', () => good().replace(/"reasons":\[[^\]]*\]/, '"reasons":[]'), /reasons/]
  ]

  test.each(cases)('%s', (_, make, message) => {
    expect(() => parseRecord(make(), 'r.json')).toThrow(message)
    expect(() => parseRecord(make(), 'r.json')).toThrow('r.json')
  })

  test('and so is a file that is not there', () => {
    expect(() => readRecord(join(directory, 'none.json'))).toThrow(
      /There is no report at .*none\.json. Check the path/
    )
  })

  test('but keys that a later version adds do no harm', () => {
    expect(parseRecord(good().replace('"schema":1', '"schema":1,"extra":{}'), 'r').run.owner).toBe('acme')
  })
})

test('the inventory hash depends on ids, digests and tags, and on no order', () => {
  const a = version('a', { id: 1, tags: ['x', 'y'] })
  const b = version('b', { id: 20 })
  const hash = inventoryHash([a, b])
  expect(inventoryHash([b, { ...a, tags: ['y', 'x'] }])).toBe(hash)
  for (const other of [
    [a],
    [a, { ...b, tags: ['x'] }],
    [a, { ...b, id: 3 }],
    [a, { ...b, digest: a.digest }]
  ]) {
    expect(inventoryHash(other)).not.toBe(hash)
  }
})
