import { BROKEN_STATES } from '../../model/decision.ts'
import * as say from './foreign-answers.ts'

/**
 * The inputs of other tools, with what says the same here. Who changes from one of them keeps its words at first, and
 * the runner hands every input over, known or not.
 */

export interface ForeignTool {
  /** As `uses:` has it. */
  readonly name: string
  /** Every input that is not ours, or that is and means something else. */
  readonly words: Readonly<Record<string, say.ForeignWord>>
  /** What it deletes by default, as an input of ours; not if the step has one of the inputs in `unless`. */
  readonly defaults?: readonly { readonly write: string; readonly unless: readonly string[] }[]
}

/** The age of what goes, in snok's action. */
const cutOff: say.ForeignWord = value => say.called('older-than')(say.ourAge(value))

const TAGGED = "`delete-tags: '*'`"
const UNTAGGED = '`delete-untagged: true`'

function isBlank(value: string | undefined): boolean {
  return (value ?? '') === ''
}

/** What snok's action only asks of tagged images, by its name there. */
const ofTagged =
  (name: string, word: say.ForeignWord): say.ForeignWord =>
  (value, all) =>
    all['tag-selection'] === 'untagged' || all['untagged-only'] === 'true'
      ? `Leave it out: there, \`${name}\` does not count for untagged images.`
      : word(value, all)

/** What dataaxiom's action and ghcr-cleanup-manager, which grew out of it, have in common. */
const CLEANUP: ForeignTool['words'] = {
  package: say.called('packages'),
  'exclude-tags': (value, all) => say.called('keep-tags')(say.asPatterns(value, all).join(' ')),
  'keep-n-tagged': say.newestTagged('older-than'),
  'keep-n-untagged': say.counted(
    'older-than',
    () => 'untagged: true',
    value => `Write \`delete-untagged: true\`, \`keep-untagged: ${value}\` and \`rank-by: updated\`.`
  ),
  'delete-ghost-images': say.flag('`delete-broken: ghost`'),
  'delete-partial-images': say.flag('`delete-broken: partial`'),
  'delete-orphaned-images': say.flag('`delete-broken: orphaned`'),
  'use-regex': (_, all) =>
    isBlank(all['delete-tags'])
      ? 'Leave it out: each regular expression is written as `/…/`.'
      : say.called('delete-tags')(say.asPatterns(all['delete-tags'] ?? '', all).join(' ')),
  'log-level': say.DEBUG
}

export const FOREIGN_TOOLS: readonly ForeignTool[] = [
  {
    name: 'dataaxiom/ghcr-cleanup-action',
    words: {
      ...CLEANUP,
      repository: say.leaveOut('`packages` names what is cleaned up'),
      'expand-packages': say.leaveOut('`packages` takes patterns, with a token that may list packages'),
      tags: (value, all) => say.called('delete-tags')(say.asPatterns(value, all).join(' ')),
      validate: say.leaveOut(
        'every run checks again what it did, and `mode: check` checks images at any time'
      ),
      'github-api-url': say.called('api-url')
    },
    defaults: [
      {
        write: UNTAGGED,
        unless: [
          'tags',
          'keep-n-tagged',
          'keep-n-untagged',
          ...BROKEN_STATES.map(state => `delete-${state}-images`)
        ]
      }
    ]
  },
  {
    name: 'snok/container-retention-policy',
    words: {
      account: value =>
        /^(?:user|)$/i.test(value)
          ? 'Write `owner` with the login, or leave it out.'
          : say.called('owner')(value),
      'image-names': value =>
        `Write \`packages: ${say.quoted(say.NESTED(value))}\`; here a single \`*\` does not match a slash.`,
      'image-tags': ofTagged('image-tags', say.called('delete-tags')),
      'cut-off': cutOff,
      'keep-n-most-recent': ofTagged('keep-n-most-recent', say.newestTagged('cut-off')),
      'timestamp-to-use': value => `Write \`age-from: ${value.replace('_at', '')}\`.`,
      'tag-selection': (value, all) => {
        if (value === 'untagged') return `Write ${UNTAGGED}, without \`delete-tags\`.`
        // The answer to such an input says which tags.
        const said = ['image-tags', 'keep-n-most-recent', 'delete-tags'].some(name => name in all)
        if (value === 'tagged')
          return said ? 'Leave it out.' : `Write ${TAGGED}, without \`delete-untagged\`.`
        return `Write ${said ? '' : `${TAGGED} and `}${UNTAGGED}.`
      },
      'skip-shas': say.called('keep-tags'),
      'rust-log': say.DEBUG
    },
    defaults: [
      { write: TAGGED, unless: ['tag-selection', 'image-tags', 'keep-n-most-recent'] },
      { write: UNTAGGED, unless: ['tag-selection'] }
    ]
  },
  {
    name: 'snok/container-retention-policy@v2',
    words: {
      'image-names': value => `Write \`packages: ${say.quoted(say.NESTED(value))}\`.`,
      'cut-off': cutOff,
      'timestamp-to-use': value => `Write \`age-from: ${value.replace('_at', '')}\`.`,
      'filter-tags': ofTagged('filter-tags', say.called('delete-tags')),
      'skip-tags': say.called('keep-tags'),
      'keep-at-least': ofTagged('keep-at-least', say.newestTagged('cut-off')),
      'untagged-only': say.flag('`delete-untagged: true`, without `delete-tags`'),
      'filter-include-untagged': say.called('delete-untagged'),
      'account-type': say.FOUND_OUT,
      'org-name': say.called('owner'),
      'token-type': say.leaveOut('the action finds out what kind of token it is')
    },
    defaults: [
      { write: TAGGED, unless: ['untagged-only', 'filter-tags', 'keep-at-least'] },
      { write: UNTAGGED, unless: ['untagged-only', 'filter-include-untagged'] }
    ]
  },
  {
    name: 'actions/delete-package-versions',
    words: {
      'package-version-ids': value =>
        `Write \`mode: purge\`, \`purge: ${value}\`, and the package's name in \`packages\` and \`confirm\`.`,
      'package-name': say.called('packages'),
      'package-type': say.leaveOut('this action only handles container packages'),
      'num-old-versions-to-delete': (value, all) => {
        if (say.saysWhat(all)) return `Write \`deletions-per-run: ${value}\`.`
        return say.only(all) === undefined && ['', '-1'].includes(all['min-versions-to-keep'] ?? '')
          ? `Write \`delete-tags: '*'\`, \`delete-untagged: true\` and \`deletions-per-run: ${value}\`.`
          : 'Leave it out: there, it does not count together with the other inputs.'
      },
      'min-versions-to-keep': (value, all) => {
        if (value === '-1') return 'Leave it out.'
        return say.saysWhat(all)
          ? say.keepNewest(value, all)
          : {
              untagged: `Write \`keep-untagged: ${value}\`.`,
              'pre-releases': `Write \`keep-at-least: ${value}\` in the rule for pre-releases.`,
              all: `Write \`delete-tags: '*'\`, \`keep-at-least: ${value}\`, \`delete-untagged: true\` and \`keep-untagged: ${value}\`.`
            }[say.only(all) ?? 'all']
      },
      'ignore-versions': say.regexes,
      'ignore-versions-include-tags': say.leaveOut('`keep-tags` always matches tags'),
      'delete-only-untagged-versions': say.flag('`delete-untagged: true`'),
      'delete-only-pre-release-versions': say.flag(
        "in `policy` a rule `{ action: delete, match: { semver: '*', prerelease: only } }`"
      )
    }
  },
  {
    name: 'vlaurin/action-ghcr-prune',
    words: {
      organization: say.called('owner'),
      user: say.called('owner'),
      container: say.called('packages'),
      'keep-younger-than': say.pruned('keep-younger-than'),
      'keep-last': say.pruned('keep-last'),
      'older-than': say.pruned('older-than'),
      'keep-tags-regexes': say.regexes,
      ...Object.fromEntries(say.PRUNES.map(name => [name, say.pruned(name)]))
    }
  },
  {
    name: 'Chizkiyahu/delete-untagged-ghcr-action',
    words: {
      repository_owner: say.called('owner'),
      owner_type: say.FOUND_OUT,
      repository: (value, all) => {
        if (!isBlank(all['package_name'])) return 'Leave it out: `packages` names the package.'
        return value === ''
          ? "Write `packages: '**'`."
          : 'Write `packages: linked`, for all packages that are linked to this repository.'
      },
      package_name: say.called('packages'),
      untagged_only: (value, all) =>
        value === 'false' && say.saysWhat(all)
          ? 'Leave it out: `delete-tags` says what is deleted.'
          : value === 'false'
            ? "Write `delete-untagged: true`, `delete-tags: '*'` and `max-deletion-percent: 100`."
            : 'Write `delete-untagged: true`.',
      except_untagged_multiplatform: value =>
        value === 'false'
          ? 'Leave it out: `delete-untagged` does that.'
          : 'There is no such setting. `delete-untagged` also deletes untagged indexes: leave that input out to keep them.',
      with_sigs: say.leaveOut('signatures are deleted with what they sign')
    },
    defaults: [{ write: UNTAGGED, unless: ['untagged_only'] }]
  },
  {
    name: 'ghcr-manager/ghcr-cleanup-manager',
    words: {
      ...CLEANUP,
      command: value =>
        value === 'scan' ? 'Write `dry-run: true`.' : 'Leave it out: `mode` is `retain` already.',
      'db-path': () => 'Write `report-file` with a path: the report is one JSON file.',
      'upload-artifacts': say.leaveOut('upload the file in the output `report` with actions/upload-artifact'),
      'db-artifact-retention-days': say.leaveOut('actions/upload-artifact has `retention-days`'),
      'scan-after-cleanup': say.leaveOut('every run checks again what it did')
    }
  }
]

/**
 * The tool whose words a step speaks: the one that knows most of its inputs.
 *
 * @param strange the inputs that are not ours
 * @returns undefined when nobody knows any of them
 */
export function foreignTool(strange: readonly string[], all: say.ForeignInputs): ForeignTool | undefined {
  const scored = FOREIGN_TOOLS.map(tool => ({
    tool,
    strange: strange.filter(name => Object.hasOwn(tool.words, name)).length,
    all: Object.keys(all).filter(name => Object.hasOwn(tool.words, name)).length
  })).filter(one => one.strange > 0)
  return scored.sort((a, b) => b.strange - a.strange || b.all - a.all)[0]?.tool
}
