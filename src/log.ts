import * as core from '@actions/core'
import type { Clock } from './model/clock.ts'
import { formatNumber, plain } from './util/format.ts'

/** Lines and columns count from 1. */
export interface FilePlace {
  readonly file: string
  readonly startLine: number
  readonly startColumn: number
}

/** What a run tells while it works. Everything that reaches it may hold text from outside. */
export interface Log {
  info(text: string): void
  debug(text: string): void
  /** One line every ten seconds at most: the latest news of long work. */
  progress(text: string): void
  /** One annotation about what is as it may be. */
  notice(text: string): void
  /** One annotation; GitHub shows ten of a kind at most, so callers summarise. */
  warning(text: string, place?: FilePlace): void
  /** `place` is where in a file of the repository the fault is: GitHub shows the annotation there. */
  error(text: string, place?: FilePlace): void
  group<T>(title: string, work: () => Promise<T>): Promise<T>
  /** Keeps a value and its base64 out of the log from now on; not a short one, which would hide half the log. */
  secret(value: string): void
}

const PROGRESS_EVERY = 10_000
const SHORTEST_SECRET = 8

/**
 * GitHub shows ten annotations of a kind for a step: the last one stands for the rest.
 *
 * @param where those are: a clause
 */
export function annotate(
  say: (sentence: string) => void,
  sentences: readonly string[],
  where = 'which the report and the summary have'
): void {
  const shown = sentences.length > 10 ? 9 : 10
  for (const sentence of sentences.slice(0, shown)) say(sentence)
  if (sentences.length > shown) say(`And ${formatNumber(sentences.length - shown)} more, ${where}.`)
}

/** Lets pieces of work run one after another, in the order in which they come. */
export function takeTurns(): (work: () => Promise<void>) => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return work => {
    last = last.then(work, work)
    return last
  }
}

/**
 * The same log for work that goes on beside other work: the lines of a group are printed together when it is over.
 *
 * @param inTurn shared by all that write to the log like this
 */
export function gathered(log: Log, inTurn: (work: () => Promise<void>) => Promise<void>): Log {
  const lines: (() => void)[] = []
  const later =
    (say: (text: string) => void) =>
    (text: string): void => {
      lines.push(() => say(text))
    }
  return {
    ...log,
    info: later(log.info),
    debug: later(log.debug),
    async group(title, work) {
      try {
        return await work()
      } finally {
        await inTurn(() =>
          log.group(title, async () => {
            for (const line of lines) line()
          })
        )
      }
    }
  }
}

/** Where the log of a workflow step goes: standard output, in the runner's own commands. */
export type StepOutput = Pick<
  typeof core,
  'info' | 'debug' | 'notice' | 'warning' | 'error' | 'group' | 'setSecret'
>

/** The log of a workflow step. */
export function actionsLog(clock: Clock, out: StepOutput = core): Log {
  let spoke = clock.now()
  return {
    info: text => out.info(plain(text)),
    debug: text => out.debug(plain(text)),
    progress: text => {
      if (clock.now() - spoke < PROGRESS_EVERY) return
      spoke = clock.now()
      out.info(plain(text))
    },
    notice: text => out.notice(plain(text)),
    warning: (text, place) => out.warning(plain(text), place),
    error: (text, place) => out.error(plain(text), place),
    group: (title, work) => out.group(plain(title), work),
    secret: value => {
      if (value.length < SHORTEST_SECRET) return
      for (const spelling of [value, Buffer.from(value).toString('base64')]) out.setSecret(spelling)
    }
  }
}
