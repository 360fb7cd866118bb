import type { Dispatch, TagCheck, WorkflowRun } from '../../model/check.ts'
import type { Expected } from '../../policy/expected-tags.ts'

/** What is known of the workflow's runs before any is started. */
export interface KnownRuns {
  /** Those that have not ended, of every workflow of the repository, whatever started them. */
  readonly active: readonly WorkflowRun[]
  /** Runs of the workflow itself that were started by a dispatch, newest first. */
  readonly dispatched: readonly WorkflowRun[]
}

/** What is to be done for one missing tag, and later what became of it. */
export interface Rebuild extends Pick<Dispatch, 'status' | 'url' | 'detail'> {
  readonly expected: Expected
  /** The run that was started, where GitHub named it. */
  readonly runId?: number | undefined
}

/** So many runs for a tag may end without an image; then a person has to look. */
export const MOST_ATTEMPTS = 3
/** Ends that say that a build was tried. One that was cancelled was not. */
const TRIED = ['success', 'failure', 'timed_out', 'startup_failure']
/** Events whose runs bear a title or a branch that people without any rights choose. */
const FROM_OUTSIDE =
  /^(?:pull_request|merge_group|issue|discussion|gollum|label|milestone|project|check_|dynamic$|fork$|watch$)/
/** A complete version in a title: the run is for that one, whether or not anybody expects it. */
const VERSION = /(?:^|[^\w.])v?\d+\.\d+\.\d+/

/**
 * Decides which missing tags are rebuilt: never one for which a run is queued or running, never one for which
 * three runs have failed, and only so many in one run.
 *
 * @param missing newest first
 * @param known every tag that a run could be about, expected or not, to tell whose a run is
 */
export function planRebuilds(
  missing: readonly Expected[],
  known: readonly Expected[],
  runs: KnownRuns,
  most: number
): Rebuild[] {
  // A run that does not say which tag it is for may be for any.
  const unattributedRun = runs.dispatched.find(
    run => !hasEnded(run) && !VERSION.test(run.title) && !known.some(expected => isAbout(run, expected))
  )
  let room = most
  return missing.map(expected => {
    const about = (run: WorkflowRun): boolean => isAbout(run, expected)
    const active = [...runs.active, ...runs.dispatched].find(run => !hasEnded(run) && about(run))
    if (active !== undefined) {
      return { expected, status: 'held', detail: `A run for it is ${words(active.status)}: ${active.url}` }
    }
    const tries = runs.dispatched.filter(run => TRIED.includes(run.conclusion ?? '') && about(run))
    if (tries.length >= MOST_ATTEMPTS) return { expected, status: 'exhausted', detail: exhausted(tries) }
    if (unattributedRun !== undefined) return { expected, status: 'held', detail: untold(unattributedRun) }
    if (room === 0) {
      const detail = `\`max-dispatches\` allows ${most} in one run; the next run goes on.`
      return { expected, status: 'left', detail }
    }
    room--
    return { expected, status: 'planned', detail: '' }
  })
}

/**
 * True when several runs were started and none says for which tag: then what fails again and again cannot be told
 * from what does not.
 */
export function areNameless(runs: readonly WorkflowRun[], known: readonly Expected[]): boolean {
  return runs.length >= MOST_ATTEMPTS && !runs.some(run => known.some(expected => isAbout(run, expected)))
}

/**
 * True when a run's branch or title names the tag, or its version, as a word of its own. Runs that anybody can start
 * and name, such as those of pull requests, are about no tag.
 */
export function isAbout(run: WorkflowRun, { name, values }: Expected): boolean {
  if (FROM_OUTSIDE.test(run.event)) return false
  return [name, values['version'] ?? name].some(
    text => run.branch === text || run.branch === `refs/tags/${text}` || mentions(run.title, text)
  )
}

export function hasEnded(run: WorkflowRun): boolean {
  return run.status === 'completed'
}

/** `v1.2.3` is not in `v1.2.3-rc.1`, `v1.2.30` or `pkg@v1.2.3`; it is in `Build v1.2.3.` and `refs/tags/v1.2.3`. */
function mentions(title: string, text: string): boolean {
  // Each of thousands of tags is looked for in a thousand titles, and making the expression takes longest.
  if (!title.includes(text)) return false
  return new RegExp(`(?:^|refs/tags/|[^\\w.+@/-])${RegExp.escape(text)}(?![\\w+/@-]|\\.\\w)`, 'u').test(title)
}

function exhausted(tries: readonly WorkflowRun[]): string {
  return (
    `${tries.length} runs for it have ended without an image. The last is ${tries[0]?.url}. Fix the build and ` +
    'start it by hand, or add the tag to `skip-tags`.'
  )
}

function untold(run: WorkflowRun): string {
  return (
    `A run of the workflow is ${words(run.status)} (${run.url}), and its title does not say for which tag. Put the ` +
    'tag into the `run-name` of the workflow, so that no tag is built twice.'
  )
}

function words(status: string): string {
  return status.replaceAll('_', ' ')
}

/**
 * What became of a run that was waited for. Only the image tells whether it was built.
 *
 * @param run undefined when none was seen
 * @param checks how the tag stands now, in each package that lacked it
 */
export function judge(
  run: WorkflowRun | undefined,
  checks: readonly TagCheck[]
): Pick<Dispatch, 'status' | 'detail'> {
  if (checks.length > 0 && checks.every(({ state }) => state === 'present')) {
    return { status: 'built', detail: '' }
  }
  if (run === undefined) {
    return { status: 'running', detail: 'No run for it was seen within the time of `wait`.' }
  }
  if (!hasEnded(run)) {
    return {
      status: 'running',
      detail: `Its run was ${words(run.status)} at the end of the time of \`wait\`.`
    }
  }
  const unread = checks.find(({ state }) => state === 'unreadable')
  if (unread !== undefined) {
    const detail = `Its run has ended, but the image could not be read: ${unread.cause ?? 'no reason given'}.`
    return { status: 'dispatched', detail }
  }
  if (run.conclusion === 'cancelled') return { status: 'cancelled', detail: CANCELLED }
  if (run.conclusion === 'success') return { status: 'not-built', detail: UNTRUE }
  return { status: 'not-built', detail: `Its run ended with "${words(run.conclusion ?? 'unknown')}".` }
}

const CANCELLED =
  'Its run was cancelled: GitHub keeps only the newest of the runs that wait in one concurrency group. Put the tag ' +
  'into the `group` under `concurrency` in the workflow; the next run tries again.'
const UNTRUE =
  'Its run succeeded, and the image is still missing: the workflow does not make its tags from its input. With ' +
  'docker/metadata-action, `type=ref,event=tag` and `type=semver` without `value` give nothing in a dispatched run.'
