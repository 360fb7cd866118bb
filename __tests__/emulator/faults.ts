import type { IncomingHttpHeaders } from 'node:http'
import type { Answer } from './http.ts'
import type { Awaitable } from './store.ts'

/** What goes wrong, told by a test: which requests, how often, and how. */
export type Trouble =
  /** Answers this; the request is not carried out. */
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** Answers what is made of the request's own headers; the request is not carried out. */
  | { readonly kind: 'echo'; readonly answer: (headers: IncomingHttpHeaders) => Answer }
  /** Carries the request out and breaks the answer's body off in the middle. */
  | { readonly kind: 'cut' }
  /** Carries it out and answers without a body. */
  | { readonly kind: 'empty' }
  /** Carries it out and answers something that is no JSON. */
  | { readonly kind: 'garbage' }
  /** Drops the connection, nothing is carried out. */
  | { readonly kind: 'reset' }
  /** Wants to go on in another protocol, nothing is carried out. */
  | { readonly kind: 'switch' }
  /** Never answers, nothing is carried out. */
  | { readonly kind: 'stall' }
  /** Carries it out and answers 502. */
  | { readonly kind: 'lost-502' }
  /** Carries it out and drops the connection. */
  | { readonly kind: 'lost-reset' }
  /** Lets something happen in the world first, then goes on as if nothing were. */
  | { readonly kind: 'first'; readonly run: () => Awaitable<unknown> }
  /** The same once the request is carried out, before its answer is sent. */
  | { readonly kind: 'then'; readonly run: () => Awaitable<unknown> }
  /** Answers a question as it was right so many milliseconds before, for packages that the world remembers. */
  | { readonly kind: 'late'; readonly ms: number }
  /** Takes longer, then goes on. */
  | { readonly kind: 'delay'; readonly ms: number }

export interface Target {
  readonly host?: 'api' | 'registry'
  readonly method?: string
  /** Tested against the path as it was sent, without the query. */
  readonly path?: RegExp
  /** Tested against the query, without its `?`. */
  readonly query?: RegExp
  /** How many requests it happens to; every one when absent. */
  readonly times?: number
  /** How many fitting requests pass before. */
  readonly after?: number
}

/** The request as a fault looks at it. */
export interface Aim {
  readonly host: 'api' | 'registry'
  readonly method: string
  readonly path: string
  readonly query: string
}

export interface Faults {
  /** From now on this happens to the requests that fit. */
  on(target: Target, trouble: Trouble): void
  clear(): void
  /** What happens to this request, in the order in which it was told; counts it. */
  strike(aim: Aim): readonly Trouble[]
}

export function createFaults(): Faults {
  const faults: { target: Target; trouble: Trouble; passed: number; struck: number }[] = []
  return {
    on: (target, trouble) => {
      faults.push({ target, trouble, passed: 0, struck: 0 })
    },
    clear: () => {
      faults.length = 0
    },
    strike: aim => {
      const troubles: Trouble[] = []
      for (const fault of faults) {
        const { after = 0, times = Number.POSITIVE_INFINITY } = fault.target
        if (!fits(fault.target, aim) || fault.struck >= times) continue
        if (fault.passed < after) {
          fault.passed += 1
          continue
        }
        fault.struck += 1
        troubles.push(fault.trouble)
      }
      return troubles
    }
  }
}

const fits = ({ host, method, path, query }: Target, aim: Aim): boolean =>
  (host === undefined || host === aim.host) &&
  (method === undefined || method === aim.method) &&
  (path?.test(aim.path) ?? true) &&
  (query?.test(aim.query) ?? true)
