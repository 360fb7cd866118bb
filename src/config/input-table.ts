import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { SIGNATURES } from '../model/check.ts'
import { BROKEN_STATES, PROTECT_SOURCES } from '../model/decision.ts'
import { AGE_FROM, VISIBILITIES } from '../model/package.ts'
import { MODES, type Mode } from '../model/run.ts'
import * as addresses from './fields/address-fields.ts'
import * as fields from './fields/plain-fields.ts'
import { attempt, optional, type Read } from './fields/read.ts'
import * as tags from './fields/tag-fields.ts'
import * as templates from './fields/templates.ts'
import { purgeNames, restoreInput } from './fields/undo-fields.ts'
import { packageList } from './package-selection.ts'

interface Field {
  readonly modes: readonly Mode[]
  readonly read: Read<unknown>
  /** The default in action.yml, where it has one. */
  readonly default?: string
  /** What a blank means when action.yml cannot know it. */
  readonly fallback?: (env: NodeJS.ProcessEnv) => string
  /** True where its text is never shown. */
  readonly secret?: true
}

const ALL = MODES
const RETAIN = ['retain'] as const
const CHECK = ['check'] as const
/** What a check expects, retention protects. */
const BOTH = ['retain', 'check'] as const
const optionalText = optional(fields.text)
const optionalNumber = optional(fields.wholeNumber)

/** One key an input, in the order of action.yml. Ages are milliseconds, patterns are as written. */
const table = {
  mode: { modes: ALL, read: fields.modeWord, default: 'retain' },
  token: {
    modes: ALL,
    read: fields.secret(
      "the workflow's own `github.token`, or a secret that is set and that this workflow may read"
    ),
    secret: true
  },
  /** As given; registries want it in lower case. */
  owner: { modes: ALL, read: addresses.owner, fallback: repositoryOwner },
  packages: { modes: ALL, read: packageList, fallback: repositoryName },
  dryRun: { modes: ALL, read: fields.flag, default: 'false' },
  /** A path, or YAML. */
  policy: { modes: BOTH, read: optionalText },
  /** Run the policy's own tests, and nothing else. */
  policyTests: { modes: BOTH, read: fields.flag, default: 'false' },
  /** A tag or a full digest. */
  explain: { modes: RETAIN, read: optional(tags.tagOrDigest) },
  deleteTags: { modes: RETAIN, read: tags.patternsAndDigests },
  keepTags: { modes: RETAIN, read: tags.patternsAndDigests },
  keepAtLeast: { modes: RETAIN, read: fields.wholeNumber, default: '0' },
  deleteUntagged: { modes: RETAIN, read: fields.flag, default: 'false' },
  keepUntagged: { modes: RETAIN, read: fields.wholeNumber, default: '0' },
  olderThan: { modes: RETAIN, read: optional(fields.age) },
  deleteBroken: { modes: RETAIN, read: fields.someOf(BROKEN_STATES) },
  untag: { modes: RETAIN, read: fields.flag, default: 'false' },
  grace: { modes: RETAIN, read: fields.age, default: '24h' },
  rankBy: { modes: RETAIN, read: fields.oneOf(['created', 'updated']), default: 'created' },
  ageFrom: { modes: RETAIN, read: fields.oneOf(AGE_FROM), default: 'newest' },
  protect: { modes: RETAIN, read: fields.someOf(PROTECT_SOURCES, ' For image tags, write `keep-tags`.') },
  protectFiles: { modes: BOTH, read: fields.names },
  minRemaining: { modes: RETAIN, read: optionalNumber },
  maxDeletions: { modes: RETAIN, read: optionalNumber },
  maxDeletionPercent: { modes: RETAIN, read: optional(fields.percent) },
  deletionsPerRun: { modes: RETAIN, read: optionalNumber },
  plan: { modes: RETAIN, read: optionalText },
  gitTags: { modes: BOTH, read: tags.gitTagPatterns, default: 'v*' },
  skipTags: { modes: CHECK, read: tags.gitTagPatterns },
  requiredTags: { modes: BOTH, read: tags.tagNames },
  imageTags: { modes: BOTH, read: templates.imageTags, default: '{tag} {version}' },
  platforms: { modes: CHECK, read: fields.platforms },
  releasesOnly: { modes: CHECK, read: fields.flag, default: 'false' },
  tagsRepository: { modes: BOTH, read: optional(addresses.repository) },
  newestTags: { modes: CHECK, read: templates.newestTags },
  expectSigned: { modes: CHECK, read: optional(fields.oneOf(SIGNATURES)) },
  expectVisibility: { modes: CHECK, read: optional(fields.oneOf(VISIBILITIES)) },
  failOnMissing: { modes: CHECK, read: fields.flag, default: 'false' },
  dispatchWorkflow: { modes: CHECK, read: optional(addresses.workflowFile) },
  dispatchRepository: {
    modes: CHECK,
    read: optional(addresses.repository),
    fallback: env => env['GITHUB_REPOSITORY'] ?? ''
  },
  dispatchRef: { modes: CHECK, read: optionalText },
  dispatchInputs: { modes: CHECK, read: templates.assignments, default: 'tag={tag}' },
  dispatchToken: {
    modes: CHECK,
    read: optional(fields.secret('a token')),
    secret: true
  },
  maxDispatches: { modes: CHECK, read: fields.wholeNumber, default: '20' },
  wait: { modes: CHECK, read: optional(fields.waitingTime) },
  purge: { modes: ['purge'], read: purgeNames },
  confirm: { modes: ['purge'], read: optionalText },
  restore: { modes: ['restore'], read: optional(restoreInput) },
  reserveRequests: { modes: ALL, read: fields.wholeNumber, default: '50' },
  /** How long a limit is waited for. */
  patience: { modes: ALL, read: fields.waitingTime, default: '5m' },
  /** Remember manifests between runs. */
  memory: { modes: ALL, read: fields.flag, default: 'true' },
  /** Say how many bytes there are in what is deleted, or in what a check finds. */
  sizes: { modes: BOTH, read: fields.flag, default: 'false' },
  timeLimit: { modes: ALL, read: fields.timeSpan, default: '5h' },
  reportFile: { modes: ALL, read: fields.filePath('report.json'), fallback: temporaryReport },
  pageFile: { modes: ALL, read: optional(fields.filePath('report.html')) },
  /** Without a slash at the end, as are all addresses. */
  apiUrl: { modes: ALL, read: addresses.apiAddress, fallback: apiOf },
  registryUrl: { modes: ALL, read: addresses.registryAddress, fallback: registryOf }
} satisfies Readonly<Record<string, Field>>

/** Every input of action.yml, read and checked. */
export type DeclaredInputs = {
  readonly [Key in keyof typeof table]: ReturnType<(typeof table)[Key]['read']>
}

export const FIELDS: Readonly<Record<keyof DeclaredInputs, Field>> = table

export const KEYS = Object.keys(FIELDS) as (keyof DeclaredInputs)[]

/** Every input's name in action.yml with its default there, in order; `token`'s is an expression of the runner. */
export const INPUT_DEFAULTS: ReadonlyMap<string, string> = new Map(
  KEYS.map(key => [nameOf(key), FIELDS[key].default ?? ''])
)

export function isDefault(key: keyof DeclaredInputs, value: unknown): boolean {
  const reading = attempt(FIELDS[key].read, FIELDS[key].default ?? '')
  return 'value' in reading && isDeepStrictEqual(reading.value, value)
}

export function given(key: keyof DeclaredInputs, env: NodeJS.ProcessEnv): string {
  return env[variableOf(key)]?.trim() ?? ''
}

export function variableOf(key: keyof DeclaredInputs): string {
  return `INPUT_${nameOf(key).toUpperCase()}`
}

export function nameOf(key: keyof DeclaredInputs): string {
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

export function serverOf(env: NodeJS.ProcessEnv): string {
  return env['GITHUB_SERVER_URL'] || 'https://github.com'
}

/** ghcr.io belongs to github.com; everywhere else the registry is `containers.` and the server's host. */
function registryOf(env: NodeJS.ProcessEnv): string {
  const server = serverOf(env)
  const url = URL.parse(server)
  if (url === null) return server
  return url.host === 'github.com' ? 'https://ghcr.io' : `${url.protocol}//containers.${url.host}`
}
