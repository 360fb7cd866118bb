import { ExpectedError, InputError } from '../errors.ts'
import { parsePackagePatterns } from '../policy/pattern.ts'
import { readRecord } from '../report/read-record.ts'
import type { PackageRecord, RunRecord } from '../report/record.ts'
import { placeToRead } from '../usage/files.ts'
import { folderSlip } from '../util/folder.ts'
import { slashAdvice } from './fields/tag-fields.ts'
import type { Inputs } from './inputs.ts'
import type { PackageSelection } from './package-selection.ts'

/**
 * Reads the report that `plan` or `restore` names.
 *
 * @param workspace the folder that paths start from
 * @returns undefined when neither names one
 * @throws InputError when it cannot be read, or is about packages of another owner or server
 */
export function readEarlierRun(inputs: Inputs, workspace: string): RunRecord | undefined {
  const { plan, restore } = inputs
  if (plan !== undefined) return readReport(workspace, plan, 'plan', inputs)
  return restore?.source === 'report' ? readReport(workspace, restore.path, 'restore', inputs) : undefined
}

function readReport(workspace: string, path: string, input: 'plan' | 'restore', inputs: Inputs): RunRecord {
  try {
    const place = placeToRead(workspace, path, `The report ${path}`)
    const folder = folderSlip(place, path, /\.json$/)
    if (folder !== undefined) throw new InputError([`Input \`${input}\`: ${folder}`])
    return checkOrigin(readRecord(place), input, inputs)
  } catch (error) {
    if (error instanceof InputError || !(error instanceof ExpectedError)) throw error
    const meant = otherThanPath(path, input)
    const advice = input === 'restore' && !path.endsWith('.json') ? slashAdvice(path) : undefined
    throw new InputError([
      `Input \`${input}\`: ${meant ?? [error.message, advice].filter(Boolean).join(' ')}`
    ])
  }
}

/** What to write for an address or a reference, which are no paths: a sentence. */
function otherThanPath(path: string, input: 'plan' | 'restore'): string | undefined {
  if (/^https?:\/\//i.test(path)) {
    const [, id] = /\/container\/(?:package\/)?[^/?#]+\/(\d+)/.exec(path) ?? []
    return id === undefined || input === 'plan'
      ? 'This is an address, and a report is a file. Download it in an earlier step (actions/download-artifact), and give its path.'
      : `This is the address of a version. Write \`${id}\`, its id.`
  }
  const [, tag, digest] =
    /^[\w.-]+(?::\d+)?\/[\w./-]+?(?::(\w[\w.-]*)|@(sha256:[0-9a-f]+))$/i.exec(path) ?? []
  const name = tag ?? digest
  return name === undefined || input === 'plan' || path.endsWith('.json')
    ? undefined
    : `"${path}" is an image reference. Write \`${name}\`, without the name of the package.`
}

function checkOrigin(record: RunRecord, input: 'plan' | 'restore', inputs: Inputs): RunRecord {
  const { owner, api, registry } = record.run
  const refuse = (there: string, here: string, setting: string): void => {
    throw new ExpectedError(
      `The report in \`${input}\` is about ${there}, and this run ${here}. Give the right report, or set \`${setting}\`.`
    )
  }
  if (owner.toLowerCase() !== inputs.owner.toLowerCase())
    refuse(`packages of ${owner}`, `is about ${inputs.owner}`, 'owner')
  if (api !== inputs.apiUrl) refuse(api, `about ${inputs.apiUrl}`, 'api-url')
  if (registry !== inputs.registryUrl)
    refuse(`the registry ${registry}`, `about ${inputs.registryUrl}`, 'registry-url')
  return record
}

/** The packages of a report that the input `packages` selects, and the others. */
export function selectedOf(
  { packages }: RunRecord,
  { names, patterns }: PackageSelection
): { selected: PackageRecord[]; others: PackageRecord[] } {
  const all = packages.map(({ name }) => name)
  const hits = patterns.length > 0 ? parsePackagePatterns(patterns).scan(all) : undefined
  const isSelected = ({ name }: PackageRecord): boolean => hits?.has(name) ?? names.includes(name)
  return {
    selected: packages.filter(isSelected),
    others: packages.filter(record => !isSelected(record))
  }
}
