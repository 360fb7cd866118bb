import { InputError } from '../errors.ts'
import { MODES } from '../model/run.ts'
import { matchesNothing } from '../policy/cover.ts'
import { unknownPlaceholders } from '../policy/tag-values.ts'
import { code } from '../util/format.ts'
import { hostAddress } from './fields/address-fields.ts'
import { attempt } from './fields/read.ts'
import { globThatDeletes } from './fields/regex-slip.ts'
import { unevaluated } from './fields/unevaluated.ts'
import { unknownInputs } from './foreign/unknown-inputs.ts'
import { type DeclaredInputs, FIELDS, given, isDefault, KEYS, nameOf, serverOf } from './input-table.ts'
import { relativeTo } from './package-selection.ts'
import { undoProblems } from './undo-problems.ts'

/** What a run is given: the inputs, and the server whose pages messages point to, without a slash at the end. */
export interface Inputs extends DeclaredInputs {
  readonly serverUrl: string
  /** `owner/name` of the repository whose workflow runs; empty where the runner does not say. */
  readonly repository: string
  /** False where `packages` is blank, and its value the repository's name. */
  readonly packagesGiven: boolean
}

/**
 * Reads the inputs as the runner hands them over: `INPUT_` and the name in upper case, hyphens kept.
 *
 * @throws InputError with every problem at once: unknown inputs, values that cannot be, inputs of other modes
 */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const unknown = unknownInputs(env)
  const problems = [...unknown.values()]
  const values: Partial<Record<keyof DeclaredInputs, unknown>> = {}
  for (const key of KEYS) {
    const { read, default: standard, fallback, secret = false } = FIELDS[key]
    const left = unevaluated(given(key, env), secret)
    if (left !== undefined) {
      problems.push(`Input \`${nameOf(key)}\` ${left}`)
      continue
    }
    const reading = attempt(read, given(key, env) || standard || (fallback?.(env) ?? ''))
    if ('value' in reading) values[key] = reading.value
    else if (!unknown.has(nameOf(key))) {
      // What begins with a verb goes on from the name.
      const colon = (message: string): string => (/^(?:is|has|contains|begins) /.test(message) ? '' : ':')
      // Each entry of a list may have the same fault.
      for (const message of new Set(reading.problems))
        problems.push(`Input \`${nameOf(key)}\`${colon(message)} ${message}`)
    }
  }
  const { packages, owner, registryUrl } = values as Partial<Inputs>
  if (packages !== undefined && owner !== undefined && registryUrl !== undefined) {
    const relative = relativeTo(packages, owner, registryUrl)
    values.packages = relative.packages
    problems.push(...relative.problems.map(problem => `Input \`packages\`: ${problem}`))
  }
  problems.push(...strangePlaceholders(values as Partial<Inputs>))
  // A misspelt name leaves the place of the right one blank: what follows from that is no second problem.
  if (unknown.size === 0)
    problems.push(...misplaced(values, env), ...contradictions(values as Partial<Inputs>))
  const server = attempt(hostAddress, serverOf(env))
  if ('problems' in server)
    problems.push(...server.problems.map(problem => `Variable GITHUB_SERVER_URL: ${problem}`))
  if (problems.length > 0) throw new InputError(problems)
  return {
    ...(values as unknown as DeclaredInputs),
    serverUrl: 'value' in server ? server.value : '',
    repository: env['GITHUB_REPOSITORY'] ?? '',
    packagesGiven: given('packages', env) !== ''
  }
}

/** What is wrong with inputs together, though each is valid by itself. */
function contradictions(inputs: Partial<Inputs>): string[] {
  const problems = undoProblems(inputs)
  for (const pattern of inputs.deleteTags ?? []) {
    const slip = globThatDeletes(pattern)
    if (slip !== undefined) problems.push(`Input \`delete-tags\`: ${slip}`)
  }
  for (const key of ['deleteTags', 'keepTags'] as const) {
    if (matchesNothing(inputs[key] ?? [], '*')) {
      problems.push(
        `Input \`${nameOf(key)}\`: no tag can match, because the \`!\` patterns exclude everything that the others match.`
      )
    }
  }
  return inputs.explain !== undefined && inputs.dryRun === false
    ? [...problems, 'Input `explain` is for dry runs: set `dry-run: true`.']
    : problems
}

/**
 * The policy, by path or as YAML, whose tests are all that is asked for; undefined for an ordinary run. Nothing else
 * is looked at, because nothing else is needed: no token, no owner.
 *
 * @throws InputError when there is no policy, or an input that is not known
 */
export function policyUnderTest(env: NodeJS.ProcessEnv): string | undefined {
  if (given('policyTests', env).toLowerCase() !== 'true') return undefined
  const policy = given('policy', env)
  const problems = [...unknownInputs(env).values()]
  if (policy === '') problems.push('Input `policy-tests` needs a policy: give it in `policy`.')
  const left = unevaluated(policy, false)
  if (left !== undefined) problems.push(`Input \`policy\` ${left}`)
  if (problems.length > 0) throw new InputError(problems)
  return policy
}

/** Placeholders that nothing could ever be put in for. */
function strangePlaceholders({
  gitTags = [],
  imageTags = [],
  newestTags = [],
  ...dispatch
}: Partial<Inputs>): string[] {
  const templates = [
    ...imageTags.map(template => ['image-tags', template] as const),
    ...newestTags.map(template => ['newest-tags', template] as const),
    ...Object.values(dispatch.dispatchInputs ?? {}).map(template => ['dispatch-inputs', template] as const),
    ['dispatch-ref', dispatch.dispatchRef ?? ''] as const
  ]
  return templates.flatMap(([input, template]) =>
    unknownPlaceholders(template, gitTags).map(
      ({ name, near }) =>
        `Input \`${input}\`: \`{${name}}\` is not a known placeholder. ${near === undefined ? PLACEHOLDERS : `Did you mean \`{${near}}\`?`}`
    )
  )
}

const PLACEHOLDERS =
  'The placeholders are `{tag}`, `{version}`, `{major}`, `{minor}`, `{patch}`, `{sha}`, `{short-sha}`, and the named groups of ' +
  'the regular expressions in `git-tags`.'

/** Inputs that the mode does not use; a value equal to the default does no harm. */
function misplaced(values: Partial<Record<keyof DeclaredInputs, unknown>>, env: NodeJS.ProcessEnv): string[] {
  const mode = MODES.find(one => one === values.mode)
  if (mode === undefined) return []
  const set = KEYS.filter(key => given(key, env) !== '' && !isDefault(key, values[key]))
  const wrong = set.filter(key => !FIELDS[key].modes.includes(mode))
  return wrong.map(key => {
    const { modes } = FIELDS[key]
    const users = modes.map(code).join(' and ')
    const [user] = modes
    // What a purge or a restore is about is named by an input that is called like it.
    const cure =
      user === key ? `Write \`mode: ${user}\`, or leave \`${user}\` out.` : 'Remove it, or change the mode.'
    // In other tools it keeps images, so removing it would delete them.
    const meant = key === 'skipTags' && mode === 'retain' ? ' To keep image tags, write `keep-tags`.' : ''
    return `Input \`${nameOf(key)}\` is only for mode ${users}, and the mode is \`${mode}\`. ${cure}${meant}`
  })
}
