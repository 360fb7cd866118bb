/**
 * The inputs of other tools, with what says the same here. Who changes from one of them keeps its words at first, and
 * the runner hands every input over, known or not.
 */

/** What a step of another tool is given, by input. */
export type ForeignInputs = Readonly<Record<string, string>>

/** A sentence that says what to write here, for the value that is given there. */
export type ForeignWord = (value: string, all: ForeignInputs) => string

export interface ForeignTool {
  /** As `uses:` has it. */
  readonly name: string
  /** Every input that is not ours, or that is and means something else. */
  readonly words: Readonly<Record<string, ForeignWord>>
}

/** Says that an input has no counterpart, since the program does it by itself. */
const leaveOut =
  (why: string): ForeignWord =>
  () =>
    `Leave it out: ${why}.`

/** Says that the same value goes by another name. */
const called =
  (name: string): ForeignWord =>
  value =>
    `Write \`${name}: ${quoted(value)}\`.`

/** Says what to write instead, whatever the value. */
const write =
  (what: string): ForeignWord =>
  () =>
    `Write ${what}.`

const regex: ForeignWord = value => `Write \`keep-tags: ${quoted(`/${value}/`)}\`.`

/**
 * A number of newest versions that is counted among the old ones only. Here young ones count too, so that the inputs of
 * the same names would delete more; a rule says it exactly.
 */
const counted =
  (cutOff: string, match: string, simple: (value: string) => string): ForeignWord =>
  (value, all) => {
    const age = all[cutOff] ?? ''
    if (age === '') return simple(value)
    const old = /^\d+$/.test(age) ? `${age}d` : age
    return (
      `There the ${value} are counted among what is older than ${old} only. Write in \`policy\` a rule ` +
      `\`{ action: delete, match: { ${match}, older-than: ${old} }, keep-at-least: ${value}, rank-by: updated }\`.`
    )
  }

const newestTagged = (cutOff: string) =>
  counted(cutOff, "tags: '*'", value => `Write \`delete-tags: '*'\` and \`keep-at-least: ${value}\`.`)

const FOUND_OUT = leaveOut('whether the owner is an organization or a user is found out')
const DEBUG = leaveOut('run the job again with debug logging, and the log says more')
const NESTED = (value: string): string => value.replaceAll(/(?<!\*)\*(?!\*)/g, '**')

/** What dataaxiom's action and ghcr-cleanup-manager, which grew out of it, have in common. */
const CLEANUP: ForeignTool['words'] = {
  package: called('packages'),
  'exclude-tags': called('keep-tags'),
  'keep-n-tagged': newestTagged('older-than'),
  'keep-n-untagged': counted(
    'older-than',
    'untagged: true',
    value => `Write \`delete-untagged: true\` and \`keep-untagged: ${value}\`.`
  ),
  'delete-ghost-images': write('`delete-broken: ghost`'),
  'delete-partial-images': write('`delete-broken: partial`'),
  'delete-orphaned-images': write('`delete-broken: orphaned`'),
  'use-regex': leaveOut('write each regular expression as `/…/`, where it stands'),
  'log-level': DEBUG
}

export const FOREIGN_TOOLS: readonly ForeignTool[] = [
  {
    name: 'dataaxiom/ghcr-cleanup-action',
    words: {
      ...CLEANUP,
      repository: leaveOut('`packages` names what is cleaned up'),
      'expand-packages': leaveOut('`packages` takes patterns, with a token that may list packages'),
      tags: called('delete-tags'),
      validate: leaveOut('every run looks again at what it did, and `mode: check` does by itself'),
      'github-api-url': called('api-url')
    }
  },
  {
    name: 'snok/container-retention-policy',
    words: {
      account: value =>
        /^(?:user|)$/i.test(value)
          ? 'Write `owner` with the login, or leave it out.'
          : called('owner')(value, {}),
      'image-names': value =>
        `Write \`packages: ${quoted(NESTED(value))}\`; here a single \`*\` does not reach over a slash.`,
      'image-tags': called('delete-tags'),
      'cut-off': called('older-than'),
      'keep-n-most-recent': newestTagged('cut-off'),
      'timestamp-to-use': value => `Write \`age-from: ${value.replace('_at', '')}\`.`,
      'tag-selection': value =>
        ({
          untagged: 'Write `delete-untagged: true`, without `delete-tags`.',
          tagged: "Write `delete-tags: '*'`, without `delete-untagged`."
        })[value] ?? "Write `delete-tags: '*'` and `delete-untagged: true`.",
      'skip-shas': called('keep-tags'),
      'rust-log': DEBUG
    }
  },
  {
    name: 'snok/container-retention-policy@v2',
    words: {
      'image-names': value => `Write \`packages: ${quoted(NESTED(value))}\`.`,
      'cut-off': value => `Write \`older-than: ${value.replace(/ ago.*$/, '')}\`.`,
      'timestamp-to-use': value => `Write \`age-from: ${value.replace('_at', '')}\`.`,
      'filter-tags': called('delete-tags'),
      'skip-tags': called('keep-tags'),
      'keep-at-least': newestTagged('cut-off'),
      'untagged-only': write('`delete-untagged: true`, without `delete-tags`'),
      'filter-include-untagged': called('delete-untagged'),
      'account-type': FOUND_OUT,
      'org-name': called('owner'),
      'token-type': leaveOut('what kind of token it is is found out')
    }
  },
  {
    name: 'actions/delete-package-versions',
    words: {
      'package-version-ids': value =>
        `Write \`mode: purge\`, \`purge: ${value}\`, and the package's name in \`packages\` and \`confirm\`.`,
      'package-name': called('packages'),
      'package-type': leaveOut('only container packages are handled here'),
      'num-old-versions-to-delete': value =>
        `Write \`delete-tags: '*'\`, \`delete-untagged: true\` and \`deletions-per-run: ${value}\`.`,
      'min-versions-to-keep': value =>
        `Write \`delete-tags: '*'\`, \`keep-at-least: ${value}\`, \`delete-untagged: true\` and \`keep-untagged: ${value}\`.`,
      'ignore-versions': regex,
      'delete-only-untagged-versions': called('delete-untagged'),
      'delete-only-pre-release-versions': write(
        "in `policy` a rule `{ action: delete, match: { semver: '*', prerelease: only } }`"
      )
    }
  },
  {
    name: 'vlaurin/action-ghcr-prune',
    words: {
      organization: called('owner'),
      user: called('owner'),
      container: called('packages'),
      'keep-younger-than': value => `Write \`older-than: ${/^\d+$/.test(value) ? `${value}d` : value}\`.`,
      'keep-last': newestTagged('keep-younger-than'),
      'keep-tags-regexes': regex,
      'prune-tags-regexes': anyTag,
      'tag-regex': anyTag,
      'prune-untagged': called('delete-untagged'),
      untagged: called('delete-untagged')
    }
  },
  {
    name: 'Chizkiyahu/delete-untagged-ghcr-action',
    words: {
      repository_owner: called('owner'),
      owner_type: FOUND_OUT,
      repository: value =>
        value === ''
          ? "Write `packages: '**'`."
          : 'Write `packages: linked`, for all that is linked to the repository.',
      package_name: called('packages'),
      untagged_only: value =>
        value === 'false'
          ? "Write `delete-untagged: true` and `delete-tags: '*'`."
          : 'Write `delete-untagged: true`.',
      except_untagged_multiplatform: value =>
        value === 'false'
          ? 'Leave it out: it is so here.'
          : 'There is no such setting: untagged indexes go with `delete-untagged`. Leave that out to keep them.',
      with_sigs: leaveOut('signatures go with what they sign')
    }
  },
  {
    name: 'ghcr-manager/ghcr-cleanup-manager',
    words: {
      ...CLEANUP,
      command: value =>
        value === 'scan' ? 'Write `dry-run: true`.' : 'Leave it out: `mode` is `retain` already.',
      'db-path': write('`report-file` with a path: the report is one JSON file'),
      'upload-artifacts': leaveOut('upload the file in the output `report` with actions/upload-artifact'),
      'db-artifact-retention-days': leaveOut('actions/upload-artifact has `retention-days`'),
      'scan-after-cleanup': leaveOut('every run looks again at what it did'),
      'summary-json-path': called('report-file')
    }
  }
]

/** There one matching tag is enough. */
function anyTag(value: string): string {
  return `Write in \`policy\` a rule \`{ action: delete, match: { tags: ${quoted(`/${value}/`)} }, tag-match: any }\`.`
}

/**
 * The tool whose words a step speaks: the one that knows most of its inputs.
 *
 * @param strange the inputs that are not ours
 * @returns undefined when nobody knows any of them
 */
export function foreignTool(strange: readonly string[], all: ForeignInputs): ForeignTool | undefined {
  const scored = FOREIGN_TOOLS.map(tool => ({
    tool,
    strange: strange.filter(name => Object.hasOwn(tool.words, name)).length,
    all: Object.keys(all).filter(name => Object.hasOwn(tool.words, name)).length
  })).filter(one => one.strange > 0)
  return scored.sort((a, b) => b.strange - a.strange || b.all - a.all)[0]?.tool
}

/** Quotation marks where YAML would read something else than text; several lines become one. */
function quoted(value: string): string {
  const line = value.trim().replaceAll(/\s*[\r\n]+\s*/g, ' ')
  return /^[\w./-]+$/.test(line) ? line : `'${line.replaceAll("'", "''")}'`
}
