import { BudgetError, StaleError, UnsureError } from '../errors.ts'
import type { WriteAnswer } from '../github/write-answers.ts'
import type { Clock } from '../model/clock.ts'
import type { Performed } from './execute.ts'

/** One write, and what the answers to it mean. */
export interface Write {
  /**
   * Asked before each try; an outcome when there is nothing to send.
   * @param lost the answer of an earlier try that may have been carried out, if there was one
   */
  before?(lost: string | undefined): Promise<Performed | undefined>
  /** Sends the request once. @throws StaleError when nothing was sent because too little is known by now */
  send(): Promise<WriteAnswer>
  /** Whether what the request asks for is the case; `mayBeOurs` where a try whose answer was lost may have done it. */
  isSo(mayBeOurs: boolean): Promise<boolean>
  /** The outcome when GitHub does not find what the request is about, and it is so already. */
  readonly already: Performed
  /**
   * The outcome when GitHub does not find what the request is about, and it is not so.
   * @param lost the answer of an earlier try that may have been carried out, if there was one
   */
  notFound(message: string, lost: string | undefined): Performed | Promise<Performed>
  refused(message: string): Performed
  /** `remedy` where it is known to be another than granting rights. */
  forbidden(message: string, remedy?: string): Performed
}

/** How often one write is sent before it counts as failed. */
const TRIES = 3
/** Lists and reads lag behind writes (facts 1.3): before a 404 is believed, there is a second look. Milliseconds. */
const LOOKS = [0, 2_000]
/** The same behind a write of our own whose answer was lost: it was just carried out, or not at all. */
const LOOKS_AT_OURS = [...LOOKS, 8_000]

/** The outcome of what is done. */
export const DONE: Performed = { status: 'done', detail: '' }

/** The outcome of what is not known to be done. */
export const failed = (detail: string): Performed => ({ status: 'failed', detail })

/** The outcome of what is left alone. */
export const skipped = (detail: string): Performed => ({ status: 'skipped', detail })

/** The outcome of what was sent and may be done. */
export const unknownOutcome = (lost: string, detail: string): Performed =>
  failed(`it was sent, and what became of it is unknown (${lost}): ${detail}`)

/** How many requests of a step went out that were not turned away. */
export interface Sent {
  count: number
}

/** Ends as failed where there is no more room and something was sent: it may be done, so it must be looked at. */
export async function tellingWhatWasSent(work: (sent: Sent) => Promise<Performed>): Promise<Performed> {
  const sent = { count: 0 }
  try {
    return await work(sent)
  } catch (error) {
    if (!(error instanceof BudgetError && sent.count > 0)) throw error
    return failed(`it was sent, and what became of it is unknown: ${error.message}`)
  }
}

/**
 * Sends one write as often as it is worth it, and finds out what its answers leave open with a read.
 *
 * @throws BudgetError when there is no room for a request, and ExpectedError when a read fails
 */
export async function sendWrite(write: Write, clock: Clock): Promise<Performed> {
  let last = ''
  let lost: string | undefined
  const settle = (outcome: Performed): Performed => (lost === undefined ? outcome : ofOwn(outcome, lost))
  for (let sent = 0; sent < TRIES; ) {
    const settled = await write.before?.(lost)
    if (settled !== undefined) return settle(settled)
    try {
      sent++
      const answer = await write.send()
      const outcome = await outcomeOf(answer, write, lost, clock)
      if (outcome !== undefined) return settle(outcome)
      if (answer.kind === 'unsure') lost = answer.message
      if ('message' in answer) last = answer.message
    } catch (error) {
      // The permit took longer than knowledge keeps: nothing was sent, look again.
      if (!(error instanceof StaleError)) throw error
      sent--
    }
  }
  return failed(`it was sent ${TRIES} times, and it is unknown whether it was done: ${last}`)
}

/** An outcome of the world's that may be of an earlier try, whose answer was lost: what was sent was not left alone. */
function ofOwn(outcome: Performed, lost: string): Performed {
  if (outcome.status === 'already') return { status: 'done', detail: isDone(lost) }
  if (outcome.status !== 'skipped') return outcome
  return { ...outcome, ...unknownOutcome(lost, outcome.detail) }
}

const isDone = (message: string): string => `GitHub's answer was lost (${message}), but it is done`

/** What an answer means; undefined when the write is worth another try. */
async function outcomeOf(
  answer: WriteAnswer,
  write: Write,
  lost: string | undefined,
  clock: Clock
): Promise<Performed | undefined> {
  switch (answer.kind) {
    case 'done':
      return DONE
    case 'refused':
      return write.refused(answer.message)
    case 'forbidden':
      return write.forbidden(answer.message, answer.remedy)
    case 'not-found':
      for (const pause of lost === undefined ? LOOKS : LOOKS_AT_OURS) {
        if (pause > 0) await clock.sleep(pause)
        if (await write.isSo(lost !== undefined)) return write.already
      }
      return write.notFound(answer.message, lost)
    case 'unsure':
      if (!(await write.isSo(true))) return undefined
      return { status: 'done', detail: isDone(answer.message) }
    case 'limited':
      return undefined
  }
}

/** A write whose answer was lost may have been carried out: then what follows is the same as if it had been answered. */
export async function orUnsure<T>(write: () => Promise<T>): Promise<T | UnsureError> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof UnsureError) return error
    throw error
  }
}
