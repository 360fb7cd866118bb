import { code } from '../util/format.ts'
import { nearest } from '../util/suggest.ts'

interface Place {
  readonly workflow: string
  readonly repository: string
  readonly ref?: string
}

/**
 * Why a dispatch was refused: what GitHub's answer means, and what to change in the workflow or the token. The wordings are
 * those that people report; GitHub documents none of them.
 *
 * @param message the `message` of its answer
 */
export function dispatchRefusal(status: number, message: string, place: Place): string {
  const { workflow, repository, ref } = place
  const known = REMEDIES.find(([code, pattern]) => code === status && pattern.test(message))
  const on = ref === undefined ? '' : ` on ${ref}`
  const remedy = known?.[2](place) ?? 'GitHub gives no other reason.'
  return `${workflow} of ${repository} cannot be started${on}: GitHub says "${message}" (HTTP ${status}). ${remedy}`
}

/** The sentence about a workflow that is not there, where others are. @param names of their files, at least one */
export function noSuchWorkflow({ workflow, repository }: Place, names: readonly string[]): string {
  const near = names.length > 1 ? nearest(workflow, names) : undefined
  const known = names.slice(0, 20).map(code)
  const [only] = names.length === 1 ? known : []
  const list = names.length > known.length ? `${known.join(', ')} and others` : joined(known)
  return (
    `There is no ${/^\d+$/.test(workflow) ? `workflow ${workflow}` : `.github/workflows/${workflow}`} in ${repository}: ` +
    'check `dispatch-workflow` and `dispatch-repository`. ' +
    `${near === undefined ? '' : `Did you mean \`${near}\`? `}${only === undefined ? `Its workflows are ${list}` : `Its only workflow is ${only}`}.`
  )
}

function joined(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

const REMEDIES: readonly (readonly [status: number, message: RegExp, remedy: (place: Place) => string])[] = [
  [
    422,
    /does not have .*workflow_dispatch.* trigger/i,
    ({ workflow, ref = 'the branch' }) =>
      `GitHub uses the file as it is on ${ref}: add \`workflow_dispatch:\` under \`on:\` in ${workflow}. ` +
      'Old git tags cannot get it anymore: leave out `dispatch-ref`, and pass the tag as an input.'
  ],
  [
    422,
    /unexpected inputs/i,
    ({ workflow }) =>
      `Declare them in ${workflow} under \`on: workflow_dispatch: inputs:\`, or change \`dispatch-inputs\`.`
  ],
  [
    422,
    /required input/i,
    ({ workflow }) => `Give it in \`dispatch-inputs\`, or give it a default in ${workflow}.`
  ],
  [
    422,
    /no ref found/i,
    () => 'There is no such branch or tag in that repository: change `dispatch-ref`, or leave it out.'
  ],
  [
    422,
    /disabled workflow|in the state disabled/i,
    ({ workflow }) => `Enable ${workflow} on the Actions page of the repository.`
  ],
  [
    422,
    /list of allowed values/i,
    ({ workflow }) => `Add the value to the input's \`options\` in ${workflow}.`
  ],
  [
    404,
    /./,
    ({ workflow, repository }) =>
      `There is no .github/workflows/${workflow} on the default branch of ${repository}, or the token may not see ` +
      'it: check `dispatch-workflow` and `dispatch-repository`; for another repository, give a `dispatch-token`.'
  ],
  [
    403,
    /./,
    ({ repository }) =>
      'Give the job `permissions: actions: write`. GITHUB_TOKEN only works in its own repository. If ' +
      `${repository} is another one, give the token of a GitHub App with "Actions: write" there as \`dispatch-token\`, ` +
      'or a classic token with the scope `repo`.'
  ],
  [401, /./, () => 'The `dispatch-token` (or `token`) is wrong, expired or revoked.']
]
