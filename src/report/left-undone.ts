import { timeIsOver } from '../errors.ts'
import type { OutcomeStatus } from '../model/decision.ts'
import type { Mode, PackageRun, RunResult } from '../model/run.ts'
import { count } from '../util/format.ts'
import { nameOf } from './phrases.ts'

/** What the runs do that nobody schedules: what one of them leaves undone no next run does. */
export const ONE_OFF: Readonly<Partial<Record<Mode, 'restored' | 'purged'>>> = {
  restore: 'restored',
  purge: 'purged'
}

/** What a restore or a purge had no room for, and when to start it again: one sentence or two a package. */
export function leftUndone({ mode, packages }: RunResult): string[] {
  const done = ONE_OFF[mode]
  if (done === undefined) return []
  return packages.flatMap(one => {
    const sentence = leftIn(one, done)
    return sentence === undefined ? [] : [`${one.package.name}: ${sentence}`]
  })
}

function leftIn({ left, outcomes }: PackageRun, done: 'restored' | 'purged'): string | undefined {
  if (left !== undefined) return nothingYet(done, left)
  const first = outcomes.find(({ status }) => status === 'left')
  if (first === undefined) return undefined
  const waiting = outcomes.filter(({ status }) => WAITING.includes(status)).length
  return (
    `${count(waiting, 'version')} ${waiting === 1 ? 'is' : 'are'} not ${done} yet. ` +
    `The first is ${nameOf(first.step.version)}: ${first.detail} ${startAgain(first.detail)}`
  )
}

const WAITING: readonly OutcomeStatus[] = ['refused', 'skipped', 'left']

/** @param cause why there was no room: a sentence */
export function nothingYet(done: 'restored' | 'purged', cause: string): string {
  return `Nothing is ${done} yet. ${cause} ${startAgain(cause)}`
}

function startAgain(cause: string): string {
  if (cause === timeIsOver().message) return 'Start the same run again, which goes on with the rest.'
  const [, time = 'that time'] = / before (\d{4}-\S+ \S+ UTC)/.exec(cause) ?? []
  const reserved = cause.includes('`reserve-requests`') ? ' or `reserve-requests: 0`' : ''
  return `Start the same run again after ${time}, or at once with a classic token${reserved}.`
}
