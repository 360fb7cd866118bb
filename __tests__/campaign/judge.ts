import { existsSync } from 'node:fs'
import { describedBy, referrerTag } from '../../src/model/digest.ts'
import { readRecord } from '../../src/report/read-record.ts'
import type { RunRecord } from '../../src/report/record.ts'
import type { Builder } from '../emulator/builder.ts'
import { childrenOf } from '../emulator/contents.ts'
import type { Lie } from '../emulator/lies.ts'
import type { Emulator } from '../emulator/server.ts'

/** What is to be seen of a package: ids with their tags, digests in tags as the id that they mean. */
export type Picture = ReadonlyMap<number, readonly string[]>

export function pictureOf(app: Builder): Picture {
  const { order, deleted } = app.row
  const names = new Map([...order, ...deleted.values()].map(({ digest, id }) => [referrerTag(digest), id]))
  const plain = (tag: string): string => {
    const key = describedBy(tag)
    return key === undefined ? tag : tag.replace(key, `of ${names.get(key)}`)
  }
  return new Map(order.map(({ id, tags }) => [id, tags.map(plain).sort()]))
}

/** Tags that cannot be pulled, by name. */
export function brokenTags(app: Builder, github: Emulator): ReadonlySet<string> {
  const name = `acme/${app.row.name}`
  return new Set(Object.keys(app.tags()).filter(tag => github.world.pullable(name, tag).length > 0))
}

/** What is lost of what should have stayed. `stays` is what an undisturbed run leaves. */
export function losses(before: Picture, after: Picture, stays: Picture): string[] {
  const lost: string[] = []
  for (const [id, tags] of before) {
    if (!stays.has(id)) continue
    const now = after.get(id)
    if (now === undefined) lost.push(`version ${id} [${tags.join(' ')}] should have stayed and is gone`)
    else if (now.join(' ') !== tags.join(' ')) {
      lost.push(`version ${id} had [${tags.join(' ')}] and has [${now.join(' ')}]`)
    }
  }
  return lost
}

/** `oneName` and `otherName` say after what each was taken. */
export function differences(oneName: string, one: Picture, otherName: string, other: Picture): string[] {
  const text = (picture: Picture, id: number) => picture.get(id)?.join(' ') ?? 'nothing'
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter(id => text(one, id) !== text(other, id))
    .map(id => `version ${id}: [${text(one, id)}] after ${oneName}, [${text(other, id)}] after ${otherName}`)
}

/** Where the journal does not tell what was done. */
export function untruths(reportFile: string, app: Builder, github: Emulator, since: number): string[] {
  const deletes = github.requests
    .slice(since)
    .filter(({ method }) => method === 'DELETE')
    .map(({ path }) => Number(path.split('/').at(-1)))
  if (!existsSync(reportFile)) return deletes.length === 0 ? [] : ['something was deleted without a report']
  let record: RunRecord
  try {
    record = readRecord(reportFile)
  } catch (error) {
    return [`the report cannot be read: ${String(error)}`]
  }
  const sent = new Set<number>()
  const wrong: string[] = []
  const outcomes = new Map<number, string>()
  for (const entry of record.journal) {
    if (!('id' in entry)) continue
    // A part of what was deleted in vain comes back at once (seed 5001524).
    if (entry.action === 'restore' && entry.event !== 'sent') outcomes.delete(entry.id)
    if (entry.action !== 'delete') continue
    if (entry.event === 'sent') sent.add(entry.id)
    else outcomes.set(entry.id, entry.status)
  }
  for (const id of new Set(deletes))
    if (!sent.has(id)) wrong.push(`the DELETE of ${id} is not in the journal`)
  for (const [id, status] of outcomes) {
    const gone = app.row.deleted.has(id)
    if ((status === 'done' || status === 'already') && !gone) wrong.push(`${id} is "${status}" and is there`)
    // What was gone before and still listed is none of its doing (seed 4007829).
    if (!['done', 'already', 'failed'].includes(status) && gone && sent.has(id))
      wrong.push(`${id} is "${status}" and is gone`)
  }
  const known = new Set(record.packages.flatMap(({ versions }) => versions.map(({ id }) => id)))
  for (const id of sent) if (!known.has(id)) wrong.push(`${id} was deleted and has no verdict`)
  return wrong
}

/**
 * What a run that calls itself whole did not know: manifests that nobody gave it, and deletions that it
 * could not look at once more.
 *
 * @param requests those of the run
 * @param lies those that lasted as long as the run
 * @param report the file of the run's report
 */
export function hidden(
  app: Builder,
  requests: Emulator['requests'],
  lies: readonly Lie[],
  report: string
): string[] {
  const looks = Map.groupBy(
    requests.filter(({ host, path }) => host === 'registry' && /\/manifests\//.test(path)),
    ({ path }) => path.split('/').at(-1) as string
  )
  const isGiven = (name: string): boolean =>
    (looks.get(name) ?? []).some(({ method, status }) => method === 'GET' && status === 200)
  // Of a part that was asked for by HEAD, with a GET behind a denial, nobody wanted more than that it is there (seed 7305910).
  const isAsked = (digest: string): boolean => {
    const [first, ...more] = looks.get(digest) ?? []
    if (![first, ...more].some(look => look?.method === 'GET')) return false
    return first?.method !== 'HEAD' || !more.some(({ status }) => status === 200)
  }
  // What neither GitHub's list nor the registry shows is not there for anybody (seed 5207883).
  const isUnlisted = (id: number): boolean => lies.some(lie => lie.kind === 'drop' && lie.id === id)
  // An image stays whose part GitHub lists and the registry denies, and its reason says so of one of them (seed 9201406).
  const record = existsSync(report) ? readRecord(report) : undefined
  const odd = new Set(
    record?.packages.flatMap(({ versions }) =>
      versions.flatMap(({ id, reasons }) => (reasons.some(({ code }) => code === 'odd') ? [id] : []))
    )
  )
  const told = new Set(app.row.order.flatMap(({ id, bytes }) => (odd.has(id) ? childrenOf(bytes) : [])))
  // A set that grows while it is walked: parts of parts, too (seed 9710697).
  for (const part of told)
    for (const below of childrenOf(app.row.byDigest.get(part)?.bytes ?? Buffer.from('{}'))) told.add(below)
  const unknown = app.row.order.filter(
    ({ id, digest, tags }) =>
      isAsked(digest) && !isUnlisted(id) && !told.has(digest) && ![digest, ...tags].some(isGiven)
  )
  const unlooked =
    lies.some(({ kind }) => kind === 'unlisted') &&
    requests.some(({ method, status }) => method === 'DELETE' && status === 204)
  return [
    ...unknown.map(({ id }) => `the run is green, and nobody gave it the manifest of ${id}`),
    ...(unlooked ? ['the run is green, and GitHub did not list what it deleted'] : [])
  ]
}
