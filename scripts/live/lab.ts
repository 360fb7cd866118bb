import { setTimeout as sleep } from 'node:timers/promises'
import type { Guess } from '../../__tests__/emulator/guesses.ts'
import type { PackageApi, VersionRow } from './github.ts'
import type { LiveRegistry } from './registry.ts'
import type { Shapes } from './shapes.ts'

/** What the measurements are made with. */
export interface Lab {
  readonly api: PackageApi
  readonly registry: LiveRegistry
  readonly shapes: Shapes
  /** A further package of this script's own, `<name>-last`. */
  readonly other: () => Promise<Pick<Lab, 'api' | 'registry' | 'shapes'>>
  /** How long a change may take to show, in milliseconds. */
  readonly patience: number
  /** How long nothing is asked after an event whose effect is looked for, in milliseconds: dates have whole seconds. */
  readonly settle: number
}

/** One open question about GitHub, and how it is answered. */
export interface Probe {
  readonly id: string
  readonly question: string
  /** What documents or other projects say; `unknown` where nobody does. */
  readonly documented: string
  /** What the emulator only supposes of it; what has none is documented, or was seen by others. */
  readonly guesses?: readonly Guess[]
  /** @returns what was seen, in a few words */
  measure(lab: Lab): Promise<string>
}

const POLL = 250

/** Asks again until the answer is there. @returns milliseconds, or undefined when `patience` ends first */
export async function msUntil(seen: () => Promise<boolean>, patience: number): Promise<number | undefined> {
  const start = Date.now()
  while (Date.now() - start <= patience) {
    if (await seen()) return Date.now() - start
    await sleep(POLL)
  }
  return undefined
}

/** The row of what was just pushed, waited for. @throws Error when GitHub never lists it */
export async function rowOf({ api, patience }: Lab, digest: string): Promise<VersionRow> {
  let row: VersionRow | undefined
  await msUntil(async () => {
    row = await api.find(digest)
    return row !== undefined
  }, patience)
  if (row === undefined) throw new Error(`GitHub does not list ${digest} within ${patience} ms`)
  return row
}

/** A lag in a few words. */
export const lag = (ms: number | undefined): string =>
  ms === undefined
    ? 'not within the time given'
    : ms < POLL
      ? 'at once'
      : `after about ${(ms / 1000).toFixed(1)} s`

/** The status, and the code of the registry's error where it gives one. */
export async function codeOf(answer: { readonly status: number; readonly bytes: Buffer }): Promise<string> {
  const [, code = ''] = /"code":"(\w+)"/.exec(answer.bytes.toString('utf8')) ?? []
  return `${answer.status}${code === '' ? '' : ` ${code}`}`
}
