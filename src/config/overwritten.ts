import { parse, resolve } from 'node:path'
import { draftOf } from '../util/new-file.ts'
import { placeOf, placesRead } from '../util/same-file.ts'
import type { Inputs } from './inputs.ts'

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
