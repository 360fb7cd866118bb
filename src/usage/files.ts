import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ExpectedError, messageOf } from '../errors.ts'
import { parsePatterns } from '../policy/pattern.ts'
import { isWithin, leadsAstray } from '../util/astray.ts'
import { formatNumber } from '../util/format.ts'
import { isNotThere, readUpTo } from '../util/read-file.ts'
import type { TextFile } from './settings.ts'

const MEBIBYTE = 1024 * 1024
/** More than this is no file that people write by hand, nor are so many that they can be read in a moment. */
const MOST_BYTES = 16 * MEBIBYTE
/** In characters: regular expressions take far too long for a longer one, or too much memory. */
const LONGEST_LINE = 2 * MEBIBYTE
const MOST_LINES = 1_000_000
/** Paths of a checkout, links included: more than the largest repositories have. */
const MOST_PATHS = 300_000
const MOST_BYTES_IN_ALL = 256 * MEBIBYTE

/** Folders whose files are not the repository's own. */
const SKIPPED = ['.git', 'node_modules']

/** The files that patterns match. */
export type MatchedFiles = ReturnType<typeof readMatchingFiles>

/**
 * Reads a text file.
 *
 * @param path from the workspace, or absolute
 * @param what names the file in messages: `The policy file`
 * @param most the largest size in bytes
 * @throws ExpectedError when it cannot be read, is no text, or is unreasonably large
 */
export function readTextFile(workspace: string, path: string, what: string, most = MOST_BYTES): string {
  const name = `${what} \`${path}\``
  const text = decode(readBytes(placeToRead(workspace, path, name), name, most))
  if (text === undefined) throw new ExpectedError(`${name} is not a text file. Give its right path.`)
  return inLines(text, name)
}

/**
 * Where a file is that is to be read.
 *
 * @param path from the workspace, or absolute
 * @param what the file, as the subject of a sentence
 * @throws ExpectedError where a link in the workspace leads to it from outside: its text would end up in messages
 */
export function placeToRead(workspace: string, path: string, what: string): string {
  const place = resolve(workspace, path)
  if (!leadsAstray(workspace, place)) return place
  throw new ExpectedError(
    `${what} is not read, because a link on its path leads out of the workspace or into \`.git\`. If what is there is ` +
      'meant, give the path that the link leads to.'
  )
}

/**
 * Reads the files of the workspace that patterns match, those of git and of installed packages aside. Links are
 * followed within the workspace only.
 *
 * @param patterns globs relative to the workspace; `*` is one part of a path, `**` is all; `!` takes out
 * @returns besides, the patterns that match no file, and clauses about paths that match and were not searched, with the reason
 * @throws ExpectedError when one of them cannot be read: what it uses would not be known
 */
export function readMatchingFiles(workspace: string, patterns: readonly string[]) {
  const globs = patterns.map(checkGlob)
  const root = realRoot(workspace)
  const kinds = walk(root)
  const { matched, counts } = parsePatterns(globs).examine([...kinds.keys()])
  const files: TextFile[] = []
  const unsearched: string[] = []
  let room = MOST_BYTES_IN_ALL
  for (const path of [...matched.keys()].sort()) {
    const name = `The file \`${path}\`, which \`protect\` names,`
    if (kinds.get(path) === 'astray') {
      throw new ExpectedError(
        `${name} is a link that leads out of the workspace, into \`.git\` or to nothing, so it is unknown what it names. Put a file there, ` +
          `or exclude it with \`!${path}\`.`
      )
    }
    const bytes = readBytes(join(root, path), name)
    room -= bytes.length
    if (room < 0) {
      throw new ExpectedError(
        `The files that \`protect\` names have more than ${MOST_BYTES_IN_ALL / MEBIBYTE} MiB. Name fewer of them.`
      )
    }
    const text = decode(bytes)
    if (text === undefined) unsearched.push(`${path} is not a text file`)
    else files.push({ path, text: inLines(text, name) })
  }
  const idle = counts.filter(({ pattern, hits }) => hits === 0 && !pattern.startsWith('!'))
  return { files, idle: idle.map(({ pattern }) => pattern), unsearched }
}

/** @throws ExpectedError for a text that no expression can search in time */
function inLines(text: string, what: string): string {
  const lines = text.split('\n')
  const fault =
    lines.length > MOST_LINES
      ? `more than ${formatNumber(MOST_LINES)} lines`
      : lines.some(({ length }) => length > LONGEST_LINE)
        ? `a line of more than ${formatNumber(LONGEST_LINE)} characters`
        : undefined
  if (fault !== undefined) throw new ExpectedError(`${what} has ${fault}. Leave it out.`)
  return text
}

function checkGlob(pattern: string): string {
  const glob = pattern.replace(/^(!?)(?:\.\/)+/, '$1')
  if (/^!?(?:\/|[A-Za-z]:|semver:)/.test(glob) || glob.split('/').includes('..')) {
    throw new ExpectedError(
      `The file pattern \`${pattern}\` must be a glob within the workspace, such as \`deploy/**/*.yaml\`.`
    )
  }
  return glob
}

function realRoot(workspace: string): string {
  try {
    return realpathSync.native(workspace)
  } catch (error) {
    throw new ExpectedError(
      `The workspace ${workspace} cannot be read (${messageOf(error)}). Check the repository out first.`
    )
  }
}

type FileKind = 'file' | 'astray'

/**
 * Every file below the root, by its path from there, with `/` between its parts. Each folder is entered by its own
 * path, and by one link at most on the way to it: folders that link to each other have endless paths.
 */
function walk(root: string): Map<string, FileKind> {
  const paths = new Map<string, FileKind>()
  let seen = 0
  const enter = (folder: string, above: readonly string[], linked: boolean): void => {
    for (const entry of listFolder(join(root, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (SKIPPED.includes(entry.name)) continue
      if (++seen > MOST_PATHS) throw tooManyPaths()
      const { kind, real } = entry.isSymbolicLink() ? follow(root, path) : direct(entry, join(root, path))
      if (kind === 'file' || kind === 'astray') paths.set(path, kind)
      if (kind === 'folder' && !above.includes(real) && !(linked && entry.isSymbolicLink())) {
        enter(path, [...above, real], linked || entry.isSymbolicLink())
      }
    }
  }
  enter('', [root], false)
  return paths
}

const tooManyPaths = (): ExpectedError =>
  new ExpectedError(
    `The workspace has more than ${formatNumber(MOST_PATHS)} paths, those through links included, so it cannot be searched for ` +
      'images in use. Check out less of it, or remove links between its folders.'
  )

function listFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    throw new ExpectedError(
      `The folder ${folder} cannot be read (${messageOf(error)}), so it is unknown what is in use.`
    )
  }
}

interface Target {
  readonly kind: FileKind | 'folder' | 'other'
  readonly real: string
}

function direct(entry: Pick<Stats, 'isFile' | 'isDirectory'>, real: string): Target {
  return { kind: entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other', real }
}

/** What a link leads to within the workspace; `native` resolves in one call what takes node one for each part of the path. */
function follow(root: string, path: string): Target {
  const link = join(root, path)
  try {
    const real = realpathSync.native(link)
    return isWithin(real, root) ? direct(statSync(real), real) : { kind: 'astray', real }
  } catch {
    return { kind: 'astray', real: link }
  }
}

/** @param what the file, as the subject of a sentence */
function readBytes(path: string, what: string, most = MOST_BYTES): Buffer {
  try {
    const bytes = readUpTo(path, most)
    if (bytes !== undefined) return bytes
  } catch (error) {
    throw new ExpectedError(
      isNotThere(error)
        ? `${what} is not there. Check its path, and that the repository is checked out before this step (actions/checkout).`
        : `${what} cannot be read: ${messageOf(error)}.`
    )
  }
  throw new ExpectedError(`${what} has more than ${most / MEBIBYTE} MiB. Leave it out.`)
}

/** UTF-8, or UTF-16 where a byte order mark says so; undefined for what is no text. */
function decode(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return bytes.includes(0) ? undefined : new TextDecoder().decode(bytes)
}
