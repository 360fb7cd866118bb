import { accessSync, constants, lstatSync, type Stats, statSync } from 'node:fs'
import { dirname, parse, relative, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import { isWithin, leadsAstray } from '../util/astray.ts'
import { isFolder } from '../util/folder.ts'
import { draftOf } from '../util/new-file.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { placeOf, placesRead } from '../util/same-file.ts'
import type { Inputs } from './inputs.ts'

/**
 * The inputs with the files to write where the files to read are.
 *
 * @param workspace the folder that paths start from
 * @throws InputError where one of them cannot be written, a link leads it elsewhere, or another input names it as well
 */
export function inWorkspace(inputs: Inputs, workspace: string): Inputs {
  const written = (name: string, path: string, example: string): string => {
    const resolved = resolve(workspace, path)
    // What is there itself is replaced and not followed.
    const slip = leadsAstray(workspace, dirname(resolved))
      ? `a folder of \`${path}\` is a link that leads out of the workspace. Name another path.`
      : slipIn(path, resolved, workspace, example)
    if (slip !== undefined) throw new InputError([`Input \`${name}\`: ${slip}`])
    return resolved
  }
  const reportFile = written('report-file', inputs.reportFile, 'report.json')
  const pageFile = inputs.pageFile && written('page-file', inputs.pageFile, 'report.html')
  const resolved = { ...inputs, reportFile, pageFile }
  const clash = overwritten(resolved, workspace)
  if (clash !== undefined) throw new InputError([clash])
  return resolved
}

/** Why no file can be written there, as far as it can be seen without writing. */
function slipIn(path: string, resolved: string, workspace: string, example: string): string | undefined {
  if (/[/\\]$/.test(path) || isFolder(resolved))
    return `\`${path}\` is a folder. Write for instance \`${path.replace(/[/\\]+$/, '')}/${example}\`.`
  const parent = nearestPath(dirname(resolved))
  const shown = isWithin(parent, workspace) ? relative(workspace, parent) || '.' : parent
  if (!isFolder(parent)) return `\`${shown}\` is a file, so nothing can be in it. Name another path.`
  if (isNoPlaceForFile(resolved))
    return `\`${path}\` is not a file, so nothing is written there. Name another path, or leave this input out.`
  try {
    accessSync(parent, constants.W_OK)
    return undefined
  } catch {
    return `the folder \`${shown}\` cannot be written to. Name another path.`
  }
}

/** True for a device, a pipe or a socket, or a link to one, such as `/dev/null`: a file would take its place. */
function isNoPlaceForFile(path: string): boolean {
  if (/^\/(?:dev|proc|sys)\/(?!shm\/)/.test(path)) return true
  const there = orUndefined(() => statSync(path)) ?? thereAt(path)
  return there !== undefined && !there.isFile() && !there.isSymbolicLink()
}

/** The path, or the nearest above it at which there is something. */
function nearestPath(path: string): string {
  const above = dirname(path)
  return above === path || thereAt(path) !== undefined ? path : nearestPath(above)
}

const thereAt = (path: string): Stats | undefined => orUndefined(() => lstatSync(path))

/** Paths of files that are read, by what names them. */
type Read = Readonly<Record<string, string | undefined>>

/**
 * What would be lost because two settings name one file: a sentence, undefined where nothing would.
 *
 * @param inputs with the paths of the written files as they are resolved
 * @param workspace the folder that paths start from
 * @param kept files that stay where they are
 */
export function overwritten(
  inputs: Inputs,
  workspace: string,
  kept: Read = { policy: inputs.policy }
): string | undefined {
  const report = placeOf(inputs.reportFile)
  const page = inputs.pageFile === undefined ? undefined : placeOf(inputs.pageFile)
  // The page would take the place of what undoes the run, or an earlier one.
  if (page === report) return clash('page-file', 'report-file')
  if (page !== undefined && isEarlierReport(page, report))
    return 'Input `page-file`: earlier reports are kept under such names beside `report-file`. Name another path.'
  const nameAt = (place: string, read: Read): string | undefined =>
    Object.keys(read).find(name => {
      const path = read[name]
      return path !== undefined && placesRead(resolve(workspace, path)).includes(place)
    })
  const { plan, restore } = inputs
  // An earlier report is moved aside by the new one.
  const read = { ...kept, plan, restore: restore?.source === 'report' ? restore.path : undefined }
  const byReport = nameAt(report, kept) ?? nameAt(draftOf(report), read)
  if (byReport !== undefined) return clash('report-file', byReport)
  const byPage = page && nameAt(page, read)
  return byPage && clash('page-file', byPage)
}

/** True for `report-1.json` beside `report.json`. */
function isEarlierReport(page: string, report: string): boolean {
  const { dir, name, ext } = parse(report)
  const other = parse(page)
  const number = other.name.startsWith(`${name}-`) ? other.name.slice(name.length + 1) : ''
  return other.dir === dir && other.ext === ext && /^\d+$/.test(number)
}

const clash = (written: string, other: string): string =>
  `Input \`${written}\`: \`${other}\` names the same file. Name another path.`
