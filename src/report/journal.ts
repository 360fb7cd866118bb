import { closeSync, fsyncSync, lstatSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join, parse } from 'node:path'
import { ExpectedError, messageOf } from '../errors.ts'
import type { RunResult } from '../model/run.ts'
import { draftOf, isReplaceable, openNew } from '../util/new-file.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { type JournalEntry, SCHEMA_VERSION } from './record.ts'
import * as records from './record-build.ts'

/** The report while the run goes on. At every moment the file is a complete report of what has happened. */
export type Journal = ReturnType<typeof openRecord>

/** Ends the journal, and with it the file. */
const END = '\n]}\n'
/** Pieces of this many characters are handed to the disk at once. */
const CHUNK = 1 << 20

/**
 * Writes the whole report before the first change: the run, and every package with its plan. A file that
 * stands at `path` is moved aside once the new one is complete: it may be the way back from an earlier step.
 *
 * @param say told where the earlier file is now
 * @throws ExpectedError naming the input `report-file` when the file cannot be written
 */
export function openRecord(
  path: string,
  run: RunResult,
  context: records.RecordContext,
  say: (sentence: string) => void
) {
  let file: number
  let end: number
  const draft = draftOf(path)
  try {
    file = openNew(draft)
  } catch (error) {
    throw unwritable(path, error)
  }
  try {
    end = writeAll(file, head(run, context)) - END.length
    // Deletions follow: what is planned must outlive the machine's sudden end.
    fsyncSync(file)
    if (!isReplaceable(path)) throw new Error('it is not a file')
    keepEarlier(path, say)
    renameSync(draft, path)
  } catch (error) {
    // It undoes nothing. What keeps it from being removed is what kept it from being written.
    orUndefined(() => rmSync(draft, { force: true }))
    throw unwritable(path, error)
  }
  let separator = '\n'

  /** One call of the operating system: it puts the new end where the old one stood. */
  const overwriteEnd = (text: string): number => {
    const bytes = Buffer.from(text)
    try {
      const written = writeSync(file, bytes, 0, bytes.length, end)
      if (written < bytes.length) throw new Error('the disk is full')
    } catch (error) {
      throw unwritable(path, error)
    }
    return bytes.length
  }

  return {
    /** Adds one entry. @throws ExpectedError when it cannot be written: then nothing more may be changed. */
    append(entry: JournalEntry): void {
      end += overwriteEnd(`${separator}${JSON.stringify(entry)}${END}`) - END.length
      // A line of its own begins with the comma, so that a kill amid this write never touches the line before.
      separator = '\n,'
    },
    /** Adds the figures of the whole run and closes the file; `at` in milliseconds since 1970. */
    finish(result: RunResult, at: number): void {
      overwriteEnd(`\n],\n"finished":${JSON.stringify(records.finishedRecord(result, at))}}\n`)
      fsyncSync(file)
      closeSync(file)
    }
  }
}

/** Moves a file to the first name beside it that is free: `report.json` to `report-1.json`. A link is no report. */
function keepEarlier(path: string, say: (sentence: string) => void): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return
  const { dir, name, ext } = parse(path)
  for (let number = 1; ; number++) {
    const free = join(dir, `${name}-${number}${ext}`)
    if (lstatSync(free, { throwIfNoEntry: false }) !== undefined) continue
    renameSync(path, free)
    say(`\`report-file\` names ${path}, which already exists: the earlier report is kept as ${free}.`)
    return
  }
}

/** One line a version and one a step, so that people can search the file. */
function* head(run: RunResult, context: records.RecordContext): Generator<string> {
  yield `{"schema":${SCHEMA_VERSION},\n"run":${JSON.stringify(records.runRecord(run, context))},\n"packages":[`
  let first = true
  for (const one of run.packages) {
    yield `${first ? '' : ','}\n${JSON.stringify(records.packageHead(one)).slice(0, -1)},"versions":[`
    yield* lines(records.versionRecords(one))
    yield '],"steps":['
    yield* lines(records.stepRecords(one))
    yield ']}'
    first = false
  }
  yield `],\n"journal":[${END}`
}

function* lines(values: Iterable<unknown>): Generator<string> {
  let separator = '\n'
  for (const value of values) {
    yield `${separator}${JSON.stringify(value)}`
    separator = ',\n'
  }
}

/** Writes the pieces in large chunks; returns how many bytes they were. */
function writeAll(file: number, pieces: Iterable<string>): number {
  let size = 0
  let pending = ''
  const flush = () => {
    const bytes = Buffer.from(pending)
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done)
    size += bytes.length
    pending = ''
  }
  for (const piece of pieces) {
    pending += piece
    if (pending.length >= CHUNK) flush()
  }
  flush()
  return size
}

function unwritable(path: string, error: unknown): ExpectedError {
  return new ExpectedError(
    `The report ${path} cannot be written: ${messageOf(error)}. Set the input \`report-file\` to a path that can be written.`
  )
}
