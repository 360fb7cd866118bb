import { ExpectedError } from '../../errors.ts'
import type { Clock } from '../../model/clock.ts'
import type { Kind } from './points.ts'
import type { Ruling } from './ruling.ts'

/** Reads go before writes, but a write that has been the next one for so long has its turn. */
const WRITE_TURN = 1_000
/** The longest sleep in one piece, so that nothing of it outlives the run for long. */
const NAP = 1_000

interface Waiting<Permit> {
  readonly urgent: boolean
  readonly resolve: (permit: Permit) => void
  readonly reject: (error: ExpectedError) => void
}

/**
 * Those who wait for a permit: first come, first served, but reads before writes.
 *
 * @param ruling whether the next one of its kind may go now
 * @param start makes the permit of one that goes
 */
export function createQueue<Permit>(
  ruling: (kind: Kind, now: number, urgent: boolean) => Ruling,
  start: (kind: Kind) => Permit,
  clock: Clock
) {
  const queues: Record<Kind, Waiting<Permit>[]> = { read: [], write: [] }
  let writeNextSince = 0
  let wakes = Number.POSITIVE_INFINITY

  function order(now: number): readonly Kind[] {
    return now - writeNextSince > WRITE_TURN ? ['write', 'read'] : ['read', 'write']
  }

  /** Lets in whoever may go now; false when nobody may. */
  function admitNext(now: number): boolean {
    for (const kind of order(now)) {
      const next = queues[kind][0]
      if (next === undefined) continue
      const verdict = ruling(kind, now, next.urgent)
      if (verdict === 'go' || verdict instanceof ExpectedError) {
        queues[kind].shift()
        if (kind === 'write') writeNextSince = now
        if (verdict === 'go') next.resolve(start(kind))
        else next.reject(verdict)
        return true
      }
      wakeAt(verdict.until, now)
      if (!verdict.passable) return false
    }
    return false
  }

  function pump(): void {
    while (admitNext(clock.now())) {
      // Everything happens in admitNext.
    }
  }

  function wakeAt(until: number, now: number): void {
    const at = Math.min(until, now + NAP)
    if (until === Number.POSITIVE_INFINITY || wakes <= at) return
    wakes = at
    void clock.sleep(Math.max(1, at - now)).then(() => {
      if (wakes === at) wakes = Number.POSITIVE_INFINITY
      pump()
    })
  }

  return {
    /** Resolves when it may go; rejects with the error that it is refused with. */
    add(kind: Kind, urgent: boolean): Promise<Permit> {
      return new Promise((resolve, reject) => {
        if (kind === 'write' && queues.write.length === 0) writeNextSince = clock.now()
        queues[kind].push({ urgent, resolve, reject })
        pump()
      })
    },
    /** Lets in all who may go now: called whenever that may have changed. */
    pump
  }
}
