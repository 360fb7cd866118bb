import { isMap, isSeq, parse, parseDocument } from 'yaml'

/** A step of a workflow that uses another tool. */
export interface TheirStep {
  /** `owner/name`, without the version. */
  readonly uses: string
  /** As it stands behind the `@`. */
  readonly version: string
  readonly with: Readonly<Record<string, string>>
}

/** The steps that use something, wherever they stand: in a workflow, in a list of steps, or one alone. */
export function stepsIn(yaml: string): TheirStep[] {
  const document = parseDocument(yaml)
  if (document.errors.length > 0) throw new Error(`This is not YAML: ${document.errors[0]?.message}`)
  if (!isMap(document.contents) && !isSeq(document.contents))
    throw new Error(`This is not a step of a workflow. ${WHOLE_STEP}`)
  const steps = collect(parse(yaml))
  if (steps.length === 0) throw new Error(`There is no \`uses:\` in it. ${WHOLE_STEP}`)
  return steps
}

const WHOLE_STEP =
  'Give the whole step, such as `- uses: dataaxiom/ghcr-cleanup-action@v1` with its `with:`, or the whole workflow.'

function collect(node: unknown): TheirStep[] {
  if (Array.isArray(node)) return node.flatMap(collect)
  if (typeof node !== 'object' || node === null) return []
  const { uses, with: inputs } = node as { uses?: unknown; with?: unknown }
  if (typeof uses !== 'string') return Object.values(node).flatMap(collect)
  const [name = '', version = ''] = uses.replace(/^docker:\/\/[^/]+\//, '').split('@')
  const values = Object.entries((inputs ?? {}) as Record<string, unknown>)
  return [
    {
      uses: name,
      version,
      with: Object.fromEntries(values.map(([key, value]) => [key, String(value ?? '')]))
    }
  ]
}
