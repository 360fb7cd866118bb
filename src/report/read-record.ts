import * as z from 'zod'
import { ExpectedError, messageOf } from '../errors.ts'
import { orUndefined } from '../util/or-undefined.ts'
import { type Issue, parseForeign } from '../util/parse-foreign.ts'
import { isNotThere, readUpTo } from '../util/read-file.ts'
import { type PackageRecord, type RunRecord, record, SCHEMA_VERSION } from './record.ts'

/** Twice what the report of a run over 500,000 versions has. */
const MOST_BYTES = 500 * 1024 * 1024

/**
 * Reads a report file.
 *
 * @throws ExpectedError that says what is wrong with the file: missing, cut short, foreign, newer, tampered with
 */
export function readRecord(path: string): RunRecord {
  let text: string
  try {
    const bytes = readUpTo(path, MOST_BYTES)
    if (bytes === undefined)
      throw new Error(`it has more than ${MOST_BYTES / 1024 / 1024} MiB, which no run writes`)
    text = bytes.toString('utf8')
  } catch (error) {
    if (isNotThere(error)) {
      throw new ExpectedError(
        `There is no report at ${path}. Check the path, and that an earlier step downloads the report (actions/download-artifact).`
      )
    }
    throw new ExpectedError(`The report ${path} cannot be read: ${messageOf(error)}.`)
  }
  return parseRecord(text, path)
}

/** The same from text; `name` is what messages call it. */
export function parseRecord(text: string, name: string): RunRecord {
  const value = parseJson(text, name)
  const found = z.object({ schema: z.unknown(), run: z.unknown() }).safeParse(value)
  if (!found.success || found.data.schema === undefined) {
    throw new ExpectedError(
      `${name} is not a report of ghcr-steward. Give the file that the output \`report\` names.`
    )
  }
  if (typeof found.data.schema === 'number' && found.data.schema > SCHEMA_VERSION) {
    throw new ExpectedError(
      `The report ${name} has schema ${found.data.schema}, and this version of ghcr-steward reads up to ` +
        `${SCHEMA_VERSION}. Use the version that wrote it.`
    )
  }
  const parsed = parseForeign(record, value)
  if ('issues' in parsed) throw damaged(name, parsed.issues.map(issueSentence))
  const strays = strayReferences(parsed.data)
  if (strays.length > 0) throw damaged(name, strays)
  return parsed.data
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const mended = withoutTornEnd(text)
    if (mended !== undefined) return mended
    throw new ExpectedError(
      `The report ${name} is not complete JSON (${messageOf(error)}): it was cut short, or it is another file. ` +
        'Download it again, or give the file that the output `report` names.'
    )
  }
}

/** How many lines a kill in the midst of one write can leave unfinished. */
const TORN_LINES = 3

/**
 * A run that was killed while it wrote may leave the beginning of its last write. What was written before is
 * complete lines of the journal, and each request was in there before it was sent.
 */
function withoutTornEnd(text: string): unknown {
  const start = text.indexOf('\n"journal":[')
  let end = text.length
  for (let torn = 0; torn < TORN_LINES && start >= 0; torn++) {
    end = text.lastIndexOf('\n', end - 1)
    if (end <= start) return undefined
    const mended: unknown = orUndefined(() => JSON.parse(`${text.slice(0, end)}\n]}`))
    if (mended !== undefined) return mended
  }
  return undefined
}

function issueSentence(issue: Issue): string {
  return `${issue.path.length === 0 ? 'the file' : issue.path.join('.')}: ${issue.message}`
}

/** A step must mean a version that the report has, under the same digest, and do what its verdict says; nothing comes twice. */
function strayReferences(report: RunRecord): string[] {
  const packages = report.packages.map(({ name }) => `package ${name}`)
  return [
    ...repeated(packages).map(name => `${name} comes twice`),
    ...report.packages.flatMap(({ name, versions, steps }) => {
      const twice = [
        ...repeated(versions.map(({ id }) => `version ${id}`)),
        ...repeated(
          steps.map(step => `the step to ${step.action} ${'tag' in step ? `${step.tag} of ` : ''}${step.id}`)
        )
      ]
      return [...twice.map(what => `${what} of ${name} comes twice`), ...straySteps(name, versions, steps)]
    })
  ]
}

function straySteps(
  name: string,
  versions: PackageRecord['versions'],
  steps: PackageRecord['steps']
): string[] {
  const known = new Map(versions.map(row => [row.id, row]))
  return steps.flatMap(({ action, id, digest }) => {
    const row = known.get(id)
    if (row?.digest !== digest) {
      return [`a step of ${name} means version ${id} as ${digest}, which it does not list`]
    }
    return row.verdict === VERDICT_OF[action]
      ? []
      : [`a step of ${name} is to ${action} version ${id}, whose verdict is ${row.verdict}`]
  })
}

function repeated(texts: readonly string[]): string[] {
  const seen = new Set<string>()
  return texts.filter(text => seen.size === seen.add(text).size)
}

/** What was decided on a version that a step is about. */
const VERDICT_OF = { delete: 'delete', restore: 'restore', untag: 'keep' } as const

function damaged(name: string, problems: readonly string[]): ExpectedError {
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : ''
  return new ExpectedError(
    `The report ${name} is damaged or was edited: ${problems.slice(0, 5).join('; ')}${more}. ` +
      'Use the file as the run wrote it.'
  )
}
