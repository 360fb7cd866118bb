import { appendFileSync, createReadStream, existsSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import { messageOf } from '../errors.ts'
import { type Digest, sha256Of } from '../model/digest.ts'
import type { Labels } from '../model/labels.ts'
import type { Manifest } from '../model/manifest.ts'
import { labelsIn } from '../registry/config.ts'
import { parseManifest } from '../registry/manifest.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { listOf } from '../util/parse-foreign.ts'
import type { Allowance } from './allowance.ts'
import { Forgotten, PastDeletion } from './deletions.ts'

/**
 * The first line of a file. Each line after it is one manifest, as the JSON string of its bytes, or the config of an image, as
 * a list with one such string: the digest is that of the bytes, and what they say is read from them every time. So no entry
 * can lie about a digest, and a reader that understands more than the last one did is not held back by it.
 */
const Heading = z.object({
  schema: z.literal(1),
  /** Registry, owner and name. */
  package: z.string(),
  /** Times at which versions were first seen without a tag (milliseconds since 1970), and their ids. */
  untagged: listOf(z.tuple([z.int().nonnegative(), listOf(z.int().positive())])),
  /** What its run could not look at once more. */
  unchecked: listOf(PastDeletion).default([]),
  /** What nothing needed when its run looked once more; an index may have been pushed that no list showed yet. */
  checked: listOf(PastDeletion).default([]),
  /** What purges named while it was remembered, or another job may have remembered it. */
  forgotten: listOf(Forgotten).default([]),
  /** Places behind which this entry was stored without a look at what was there, if anything: see `places.ts`. */
  passed: listOf(z.string().regex(/^\d{1,9}\.\d{1,9}$/)).default([])
})
export type Heading = z.infer<typeof Heading>

/** @throws whatever is wrong with the file, or with its first line; also when it is about another package */
export async function readHeading(path: string, name: string): Promise<Heading> {
  const lines = textLines(path)
  const first = await lines.next()
  await lines.return(undefined)
  const text = first.value ?? ''
  if (partsOf(text) > MOST_PARTS) throw new Error('its heading has more parts than any run writes')
  const heading = Heading.parse(JSON.parse(text))
  if (heading.package !== name) throw new Error(`it is about ${heading.package}`)
  return heading
}

/** Those of 500,000 untagged versions, each first seen at a time of its own: three seconds' work, and half a gigabyte. */
const MOST_PARTS = 2_000_000

/** How many values a text of JSON has at most, read without parsing it: one of nothing but brackets takes all memory. */
function partsOf(text: string): number {
  let parts = 0
  for (let at = 0; at < text.length; at++) if (OPENERS.has(text.charCodeAt(at))) parts++
  return parts
}

const OPENERS = new Set(['[', '{', ','].map(sign => sign.charCodeAt(0)))

/** The largest config that is remembered, in bytes. */
export const LARGEST_CONFIG = 64 * 1024

/** A line, and what it is where it is a config or a manifest that is wanted. */
interface Line {
  readonly digest?: Digest
  readonly manifest?: Manifest
  readonly labels?: Labels | undefined
  /** The bytes of a config. */
  readonly size?: number
}

export type Kind = 'manifest' | 'config'

/**
 * Reads all lines but the first.
 *
 * @param isWanted asked before a line's text is read: anybody may have written the same one a thousand times
 * @param allowance for all lines
 * @throws when the file cannot be read on, or the time for it is over
 */
export async function* linesOf(
  path: string,
  isWanted: (digest: Digest, kind: Kind) => boolean,
  allowance: Allowance
): AsyncGenerator<Line> {
  const goesOn = allowance()
  let heading = true
  for await (const text of textLines(path)) {
    goesOn()
    if (!heading) yield lineOf(text, isWanted)
    heading = false
  }
}

function lineOf(text: string, isWanted: (digest: Digest, kind: Kind) => boolean): Line {
  try {
    const isConfig = text.startsWith('[')
    const said = isConfig ? text.slice(1, -1) : text
    // What is no text may be nested, and a line of brackets takes seconds and a gigabyte to parse.
    if (!said.startsWith('"')) return {}
    const bytes = Buffer.from(String(JSON.parse(said)))
    if (isConfig && bytes.length > LARGEST_CONFIG) return {}
    const digest = sha256Of(bytes)
    if (!isWanted(digest, isConfig ? 'config' : 'manifest')) return {}
    return isConfig
      ? { digest, labels: labelsIn(bytes), size: bytes.length }
      : { digest, manifest: parseManifest(bytes, undefined) }
  } catch {
    // One that cannot be read is read from the registry again.
    return {}
  }
}

/** What was read in this run, on its way into the next entry. */
export interface Notes {
  readonly path: string
  readonly count: number
  add(digest: Digest, manifest: Manifest, bytes: Uint8Array): void
  addConfig(digest: Digest, bytes: Uint8Array): void
  /** Puts everything into the file. */
  flush(): void
}

/** Pieces of this many characters are handed to the disk at once. */
const CHUNK = 1 << 20

/** Notes on the disk, so that they take no room in memory; once that fails, none are taken. */
export function openNotes(path: string, debug: (text: string) => void): Notes {
  let count = 0
  let pending = ''
  let broken = false

  function flush(): void {
    if (pending === '' || broken) return
    try {
      appendFileSync(path, pending)
    } catch (error) {
      broken = true
      debug(`no notes are taken: ${messageOf(error)}`)
    }
    pending = ''
  }

  function put(line: string | undefined): void {
    if (line === undefined || broken) return
    count++
    pending += line
    if (pending.length >= CHUNK) flush()
  }

  return {
    path,
    get count() {
      return broken ? 0 : count
    },
    add(digest, manifest, bytes) {
      put(noteOf(digest, manifest, bytes))
    },
    addConfig(digest, bytes) {
      const text = Buffer.from(bytes).toString('utf8')
      put(sha256Of(Buffer.from(text)) === digest ? `${JSON.stringify([text])}\n` : undefined)
    },
    flush
  }
}

/** Undefined for what the bytes alone do not tell: schema 1, and what was understood by its content type. */
function noteOf(digest: Digest, manifest: Manifest, bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8')
  const again = Buffer.from(text)
  if (sha256Of(again) !== digest) return undefined
  const isSame = orUndefined(() => isDeepStrictEqual(parseManifest(again, undefined), manifest))
  return isSame ? `${JSON.stringify(text)}\n` : undefined
}

/**
 * Writes an entry: the heading, what is kept of the old one, and the notes.
 *
 * @param keeps asked for each line of `old`, counted from 0 without its heading
 * @throws when a file cannot be read or written
 */
export async function writeMemory(
  path: string,
  heading: Heading,
  old: string,
  keeps: (line: number) => boolean,
  notes: Notes
): Promise<void> {
  notes.flush()
  const file = await open(path, 'wx')
  try {
    let pending = `${JSON.stringify(heading)}\n`
    const put = async (line: string): Promise<void> => {
      pending += `${line}\n`
      if (pending.length < CHUNK) return
      await file.writeFile(pending)
      pending = ''
    }
    let number = -1
    for await (const line of existing(old)) if (number++ >= 0 && keeps(number - 1)) await put(line)
    for await (const line of existing(notes.path)) await put(line)
    await file.writeFile(pending)
  } finally {
    await file.close()
    for (const done of [old, notes.path]) rmSync(done, { force: true })
  }
}

async function* existing(path: string): AsyncGenerator<string> {
  if (existsSync(path)) yield* textLines(path)
}

/** A manifest of 4 MiB, each of its characters escaped, is shorter; so is the heading of a million versions. */
const LONGEST_LINE = 32 * CHUNK
const MOST_LINES = 1_000_000

/** The lines of a file that anybody may have written. @throws for one with too many of them, or too long ones */
async function* textLines(path: string): AsyncGenerator<string> {
  let rest = ''
  let count = 0
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: CHUNK })) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    count += lines.length
    if (rest.length > LONGEST_LINE) throw new Error('it has a line that is far too long')
    if (count > MOST_LINES) throw new Error(`it has more than ${MOST_LINES} lines`)
    yield* lines
  }
  if (rest !== '') yield rest
}
