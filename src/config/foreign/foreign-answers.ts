import { withoutWords } from '../../policy/time.ts'
import { inYaml } from '../../util/format.ts'

/**
 * What to write here instead of an input of another tool, so that nothing is deleted that it would have kept.
 */

/** What a step of another tool is given, by input. */
export type ForeignInputs = Readonly<Record<string, string>>

/** A sentence that says what to write here, for the value that is given there. */
export type ForeignWord = (value: string, all: ForeignInputs) => string

/** Says that an input has no counterpart, since the program does it by itself. */
export const leaveOut = (why: string) => () => `Leave it out: ${why}.`

/** Says that the same value goes by another name. */
export const called = (name: string) => (value: string) => `Write \`${name}: ${quoted(value)}\`.`

/** Says what to write for a flag that is set; one that is not set asks for nothing. */
export const flag = (what: string) => (value: string) => (isTrue(value) ? `Write ${what}.` : 'Leave it out.')

function isTrue(text: string | undefined): boolean {
  return text?.trim().toLowerCase() === 'true'
}

/** One regular expression a line. */
export const regexes = (value: string): string => called('keep-tags')(slashed(value).join(' '))

/** A delete rule, as one writes it in a policy. */
const rule = (match: readonly string[], ...keys: readonly string[]): string =>
  `\`{ ${['action: delete', `match: { ${match.join(', ')} }`, ...keys].join(', ')} }\``

const writeRules = (rules: readonly string[]): string =>
  `Write in \`policy\` ${rules.length === 1 ? 'a rule' : 'the rules'} ${rules.join(' and ')}.`

/**
 * A number of newest versions that is counted among the old ones only. Here young ones count too, so that the inputs of
 * the same names would delete more; a rule says it exactly.
 *
 * @param match what the step selects, as `match` of a rule has it
 * @param simple what to write where the step names no age
 */
export const counted =
  (cutOff: string, match: (all: ForeignInputs) => string, simple: ForeignWord): ForeignWord =>
  (value, all) => {
    const age = all[cutOff] ?? ''
    if (age === '') return simple(value, all)
    const old = ourAge(age)
    const exact = rule(
      [match(all), `older-than: ${old}`],
      `keep-at-least: ${value}`,
      `rank-by: ${rankedBy(all)}`
    )
    return `There, the ${value} are only counted among what is older than ${old}. ${writeRules([exact])}`
  }

/** With the tags that the step selects, because no more may be deleted here than there. */
export const newestTagged = (cutOff: string): ForeignWord =>
  counted(
    cutOff,
    all => `tags: ${flowList(selectedTags(all))}`,
    (value, all) =>
      `Write \`delete-tags: ${quoted(selectedTags(all).join(' '))}\`, \`keep-at-least: ${value}\` and \`rank-by: ${rankedBy(all)}\`.`
  )

/** The date that the newest are newest by; snok's action can be told. */
function rankedBy(all: ForeignInputs): string {
  return all['timestamp-to-use'] === 'created_at' ? 'created' : 'updated'
}

/** What a step selects by tag; everything where it does not say. */
function selectedTags(all: ForeignInputs): string[] {
  const given = ['delete-tags', 'tags', 'image-tags', 'filter-tags'].find(name => (all[name] ?? '') !== '')
  return given === undefined ? ['*'] : asPatterns(all[given] ?? '', all)
}

/** Entries of a list, or the one regular expression that a step of dataaxiom's action says it is. */
export function asPatterns(value: string, all: ForeignInputs): string[] {
  return isTrue(all['use-regex']) ? slashed(value) : value.split(/[\s,]+/).filter(entry => entry !== '')
}

/** Each line between slashes. */
export function slashed(value: string): string[] {
  const lines = value.split(/[\r\n]+/).map(line => line.trim())
  return lines.filter(line => line !== '').map(line => `/${line}/`)
}

/** An age in our spelling: elsewhere `m` is minutes and `M` months, and a bare number is days. */
export function ourAge(age: string): string {
  const spelled = age
    .trim()
    .replace(/^\d+$/, '$&d')
    .replaceAll(/(\d+) *m\b/g, '$1min')
    .replaceAll(/(\d+) *M\b/g, '$1 months')
  return withoutWords(spelled)
}

function flowList(entries: readonly string[]): string {
  const [first = '', ...others] = entries.map(quoted)
  return others.length === 0 ? first : `[${[first, ...others].join(', ')}]`
}

/** The inputs of vlaurin's action that select something. */
export const PRUNES = ['prune-tags-regexes', 'tag-regex', 'prune-untagged', 'untagged']

/**
 * Age and number hold for everything that vlaurin's action prunes, so one answer has the rules, and the other inputs
 * point to it. There one matching tag is enough.
 */
export const pruned =
  (name: string): ForeignWord =>
  (_, all) => {
    const selecting = PRUNES.filter(one => !['', 'false'].includes(all[one] ?? ''))
    const [first] = selecting
    if (first === undefined && saysWhat(all)) return prunedByOurs(name, all)
    if (first !== name)
      return `Leave it out, ${first === undefined ? 'because this step names nothing to prune' : `because the rule for \`${first}\` has \`${name}\``}.`
    const { old, last } = prunedFrom(all)
    const older = ['', '0d'].includes(old) ? [] : [`older-than: ${old}`]
    const keep = last === '' ? [] : [`keep-at-least: ${last}`]
    return writeRules(
      selecting.map(one =>
        /untagged$/.test(one)
          ? rule(['untagged: true', ...older], ...keep)
          : rule([`tags: ${flowList(slashed(all[one] ?? ''))}`, ...older], 'tag-match: any', ...keep)
      )
    )
  }

/** Age and number of a step of vlaurin's action; no number and 0 are the same. */
function prunedFrom(all: ForeignInputs): { old: string; last: string } {
  const last = all['keep-last'] ?? ''
  return { old: ourAge(all['keep-younger-than'] || all['older-than'] || ''), last: last === '0' ? '' : last }
}

/** True for a step that says what to delete in words that are ours: nobody may be told to delete more. */
export function saysWhat(all: ForeignInputs): boolean {
  return (all['delete-tags'] ?? '') !== '' || isTrue(all['delete-untagged'])
}

/** How many of the newest to keep, of all that the step selects in our words. */
export function keepNewest(value: string, all: ForeignInputs): string {
  const inputs = [
    (all['delete-tags'] ?? '') === '' ? [] : [`\`keep-at-least: ${value}\``],
    isTrue(all['delete-untagged']) ? [`\`keep-untagged: ${value}\``] : []
  ]
  return `Write ${inputs.flat().join(' and ')}.`
}

/** Age and number of vlaurin's action in such a step; the number alone counts young ones too. */
function prunedByOurs(name: string, all: ForeignInputs): string {
  const { old, last } = prunedFrom(all)
  if (name !== 'keep-last')
    return last === ''
      ? `Write \`older-than: ${old}\`.`
      : 'Leave it out, because the rule for `keep-last` has it.'
  if (last === '') return 'Leave it out.'
  if (['', '0d'].includes(old)) return keepNewest(last, all)
  const selected = [
    ...((all['delete-tags'] ?? '') === '' ? [] : [`tags: ${flowList(selectedTags(all))}`]),
    ...(isTrue(all['delete-untagged']) ? ['untagged: true'] : [])
  ]
  return writeRules(selected.map(what => rule([what, `older-than: ${old}`], `keep-at-least: ${last}`)))
}

/** What actions/delete-package-versions is told to delete, of all versions. */
export function only(all: ForeignInputs): 'untagged' | 'pre-releases' | undefined {
  if (isTrue(all['delete-only-pre-release-versions'])) return 'pre-releases'
  return isTrue(all['delete-only-untagged-versions']) ? 'untagged' : undefined
}

export const FOUND_OUT = leaveOut('the action finds out whether the owner is an organization or a user')
export const DEBUG = leaveOut('for more log lines, run the job again with debug logging')
export const NESTED = (value: string): string => value.replaceAll(/(?<!\*)\*(?!\*)/g, '**')

/** Quotation marks where YAML would read something else than text; several lines become one. */
export function quoted(value: string): string {
  return inYaml(value.trim().replaceAll(/\s*[\r\n]+\s*/g, ' '))
}
