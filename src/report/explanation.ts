import type { Explanation, RuleWord } from '../model/decision.ts'
import { some } from '../util/format.ts'
import { details, LEFT, listing, safe } from './markdown.ts'
import { nameOf, phrase, verdictPhrase } from './phrases.ts'

/** The explanation as lines of plain text. */
export function explanationLines(explanation: Explanation): string[] {
  const { title, verdict, reasons, rules, relations } = tell(explanation)
  return [
    `${title}: ${verdict}`,
    ...reasons.map(reason => `  also: ${reason}`),
    ...rules.map(({ rule, action, said }) => `  rule "${rule}" (${action}): ${said}`),
    ...relations.map(relation => `  ${relation}`)
  ]
}

/** The same as a part of the summary. */
export function explanationPart(explanation: Explanation): string {
  const { title, verdict, reasons, rules, relations } = tell(explanation)
  const lists = [...reasons.map(reason => `also: ${reason}`), ...relations].map(text => `- ${safe(text)}`)
  return [
    `**${safe(title)}**: ${safe(verdict)}`,
    ...(lists.length === 0 ? [] : [lists.join('\n')]),
    ...(rules.length === 0 ? [] : [details('What each rule says of it', ruleTable(rules))])
  ].join('\n\n')
}

function ruleTable(rules: ReturnType<typeof tell>['rules']): string {
  return listing(rules, 'rule', [
    LEFT('Rule', ({ rule }) => safe(rule)),
    LEFT('Action', ({ action }) => action),
    LEFT('What it says', ({ said }) => safe(said))
  ])
}

/** What there is to say about one version: a title, what decides, each rule's word, and its relations. */
function tell({ decision, rules, ...relations }: Explanation) {
  const { version } = decision
  const { digest, tags } = version
  return {
    // The whole digest: other inputs take no short one.
    title: tags.length === 0 ? digest : `${nameOf(version)} (${digest})`,
    // Only a dry run explains.
    verdict: `${decision.verdict === 'keep' ? '' : 'would be '}${verdictPhrase(decision)}`,
    reasons: decision.reasons.slice(1).map(phrase),
    rules: rules.map(word => ({ rule: word.rule, action: word.action, said: wordPhrase(word) })),
    relations: RELATIONS.flatMap(([key, words]) => {
      const names = relations[key]
      return names.length === 0 ? [] : [`${words} ${some(names, 20)}`]
    })
  }
}

const RELATIONS = [
  ['needs', 'it needs'],
  ['neededBy', 'it is needed by'],
  ['describes', 'it describes'],
  ['describedBy', 'it is described by'],
  ['lacks', 'it needs, but they are gone:']
] as const

function wordPhrase({ mismatch, keeps, deletes, action }: RuleWord): string {
  if (mismatch !== undefined) return MISMATCH[mismatch] ?? mismatch
  const [kept, deleted] = [keeps.map(phrase).join('; '), deletes.map(phrase).join('; ')]
  if (kept !== '' && deleted !== '') return `selects it (${deleted}), but keeps it: ${kept}`
  if (deleted !== '') return `would delete it: ${deleted}`
  if (kept !== '') return `${action === 'keep' ? 'keeps it' : 'does not delete it'}: ${kept}`
  return action === 'keep'
    ? 'matches it, but it is not one of those that the rule keeps'
    : 'matches it, but decides nothing'
}

/** Why a rule is not about a version, by the field of its match. */
const MISMATCH: Readonly<Record<string, string>> = {
  part: 'does not apply to it, because it is part of another image or describes one',
  tags: 'does not match it: none of its tags match',
  untagged: 'does not match it: it has a tag',
  state: 'does not match it: it is not broken in that way',
  'untagged-for': 'does not match it: it has not been seen without a tag for that long',
  digests: 'does not match it: it has another digest',
  kind: 'does not match it: it is of another kind',
  age: 'does not match it: its age is different',
  labels: 'does not match it: none of its labels match, or its labels are not known'
}
