import { ourAge, slashed } from '../../src/config/foreign/foreign-answers.ts'
import { FOREIGN_TOOLS } from '../../src/config/foreign/foreign-words.ts'
import { parseAge } from '../../src/policy/time.ts'
import { nearest } from '../../src/util/suggest.ts'
import type { OurStep, WrittenRule } from './ours.ts'
import type { TheirStep } from './theirs.ts'

type With = TheirStep['with']
type Translate = (inputs: With) => OurStep

/**
 * Says a step of another tool in our words, so that nothing is deleted that it would have kept.
 *
 * @throws Error for a tool that is not known, or an input that it does not have
 */
export function translate(step: TheirStep): OurStep {
  const isOldSnok = step.uses === 'snok/container-retention-policy' && /^v[12]\b/.test(step.version)
  const name = isOldSnok ? `${step.uses}@v2` : step.uses
  const tool = FOREIGN_TOOLS.find(one => one.name.toLowerCase() === name.toLowerCase())
  const make = tool && TOOLS[tool.name]
  if (tool === undefined || make === undefined) {
    throw new Error(notKnown(step.uses))
  }
  const unknown = Object.keys(step.with).filter(input => !(input in tool.words) && !SAME.includes(input))
  if (unknown.length > 0) {
    const near = unknown.length === 1 ? nearest(unknown[0] ?? '', Object.keys(tool.words)) : undefined
    const hint = near === undefined ? '' : ` Did you mean \`${near}\`?`
    throw new Error(`${tool.name} has no input \`${unknown.join('`, `')}\`.${hint}`)
  }
  const { with: inputs, rules, notes } = make(step.with)
  return { with: inputs, rules, notes: [...notes, ...GRACE] }
}

/** Why a step cannot be translated, by the name of what it uses. */
function notKnown(uses: string): string {
  if (uses === 'ghcr-steward/ghcr-steward')
    return `\`${uses}\` is this action itself: there is nothing to translate.`
  const names = FOREIGN_TOOLS.map(one => one.name)
  const near = nearest(uses, names)
  return near === undefined
    ? `\`${uses}\` is not known. Known are ${names.join(', ')}.`
    : `\`${uses}\` is not known. Did you mean \`${near}\`?`
}

/** Inputs that say the same in every tool that has them, or are named in the words of a tool. */
const SAME = [
  'token',
  'owner',
  'packages',
  'dry-run',
  'delete-tags',
  'delete-untagged',
  'older-than',
  'keep-tags',
  'registry-url'
]

const GRACE = ['Nothing younger than 24 hours is deleted here; `grace: 0h` changes that.']

const TOOLS: Readonly<Record<string, Translate>> = {
  'dataaxiom/ghcr-cleanup-action': inputs => cleanup(inputs, bareDeletesUntagged(inputs)),
  'ghcr-manager/ghcr-cleanup-manager': inputs => cleanup(inputs, false),
  'snok/container-retention-policy': snok,
  'snok/container-retention-policy@v2': snokTwo,
  'actions/delete-package-versions': packageVersions,
  'vlaurin/action-ghcr-prune': prune,
  'Chizkiyahu/delete-untagged-ghcr-action': untaggedOnly
}

/** With nothing asked for, dataaxiom's action deletes what is untagged. */
function bareDeletesUntagged(inputs: With): boolean {
  const asks = ['delete-tags', 'tags', 'keep-n-tagged', 'keep-n-untagged', 'delete-untagged']
  const broken = ['ghost', 'partial', 'orphaned'].map(state => `delete-${state}-images`)
  return [...asks, ...broken].every(name => blank(inputs[name]))
}

function cleanup(inputs: With, bare: boolean): OurStep {
  const age = inputs['older-than'] ?? ''
  const pattern = (value: string): string => (isTrue(inputs['use-regex']) ? `/${value}/` : value)
  const tags = inputs['delete-tags'] || inputs['tags'] || ''
  const tagged = inputs['keep-n-tagged'] ?? ''
  const untagged = inputs['keep-n-untagged'] ?? ''
  const deletesUntagged = bare || isTrue(inputs['delete-untagged'])
  const states = ['ghost', 'partial', 'orphaned'].filter(state => isTrue(inputs[`delete-${state}-images`]))
  const plainTags = tags !== '' && blank(tagged)
  return {
    with: present({
      token: inputs['token'],
      owner: inputs['owner'],
      packages: inputs['packages'] || inputs['package'],
      'delete-tags': plainTags ? pattern(tags) : undefined,
      untag: plainTags && tags !== '*' ? 'true' : undefined,
      'keep-tags': blank(inputs['exclude-tags']) ? undefined : pattern(inputs['exclude-tags'] ?? ''),
      'delete-untagged': deletesUntagged ? 'true' : undefined,
      'older-than': plainTags || deletesUntagged || states.length > 0 ? age : undefined,
      'delete-broken': states.join(', '),
      'dry-run': isTrue(inputs['dry-run']) || inputs['command'] === 'scan' ? 'true' : undefined,
      'api-url': inputs['github-api-url'],
      'registry-url': inputs['registry-url']
    }),
    rules: [
      ...(blank(tagged)
        ? []
        : [newest('newest tagged', { tags: tags === '' ? '*' : list(pattern(tags)) }, age, tagged)]),
      ...(blank(untagged) ? [] : [newest('newest untagged', { untagged: true }, age, untagged)])
    ],
    notes: [
      ...(plainTags && tags !== '*'
        ? ['`untag` strips tags; the token needs `packages: write` for it.']
        : []),
      ...(isTrue(inputs['validate'])
        ? [
            '`validate` is not needed here: every run checks again what it did, and `mode: check` checks images at any time.'
          ]
        : [])
    ]
  }
}

/** Deletes what a match selects among the old, but for the newest by the date of the last change. */
function newest(
  name: string,
  match: WrittenRule,
  age: string,
  keep: string,
  rankBy = 'updated'
): WrittenRule {
  const old = blank(age) ? {} : { 'older-than': spelled(age) }
  return {
    name,
    action: 'delete',
    match: { ...match, ...old },
    'keep-at-least': number(keep),
    'rank-by': rankBy
  }
}

function snok(inputs: With): OurStep {
  const selection = inputs['tag-selection'] || 'both'
  const rankBy = inputs['timestamp-to-use'] === 'created_at' ? 'created' : 'updated'
  const age = inputs['cut-off'] ?? ''
  const tags = inputs['image-tags'] || '*'
  const account = inputs['account'] ?? ''
  const keep = inputs['keep-n-most-recent'] ?? ''
  const counts = selection !== 'untagged' && !isNone(keep)
  return {
    with: present({
      token: inputs['token'],
      owner: account === 'user' ? undefined : account,
      packages: nested(inputs['image-names']),
      'delete-tags': counts || selection === 'untagged' ? undefined : tags,
      'keep-tags': inputs['skip-shas'],
      'age-from': rankBy === 'created' ? 'created' : undefined,
      'delete-untagged': selection === 'tagged' ? undefined : 'true',
      'older-than': counts && selection === 'tagged' ? undefined : spelled(age),
      'dry-run': isTrue(inputs['dry-run']) ? 'true' : undefined
    }),
    rules: counts ? [newest('old tags', { tags: list(tags) }, age, keep, rankBy)] : [],
    notes: [
      'The outputs `deleted` and `failed` are JSON lists here.',
      ...(inputs['timestamp-to-use'] === 'updated_at'
        ? [
            '`timestamp-to-use: updated_at` is left out: by default, ages count from the newest date here, so nothing goes sooner.'
          ]
        : [])
    ]
  }
}

function snokTwo(inputs: With): OurStep {
  const untaggedOnly = isTrue(inputs['untagged-only'])
  const both = isTrue(inputs['filter-include-untagged'] || 'true')
  const {
    with: inner,
    rules,
    notes
  } = snok({
    ...pick(inputs, ['token', 'image-names', 'timestamp-to-use', 'dry-run']),
    'cut-off': inputs['cut-off'] ?? '',
    account: inputs['org-name'] ?? '',
    'image-tags': inputs['filter-tags'] ?? '',
    'keep-n-most-recent': inputs['keep-at-least'] ?? '',
    'tag-selection': untaggedOnly ? 'untagged' : both ? 'both' : 'tagged'
  })
  return { with: { ...inner, ...present({ 'keep-tags': inputs['skip-tags'] }) }, rules, notes }
}

function packageVersions(inputs: With): OurStep {
  const type = inputs['package-type'] ?? ''
  if (type !== '' && type !== 'container') {
    throw new Error(
      `Packages of type \`${type}\` are not handled here: keep using actions/delete-package-versions.`
    )
  }
  const base = { token: inputs['token'], owner: inputs['owner'], packages: inputs['package-name'] }
  const ids = inputs['package-version-ids'] ?? ''
  if (ids !== '') {
    return {
      with: present({ ...base, mode: 'purge', purge: ids, confirm: inputs['package-name'] }),
      rules: [],
      notes: ['A purge deletes at once, whatever rules keep.']
    }
  }
  const keep = (inputs['min-versions-to-keep'] ?? '').replace(/^-1$/, '')
  const onlyUntagged = isTrue(inputs['delete-only-untagged-versions'])
  const onlyPre = isTrue(inputs['delete-only-pre-release-versions'])
  return {
    with: present({
      ...base,
      'delete-tags': onlyUntagged || onlyPre ? undefined : '*',
      'keep-at-least': onlyUntagged || onlyPre ? undefined : keep,
      'delete-untagged': onlyPre ? undefined : 'true',
      'keep-untagged': onlyPre ? undefined : keep,
      'keep-tags': blank(inputs['ignore-versions']) ? undefined : `/${inputs['ignore-versions']}/`,
      'deletions-per-run': blank(keep) ? inputs['num-old-versions-to-delete'] || '1' : undefined
    }),
    rules: onlyPre
      ? [
          {
            name: 'pre-releases',
            action: 'delete',
            match: { semver: '*', prerelease: 'only' },
            ...(isNone(keep) ? {} : { 'keep-at-least': number(keep) })
          }
        ]
      : [],
    notes: [
      ...(blank(keep)
        ? []
        : [
            'There, all versions are counted together, including parts; here only images are counted, tagged and untagged separately.'
          ]),
      ...(blank(inputs['ignore-versions']) || isTrue(inputs['ignore-versions-include-tags'])
        ? []
        : [
            'There, `ignore-versions` matches the name of a version, which is its digest; `keep-tags` matches its tags. To keep a digest, write a keep rule with `digests` in `policy`.'
          ])
    ]
  }
}

function prune(inputs: With): OurStep {
  const age = inputs['keep-younger-than'] || inputs['older-than'] || ''
  const keep = inputs['keep-last'] || '0'
  const regexes = slashed(inputs['prune-tags-regexes'] || inputs['tag-regex'] || '')
  const kept = [...list(inputs['keep-tags'] ?? ''), ...slashed(inputs['keep-tags-regexes'] ?? '')]
  const untagged = isTrue(inputs['prune-untagged'] || inputs['untagged'])
  return {
    with: present({
      token: inputs['token'],
      owner: inputs['organization'] || inputs['user'],
      packages: inputs['container'],
      'keep-tags': kept.join('\n'),
      'dry-run': isTrue(inputs['dry-run']) ? 'true' : undefined
    }),
    rules: [
      ...(regexes.length === 0
        ? []
        : [{ ...newest('pruned tags', { tags: regexes }, age, keep, 'created'), 'tag-match': 'any' }]),
      ...(untagged ? [newest('untagged', { untagged: true }, age, keep, 'created')] : [])
    ],
    notes:
      keep === '0'
        ? []
        : [
            'There, tagged and untagged images are counted together; here they are counted separately, so more stays.'
          ]
  }
}

function untaggedOnly(inputs: With): OurStep {
  const everything = inputs['untagged_only'] === 'false'
  const spares = inputs['except_untagged_multiplatform'] !== 'false'
  return {
    with: present({
      token: inputs['token'],
      owner: inputs['repository_owner'],
      packages: inputs['package_name'] || (inputs['repository'] === '' ? '**' : 'linked'),
      'delete-tags': everything ? '*' : undefined,
      'delete-untagged': 'true',
      'max-deletion-percent': everything ? '100' : undefined
    }),
    rules: [],
    notes: spares
      ? [
          '`except_untagged_multiplatform` does not exist here: untagged indexes are also deleted, with their platforms.'
        ]
      : []
  }
}

/** snok's `*` reaches over slashes, ours does not; an exclusion that reached less far would let names in. */
function nested(names: string | undefined): string | undefined {
  return names?.trim().replaceAll(/(?<!\*)\*(?!\*)/g, '**')
}

/** An age in our spelling, or an expression. @throws Error for anything else */
function spelled(age: string): string {
  const words = ourAge(age)
  if (!age.includes('${{') && parseAge(words) === undefined) throw new Error(`\`${age}\` is not a known age.`)
  return words
}

function list(text: string): string[] {
  return text.split(/[\s,]+/).filter(entry => entry !== '')
}

function blank(text: string | undefined): boolean {
  return text === undefined || text.trim() === ''
}

function isNone(count: string): boolean {
  return blank(count) || count.trim() === '0'
}

/** An expression stays text. @throws Error for anything else that is no number */
function number(text: string): number | string {
  if (!text.includes('${{') && !/^\d+$/.test(text.trim()))
    throw new Error(`\`${text}\` is not a number of images.`)
  return text.includes('${{') ? text.trim() : Number(text)
}

function isTrue(text: string | undefined): boolean {
  return text?.trim().toLowerCase() === 'true'
}

function pick(inputs: With, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap(name => (name in inputs ? [[name, inputs[name] as string]] : [])))
}

/** Without what is blank. */
function present(inputs: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]) =>
      blank(value) ? [] : [[name, (value as string).trim()]]
    )
  )
}
