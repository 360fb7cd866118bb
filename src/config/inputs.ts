import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type * as z from 'zod'
import { InputError } from '../errors.ts'
import { SIGNATURES, type Signature } from '../model/check.ts'
import { BROKEN_STATES, PROTECT_SOURCES, type ProtectSource } from '../model/decision.ts'
import { AGE_FROM, VISIBILITIES, type Visibility } from '../model/package.ts'
import { MODES, type Mode } from '../model/run.ts'
import { matchesNothing } from '../policy/cover.ts'
import { unknownPlaceholders } from '../policy/expected-tags.ts'
import { belowGrace } from '../policy/time.ts'
import { readme } from '../util/links.ts'
import { own } from '../util/own.ts'
import { nearest } from '../util/suggest.ts'
import * as fields from './fields.ts'
import { type ForeignInputs, foreignTool } from './foreign-words.ts'
import { packageList, relativeTo } from './package-selection.ts'
import type { PolicyInputs } from './rules-from-inputs.ts'
import * as templates from './templates.ts'
import { purgeNames, restoreInput, type UndoInputs, undoProblems } from './undo-inputs.ts'

/** What a run is given: the inputs, and the server whose pages messages point to, without a slash at the end. */
export interface Inputs extends DeclaredInputs {
  readonly serverUrl: string
  /** `owner/name` of the repository whose workflow runs; empty where the runner does not say. */
  readonly repository: string
  /** False where `packages` is blank, and its value the repository's name. */
  readonly packagesGiven: boolean
}

/** Every input of action.yml, read and checked. Ages are milliseconds, patterns are as written. */
interface DeclaredInputs extends PolicyInputs, UndoInputs {
  readonly token: string
  /** As given; registries want it in lower case. */
  readonly owner: string
  /** A path, or YAML. */
  readonly policy: string | undefined
  /** Run the policy's own tests, and nothing else. */
  readonly policyTests: boolean
  /** A tag or a full digest. */
  readonly explain: string | undefined
  readonly protect: readonly ProtectSource[]
  readonly protectFiles: readonly string[]
  readonly plan: string | undefined
  readonly gitTags: readonly string[]
  readonly skipTags: readonly string[]
  readonly requiredTags: readonly string[]
  readonly imageTags: readonly string[]
  readonly platforms: readonly string[]
  readonly releasesOnly: boolean
  readonly tagsRepository: string | undefined
  readonly newestTags: readonly string[]
  readonly expectSigned: Signature | undefined
  readonly expectVisibility: Visibility | undefined
  readonly failOnMissing: boolean
  readonly dispatchWorkflow: string | undefined
  readonly dispatchRepository: string | undefined
  readonly dispatchRef: string | undefined
  readonly dispatchInputs: Readonly<Record<string, string>>
  readonly dispatchToken: string | undefined
  readonly maxDispatches: number
  readonly wait: number | undefined
  readonly reserveRequests: number
  /** How long a limit is waited for. */
  readonly patience: number
  /** Remember manifests between runs. */
  readonly memory: boolean
  /** Say how many bytes there are in what is deleted, or in what a check finds. */
  readonly sizes: boolean
  readonly timeLimit: number
  readonly reportFile: string
  readonly pageFile: string | undefined
  /** Without a slash at the end, as are all addresses. */
  readonly apiUrl: string
  readonly registryUrl: string
}

interface Field<T> {
  readonly modes: readonly Mode[]
  readonly schema: z.ZodType<T, string>
  /** The default in action.yml. */
  readonly default: string
  /** What a blank means when action.yml cannot know it. */
  readonly fallback?: (env: NodeJS.ProcessEnv) => string
}

const ALL = MODES
const RETAIN = ['retain'] as const
const CHECK = ['check'] as const
/** What a check expects, retention protects. */
const BOTH = ['retain', 'check'] as const
const optionalText = fields.optional(fields.text)
const optionalNumber = fields.optional(fields.wholeNumber)

/** One key an input; a forgotten one does not compile. The order is that of action.yml. */
const FIELDS: { readonly [K in keyof DeclaredInputs]: Field<DeclaredInputs[K]> } = {
  mode: { modes: ALL, schema: fields.oneOf(MODES), default: 'retain' },
  token: {
    modes: ALL,
    schema: fields.required(
      "the workflow's own `github.token`, or a secret that is set and that this workflow may read"
    ),
    default: ''
  },
  owner: { modes: ALL, schema: fields.owner, default: '', fallback: repositoryOwner },
  packages: { modes: ALL, schema: packageList, default: '', fallback: repositoryName },
  dryRun: { modes: ALL, schema: fields.flag, default: 'false' },
  policy: { modes: BOTH, schema: optionalText, default: '' },
  policyTests: { modes: BOTH, schema: fields.flag, default: 'false' },
  explain: { modes: RETAIN, schema: fields.optional(fields.tagOrDigest), default: '' },
  deleteTags: { modes: RETAIN, schema: fields.patternsAndDigests, default: '' },
  keepTags: { modes: RETAIN, schema: fields.patternsAndDigests, default: '' },
  keepAtLeast: { modes: RETAIN, schema: fields.wholeNumber, default: '0' },
  deleteUntagged: { modes: RETAIN, schema: fields.flag, default: 'false' },
  keepUntagged: { modes: RETAIN, schema: fields.wholeNumber, default: '0' },
  olderThan: { modes: RETAIN, schema: fields.optional(fields.age), default: '' },
  deleteBroken: { modes: RETAIN, schema: fields.someOf(BROKEN_STATES), default: '' },
  untag: { modes: RETAIN, schema: fields.flag, default: 'false' },
  grace: { modes: RETAIN, schema: fields.age, default: '24h' },
  rankBy: { modes: RETAIN, schema: fields.oneOf(['created', 'updated']), default: 'created' },
  ageFrom: { modes: RETAIN, schema: fields.oneOf(AGE_FROM), default: 'newest' },
  protect: { modes: RETAIN, schema: fields.someOf(PROTECT_SOURCES), default: '' },
  protectFiles: { modes: BOTH, schema: fields.names, default: '' },
  minRemaining: { modes: RETAIN, schema: optionalNumber, default: '' },
  maxDeletions: { modes: RETAIN, schema: optionalNumber, default: '' },
  maxDeletionPercent: { modes: RETAIN, schema: fields.optional(fields.percent), default: '' },
  deletionsPerRun: { modes: RETAIN, schema: optionalNumber, default: '' },
  plan: { modes: RETAIN, schema: optionalText, default: '' },
  gitTags: { modes: BOTH, schema: fields.gitTagPatterns, default: 'v*' },
  skipTags: { modes: CHECK, schema: fields.gitTagPatterns, default: '' },
  requiredTags: { modes: BOTH, schema: fields.tagNames, default: '' },
  imageTags: { modes: BOTH, schema: templates.imageTags, default: '{tag} {version}' },
  platforms: { modes: CHECK, schema: fields.platforms, default: '' },
  releasesOnly: { modes: CHECK, schema: fields.flag, default: 'false' },
  tagsRepository: { modes: BOTH, schema: fields.optional(fields.repository), default: '' },
  newestTags: { modes: CHECK, schema: templates.newestTags, default: '' },
  expectSigned: { modes: CHECK, schema: fields.optional(fields.oneOf(SIGNATURES)), default: '' },
  expectVisibility: { modes: CHECK, schema: fields.optional(fields.oneOf(VISIBILITIES)), default: '' },
  failOnMissing: { modes: CHECK, schema: fields.flag, default: 'false' },
  dispatchWorkflow: { modes: CHECK, schema: fields.optional(fields.workflowFile), default: '' },
  dispatchRepository: {
    modes: CHECK,
    schema: fields.optional(fields.repository),
    default: '',
    fallback: env => env['GITHUB_REPOSITORY'] ?? ''
  },
  dispatchRef: { modes: CHECK, schema: optionalText, default: '' },
  dispatchInputs: { modes: CHECK, schema: templates.assignments, default: 'tag={tag}' },
  dispatchToken: { modes: CHECK, schema: optionalText, default: '' },
  maxDispatches: { modes: CHECK, schema: fields.wholeNumber, default: '20' },
  wait: { modes: CHECK, schema: fields.optional(fields.waitingTime), default: '' },
  purge: { modes: ['purge'], schema: purgeNames, default: '' },
  confirm: { modes: ['purge'], schema: optionalText, default: '' },
  restore: { modes: ['restore'], schema: fields.optional(restoreInput), default: '' },
  reserveRequests: { modes: ALL, schema: fields.wholeNumber, default: '50' },
  patience: { modes: ALL, schema: fields.waitingTime, default: '5m' },
  memory: { modes: ALL, schema: fields.flag, default: 'true' },
  sizes: { modes: BOTH, schema: fields.flag, default: 'false' },
  timeLimit: { modes: ALL, schema: fields.timeSpan, default: '5h' },
  reportFile: { modes: ALL, schema: fields.text, default: '', fallback: temporaryReport },
  pageFile: { modes: ALL, schema: optionalText, default: '' },
  apiUrl: { modes: ALL, schema: fields.address, default: '', fallback: apiOf },
  registryUrl: { modes: ALL, schema: fields.hostAddress, default: '', fallback: registryOf }
}

const KEYS = Object.keys(FIELDS) as (keyof DeclaredInputs)[]

/** Every input's name in action.yml with its default there, in order; `token`'s is an expression of the runner. */
export const INPUT_DEFAULTS: ReadonlyMap<string, string> = new Map(
  KEYS.map(key => [nameOf(key), FIELDS[key].default])
)

/** The modes that use the input of this name in action.yml; undefined when all of them do. */
export function modesOf(name: string): readonly Mode[] | undefined {
  const key = KEYS.find(one => nameOf(one) === name)
  return key === undefined || FIELDS[key].modes === ALL ? undefined : FIELDS[key].modes
}

/**
 * Reads the inputs as the runner hands them over: `INPUT_` and the name in upper case, hyphens kept.
 *
 * @throws InputError with every problem at once: unknown inputs, values that cannot be, inputs of other modes
 */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const unknown = unknownInputs(env)
  const problems = [...unknown]
  const values: Partial<Record<keyof DeclaredInputs, unknown>> = {}
  for (const key of KEYS) {
    const { default: standard, fallback, schema } = FIELDS[key]
    const parsed = schema.safeParse(given(key, env) || standard || (fallback?.(env) ?? ''))
    if (parsed.success) values[key] = parsed.data
    else problems.push(...parsed.error.issues.map(({ message }) => `Input \`${nameOf(key)}\`: ${message}`))
  }
  const { packages, owner, registryUrl } = values as Partial<Inputs>
  if (packages !== undefined && owner !== undefined && registryUrl !== undefined) {
    const relative = relativeTo(packages, owner, registryUrl)
    values.packages = relative.packages
    problems.push(...relative.problems.map(problem => `Input \`packages\`: ${problem}`))
  }
  problems.push(...strangePlaceholders(values as Partial<Inputs>))
  // A misspelt name leaves the place of the right one blank: what follows from that is no second problem.
  if (unknown.length === 0)
    problems.push(...misplaced(values, env), ...contradictions(values as Partial<Inputs>))
  const server = fields.hostAddress.safeParse(serverOf(env))
  if (!server.success) {
    problems.push(...server.error.issues.map(({ message }) => `Variable GITHUB_SERVER_URL: ${message}`))
  }
  if (problems.length > 0) throw new InputError(problems)
  return {
    ...(values as unknown as DeclaredInputs),
    serverUrl: server.data ?? '',
    repository: env['GITHUB_REPOSITORY'] ?? '',
    packagesGiven: given('packages', env) !== ''
  }
}

/** What inputs must be to each other, beside that each by itself is well. */
function contradictions(inputs: Partial<Inputs>): string[] {
  const problems = undoProblems(inputs)
  for (const key of ['deleteTags', 'keepTags'] as const) {
    if (matchesNothing(inputs[key] ?? [], '*')) {
      problems.push(
        `Input \`${nameOf(key)}\`: no tag can match, because the \`!\` patterns take out all that the others name.`
      )
    }
  }
  return inputs.explain !== undefined && inputs.dryRun === false
    ? [...problems, 'Input `explain` is for dry runs: set `dry-run: true`.']
    : problems
}

/**
 * The policy, by path or as YAML, whose tests are all that is asked for; undefined for an ordinary run. Nothing else
 * is looked at, for nothing else is needed: no token, no owner.
 *
 * @throws InputError when there is no policy, or an input that is not known
 */
export function policyUnderTest(env: NodeJS.ProcessEnv): string | undefined {
  if (given('policyTests', env).toLowerCase() !== 'true') return undefined
  const policy = given('policy', env)
  const problems = unknownInputs(env)
  if (policy === '') problems.push('Input `policy-tests` needs a policy: give it in `policy`.')
  if (problems.length > 0) throw new InputError(problems)
  return policy
}

/** Of these inputs a blank is no default that somebody chose: what was to be kept, or not to be done, is at stake. */
const NEVER_BLANK = ['keepAtLeast', 'grace', 'dryRun'] as const

/**
 * Sentences about inputs that an expression left empty. The runner hands the default over where a workflow does not
 * name an input, so a blank stands where one did.
 */
export function blankInputs(env: NodeJS.ProcessEnv): string[] {
  const blank = NEVER_BLANK.filter(key => env[variableOf(key)]?.trim() === '')
  return blank.map(
    (key, index) =>
      `Input \`${nameOf(key)}\` is blank, so \`${FIELDS[key].default}\` holds.` +
      (index === 0 ? ' If an expression should have filled it, check the name of its variable.' : '')
  )
}

/** Sentences about inputs that are legal but cannot do what they seem to be meant for. */
export function inputWarnings(inputs: Inputs): string[] {
  if (inputs.mode === 'check') return checkWarnings(inputs)
  if (inputs.mode !== 'retain' || inputs.plan !== undefined || inputs.policy !== undefined) return []
  const deletesTags = inputs.deleteTags.length > 0
  if (!deletesTags && !inputs.deleteUntagged && inputs.deleteBroken.length === 0) {
    return [
      'Nothing is deleted, for no input asks for it: set `delete-tags`, `delete-untagged` or `delete-broken`.'
    ]
  }
  const idle: [boolean, string, string][] = [
    [inputs.keepAtLeast > 0 && !deletesTags, 'keep-at-least', 'delete-tags'],
    [inputs.untag && !deletesTags, 'untag', 'delete-tags'],
    [
      inputs.rankBy === 'updated' && inputs.keepAtLeast + inputs.keepUntagged === 0,
      'rank-by',
      'keep-at-least` or `keep-untagged'
    ],
    [inputs.tagsRepository !== undefined && inputs.protect.length === 0, 'tags-repository', 'protect'],
    [templatesGiven(inputs) && inputs.protect.length === 0, 'git-tags` or `image-tags', 'protect'],
    [inputs.keepUntagged > 0 && !inputs.deleteUntagged, 'keep-untagged', 'delete-untagged']
  ]
  const idleAge = inputs.olderThan !== undefined && inputs.olderThan < inputs.grace
  return [
    ...idle
      .filter(([isIdle]) => isIdle)
      .map(([, name, other]) => `Input \`${name}\` has no effect, for \`${other}\` is not set.`),
    ...(idleAge ? [`Input \`older-than\` is below the grace. ${belowGrace(inputs.grace)}`] : [])
  ]
}

function templatesGiven({ gitTags, imageTags }: Inputs): boolean {
  return !isDefault('gitTags', gitTags) || !isDefault('imageTags', imageTags)
}

function checkWarnings(inputs: Inputs): string[] {
  if (inputs.dispatchWorkflow !== undefined) return []
  const idle: [unknown, string][] = [
    [inputs.wait, 'wait'],
    [inputs.dispatchRef, 'dispatch-ref'],
    [inputs.dispatchToken, 'dispatch-token']
  ]
  return idle
    .filter(([value]) => value !== undefined)
    .map(([, name]) => `Input \`${name}\` has no effect, for \`dispatch-workflow\` is not set.`)
}

function unknownInputs(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(KEYS.map(variableOf))
  const strange = Object.keys(env)
    .filter(variable => variable.startsWith('INPUT_') && !known.has(variable))
    .map(variable => variable.slice('INPUT_'.length).toLowerCase())
  if (strange.length === 0) return []
  const all: ForeignInputs = Object.fromEntries([
    ...strange.map(name => [name, env[`INPUT_${name.toUpperCase()}`] ?? '']),
    ...KEYS.filter(key => !['', FIELDS[key].default].includes(given(key, env))).map(key => [
      nameOf(key),
      given(key, env)
    ])
  ])
  const tool = foreignTool(strange, all)
  return Object.entries(all).flatMap(([name, value]) => {
    const word = tool && own(tool.words, name)
    if (word !== undefined) {
      return [`Input \`${name}\` is a word of ${tool?.name}; here it is said otherwise. ${word(value, all)}`]
    }
    return strange.includes(name) ? [unknownInput(name)] : []
  })
}

function unknownInput(name: string): string {
  const near = nearest(name, [...INPUT_DEFAULTS.keys()])
  const fix =
    near === undefined ? `Remove it; all inputs are in ${readme('inputs')}` : `Did you mean \`${near}\`?`
  return `Input \`${name}\` is not known. ${fix}`
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
      name =>
        `Input \`${input}\`: nothing is known by the name \`{${name}}\`. There are \`{tag}\`, \`{version}\`, \`{major}\`, ` +
        '`{minor}`, `{patch}`, `{sha}`, `{short-sha}`, and the named groups of the regular expressions in `git-tags`.'
    )
  )
}

/** Inputs that the mode does not use; a value equal to the default does no harm. */
function misplaced(values: Partial<Record<keyof DeclaredInputs, unknown>>, env: NodeJS.ProcessEnv): string[] {
  const mode = MODES.find(one => one === values.mode)
  if (mode === undefined) return []
  const set = KEYS.filter(key => given(key, env) !== '' && !isDefault(key, values[key]))
  return set.flatMap(key => {
    const { modes } = FIELDS[key]
    if (!modes.includes(mode)) {
      const users = modes.map(one => `\`${one}\``).join(' and ')
      return [
        `Input \`${nameOf(key)}\` is used by mode ${users} only, and the mode is \`${mode}\`. Remove it, or change the mode.`
      ]
    }
    return []
  })
}

function isDefault(key: keyof DeclaredInputs, value: unknown): boolean {
  const { default: standard, schema } = FIELDS[key]
  const parsed = schema.safeParse(standard)
  return parsed.success && isDeepStrictEqual(parsed.data, value)
}

function given(key: keyof DeclaredInputs, env: NodeJS.ProcessEnv): string {
  return env[variableOf(key)]?.trim() ?? ''
}

function variableOf(key: keyof DeclaredInputs): string {
  return `INPUT_${nameOf(key).toUpperCase()}`
}

function nameOf(key: keyof DeclaredInputs): string {
  return key.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

function repositoryOwner(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_REPOSITORY_OWNER'] || (env['GITHUB_REPOSITORY']?.split('/')[0] ?? '')
}

function repositoryName(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_REPOSITORY']?.split('/')[1] ?? ''
}

/** A file that is not there yet: an earlier step of the job may have left its report, which undoes that step. */
function temporaryReport(env: NodeJS.ProcessEnv): string {
  const folder = env['RUNNER_TEMP'] || tmpdir()
  for (let number = 1; ; number++) {
    const path = join(folder, `ghcr-steward-report${number === 1 ? '' : `-${number}`}.json`)
    if (!existsSync(path)) return path
  }
}

function apiOf(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_API_URL'] || 'https://api.github.com'
}

function serverOf(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_SERVER_URL'] || 'https://github.com'
}

/** ghcr.io belongs to github.com; everywhere else the registry is `containers.` and the server's host. */
function registryOf(env: NodeJS.ProcessEnv): string {
  const server = serverOf(env)
  const url = URL.parse(server)
  if (url === null) return server
  return url.host === 'github.com' ? 'https://ghcr.io' : `${url.protocol}//containers.${url.host}`
}
