import type { Clock } from '../../src/model/clock.ts'
import { PLACEHOLDER } from '../../src/model/manifest.ts'
import type { Builder } from '../emulator/builder.ts'
import { childrenOf, missingBelow, restore, type StoredVersion } from '../emulator/contents.ts'
import type { Emulator } from '../emulator/server.ts'
import { image, index, manifest, type Shape } from '../emulator/shapes.ts'
import type { Aims } from './race-judge.ts'
import { type Act, MOMENTS, RETURNING } from './race-scenario.ts'

/** Where others act. */
interface Theatre {
  readonly github: Emulator
  readonly app: Builder
  readonly clock: Clock
}

/** Lets others act once. */
export function plot(
  act: Act,
  stage: Theatre,
  going: ReadonlySet<number>,
  aims: Aims,
  story: string[]
): void {
  const { github, clock } = stage
  const run = async (): Promise<void> => {
    const told = perform(act, stage, going, aims)
    const asked = github.requests.at(-1)
    story.push(`${told ?? `no ${act.what}`} (${act.when} ${asked?.method} ${asked?.path})`)
    if (told !== undefined && act.hold > 0) await clock.sleep(act.hold)
  }
  const target = { ...MOMENTS[act.on], after: act.after, times: 1 }
  github.faults.on(target, { kind: act.when, run })
}

/** What is done, as a phrase; undefined where nothing fits. */
function perform(
  { what, on, after, pick }: Act,
  { app, clock }: Theatre,
  going: ReadonlySet<number>,
  aims: Aims
): string | undefined {
  // The first list of tags belongs to the listing.
  const during = on === 'tags' && after === 0 ? 'list' : on
  const one = <T>(list: readonly T[]): T | undefined => list[pick % Math.max(1, list.length)]
  const { order } = app.row
  const leaving = order.filter(({ id }) => going.has(id))
  // Whoever puts a tag on what lacks more than a mend brings back has broken that himself (seeds 302348, 340440).
  const fit = leaving.filter(({ digest, tags }) => {
    const missing = missingBelow(app.row, digest).length
    return missing === 0 || (missing === 1 && tags.includes('x-9'))
  })
  const staying = order.filter(({ id, tags }) => !going.has(id) && tags.some(tag => STAYS.test(tag)))
  /** A version that lost the last tag for which it stays may go. */
  const leave = (from: StoredVersion | undefined): void => {
    if (from === undefined || from.tags.some(tag => STAYS.test(tag))) return
    aims.orphaned.add(from.id)
    for (const tag of from.tags) aims.tags.delete(tag)
  }
  const put = (tag: string | undefined, to: StoredVersion | undefined): string | undefined => {
    if (tag === undefined || to === undefined) return undefined
    const from = app.row.byTag.get(tag)
    app.tag(to, tag)
    leave(from)
    aims.tags.set(tag, to.id)
    aims.late.set(tag, { at: clock.now(), during, on: to.id, from: from?.id })
    return `${what}: ${tag} on ${to.id}`
  }
  const pushed = (shape: Shape, tag?: string): string => {
    const from = tag === undefined ? undefined : app.row.byTag.get(tag)
    const made = app.push(shape, { tags: tag === undefined ? [] : [tag] })
    leave(from)
    if (tag === undefined) aims.whole.add(made.digest)
    else {
      aims.tags.set(tag, made.id)
      aims.late.set(tag, { at: clock.now(), during, on: made.id, from: from?.id })
    }
    return `${what}: ${tag ?? 'no tag'} on the new ${made.id}`
  }
  // What a policy takes off anyway is in nobody's hands.
  const kept = one(staying.flatMap(({ tags }) => tags.filter(tag => MOVES.test(tag) && aims.tags.has(tag))))
  switch (what) {
    case 'promote':
      return put(kept, one(fit))
    case 'move':
      return put(kept, one(staying.filter(({ tags }) => !tags.includes(kept ?? ''))))
    case 'name':
      return put('v9', one(fit))
    case 'copy': {
      const placeholder = order.find(({ bytes }) => bytes.includes(PLACEHOLDER))
      if (kept === undefined || placeholder === undefined) return undefined
      const from = app.row.byTag.get(kept)
      app.tag(placeholder, kept)
      leave(from)
      return `copy: ${kept} on the placeholder ${placeholder.id}`
    }
    case 'index':
    case 'untagged': {
      const part = one(leaving.filter(({ tags }) => tags.length === 0))
      if (part === undefined) return undefined
      // With a platform of its own: what names nothing but attestations is a list of referrers.
      const platforms = [
        { shape: shapeOf(part), platform: 'linux/amd64' },
        { shape: manifest(), platform: 'linux/arm64' }
      ]
      return pushed(index(platforms), what === 'index' ? 'v8' : undefined)
    }
    case 'push':
      return pushed(image(), 'v7')
    case 'again':
      return pushed(image(), 'sha-9')
    case 'mend': {
      const partial = leaving.find(({ tags }) => tags.includes('x-9'))
      const missing = partial === undefined ? [] : missingBelow(app.row, partial.digest)
      const digest = one(missing)
      const part = [...app.row.deleted.values()].find(one => one.digest === digest)
      if (partial === undefined || part === undefined) return undefined
      if (pick % 2 === 0) app.push(shapeOf(part))
      else restore(app.row, part, clock.now(), true)
      aims.tags.set('x-9', partial.id)
      if (missing.length === 1) aims.whole.add(partial.digest)
      return `mend: ${part.digest} of ${partial.id}`
    }
    case 'return': {
      const named = new Set(childrenOf(app.row.byTag.get(RETURNING)?.bytes ?? NOTHING))
      const gone = [...app.row.deleted.values()]
      const back = gone.find(({ tags, digest }) => tags.includes(RETURNING) || named.has(digest))
      if (back === undefined) return undefined
      restore(app.row, back, clock.now(), true)
      aims.whole.add(back.digest)
      if (!back.tags.includes(RETURNING)) return `return: ${back.id}`
      aims.tags.set(RETURNING, back.id)
      aims.late.set(RETURNING, { at: clock.now(), during, on: back.id, from: undefined })
      return `return: ${RETURNING} on ${back.id}`
    }
    case 'clear': {
      const partsOf = ({ bytes }: StoredVersion) => new Set(childrenOf(bytes))
      const isCleared = (version: StoredVersion): boolean => {
        const parts = partsOf(version)
        const sharing = [...order, ...app.row.deleted.values()].filter(
          other => other !== version && !partsOf(other).isDisjointFrom(parts)
        )
        // Whoever clears what an image in use needs has broken that himself.
        const isFree = ({ id, tags, deleted }: StoredVersion): boolean =>
          going.has(id) && (deleted !== undefined || !tags.some(tag => STAYS.test(tag)))
        return sharing.length > 0 && sharing.every(isFree)
      }
      const image = one(order.filter(isCleared))
      if (image === undefined) return undefined
      for (const { id, digest, tags } of order.filter(
        each => each === image || partsOf(image).has(each.digest)
      )) {
        app.delete({ digest })
        aims.orphaned.add(id)
        aims.whole.delete(digest)
        for (const tag of tags) aims.tags.delete(tag)
      }
      return `clear: ${image.id}`
    }
    case 'nightly':
      return pushed(manifest(), 'nightly')
  }
}

/** A manifest that names nothing. */
const NOTHING = Buffer.from('{}')
const STAYS = /^(?:v|prod|latest|stays)/
const MOVES = /^(?:prod|latest|v2)/

/** What is there, to be named by an index. */
const shapeOf = ({ mediaType, digest, bytes }: StoredVersion): Shape => ({
  mediaType,
  digest,
  size: bytes.length,
  bytes,
  children: [],
  blobs: new Map()
})
