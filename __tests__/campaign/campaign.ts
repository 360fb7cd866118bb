import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/model/clock.ts'
import type { Builder } from '../emulator/builder.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { createWorld } from '../emulator/world.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import { type ActionRun, runAction } from '../helpers/run-action.ts'
import { brokenTags, differences, hidden, losses, type Picture, pictureOf, untruths } from './judge.ts'
import { playRace } from './race.ts'
import {
  KINDS as DISTURBANCES,
  type Kind as Disturbed,
  type Inputs,
  layDown,
  type Scenario,
  scenarioOf
} from './scenario.ts'

/** How a disturbed run is made: the bundle in a process of its own, or the same run inside this one. */
export type Where = 'bundle' | 'inside'

/** What disturbs a run; `races` are chains of runs in which others act. */
export type Kind = Disturbed | 'races'
export const KINDS: readonly Kind[] = [...DISTURBANCES, 'races']

export interface Verdict {
  readonly seed: number
  readonly kind: Kind
  readonly where: Where
  /** What went wrong that must not: sentences. */
  readonly findings: readonly string[]
  /** How many versions the disturbed run deleted, and how many the undisturbed one. */
  readonly deleted: number
  readonly due: number
}

/** How much faster than life a run inside this process waits. */
const TIMES = 20
/** After so many undisturbed runs everything that is due is done, budgets included. */
const RUNS = 12

interface Stage {
  readonly github: Emulator
  readonly app: Builder
  readonly inputs: Inputs
  readonly clock: Clock
}

/**
 * One disturbed run and its twin: the same package in two worlds, the one cleaned up undisturbed, the other
 * under faults and then until it is done.
 */
export async function disturb(seed: number, kind: Kind, where: Where): Promise<Verdict> {
  if (kind === 'races') return { seed, kind, where: 'inside', ...(await playRace(seed)) }
  const scenario = scenarioOf(seed, kind)
  const folder = await mkdtemp(join(tmpdir(), 'ghcr-steward-campaign-'))
  try {
    const { picture, again } = await withStage(scenario, untilDone)
    const open = await openIn(picture, scenario)
    const stays = new Map([...picture].filter(([id]) => !open.has(id)))
    return await withStage(scenario, async stage => {
      const { github, app } = stage
      const before = pictureOf(app)
      const broken = brokenTags(app, github)
      const report = join(folder, 'disturbed.json')
      const since = github.requests.length
      const { bugs, isGreen } = await disturbed(scenario, stage, where, report)
      const lies = [...app.row.lies]
      github.faults.clear()
      app.truth()
      const after = pictureOf(app)
      const findings = [
        ...again,
        ...bugs,
        ...losses(before, after, stays),
        ...untruths(report, app, github, since),
        ...(isGreen ? hidden(app, github.requests.slice(since), lies, report) : []),
        ...[...brokenTags(app, github)]
          .filter(tag => !broken.has(tag))
          .map(tag => `${tag} cannot be pulled any more`),
        ...(seed % 2 === 1 ? await undone(stage, before, report) : []),
        ...(await settled(stage, before, stays, open)),
        ...github.violations.map(({ detail }) => `a limit was crossed: ${detail}`)
      ]
      return {
        seed,
        kind,
        where,
        findings,
        deleted: before.size - after.size,
        due: before.size - picture.size
      }
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * What an undisturbed run leaves only because an image lacks a part and so takes no place: a list that lingers, or an
 * undo, may make that image look whole, or be whole (seeds 6305069, 6301109, 6401107).
 */
async function openIn(stays: Picture, { pushes, ...rest }: Scenario): Promise<ReadonlySet<number>> {
  if (rest.inputs['keep-at-least'] === '0' || !pushes.some(({ broken }) => broken)) return new Set()
  const mended = { ...rest, pushes: pushes.map(push => ({ ...push, broken: false })) }
  const { picture } = await withStage(mended, untilDone)
  return new Set([...stays.keys()].filter(id => !picture.has(id)))
}

async function withStage<T>({ pushes, inputs }: Scenario, play: (stage: Stage) => Promise<T>): Promise<T> {
  // As usual while a bundle runs, because nobody sleeps by it meanwhile.
  const clock = fastClock(TIMES)
  const world = createWorld()
  world.now = clock.now()
  await using github = await startEmulator({ world, now: clock.now, contract: 'off' })
  const app = layDown(world, pushes)
  const token = world.githubToken('acme/app')
  return await play({ github, app, inputs: { ...inputs, token }, clock })
}

/** What undisturbed runs leave, and where one deleted something although the one before it called itself whole. */
interface End {
  readonly picture: Picture
  readonly again: readonly string[]
}

/** Runs undisturbed until nothing is due any more. */
async function untilDone({ github, app, inputs, clock }: Stage): Promise<End> {
  const again: string[] = []
  for (let run = 0, wasWhole = false; run < RUNS; run++) {
    const before = app.row.order.length
    await using result = await runInside(github, inputs, clock)
    const deleted = before - app.row.order.length
    if (deleted === 0) break
    if (wasWhole) again.push(`${deleted} versions were left to delete by a run that was green`)
    wasWhole = isWhole(result)
  }
  return { picture: pictureOf(app), again }
}

/** Runs undisturbed after a disturbed run: all must be as if that one had been undisturbed as well. */
async function settled(
  stage: Stage,
  before: Picture,
  stays: Picture,
  open: ReadonlySet<number>
): Promise<string[]> {
  const { picture, again } = await untilDone(stage)
  // An undo makes an image whole whose part was gone before and could not be read (seed 1000027): then what that part
  // is made of, and what describes it, stays as well (seeds 3000081, 3009253).
  const isMended = [...picture].some(([id, tags]) => !before.has(id) && tags.length === 0)
  const known = new Map([...picture].filter(([id]) => stays.has(id) || !(isMended || open.has(id))))
  return [...again, ...differences('an undisturbed run', stays, 'this one and the next', known)]
}

const isWhole = ({ code, outputs }: ActionRun): boolean => code === 0 && outputs['incomplete'] === 'false'

/** Undoes the disturbed run from its own report, whatever became of it. */
async function undone(
  { github, app, inputs, clock }: Stage,
  before: Picture,
  report: string
): Promise<string[]> {
  if (!existsSync(report)) return []
  const { token = '' } = inputs
  await using _ = await runInside(github, { token, mode: 'restore', restore: report }, clock)
  // A part that was gone before and still listed comes back as well: a DELETE whose answer was lost looks the same.
  const after = new Map([...pictureOf(app)].filter(([id, tags]) => before.has(id) || tags.length > 0))
  return differences('no run at all', before, 'its undoing', after)
}

/** Keeps the nth tagged version out of GitHub's list and count: only the registry's tags tell of it. */
function hide(app: Builder, nth: number): void {
  const tagged = app.row.order.filter(({ tags }) => tags.length > 0)
  const hidden = tagged[nth % tagged.length]
  if (hidden === undefined || app.row.lies.length > 0) return
  app.lie({ kind: 'drop', id: hidden.id })
  app.lie({ kind: 'count', value: app.row.order.length - 1 })
}

/** Makes the run: what of its end was no failure that it foresaw, and whether it called itself whole. */
async function disturbed(
  { disturbances }: Scenario,
  stage: Stage,
  where: Where,
  report: string
): Promise<{ bugs: string[]; isGreen: boolean }> {
  const { github, app, inputs, clock } = stage
  const end = new AbortController()
  for (const { target, trouble } of disturbances) {
    if (trouble.kind === 'hide') hide(app, trouble.nth)
    else if (trouble.kind === 'lie') app.lie(trouble.lie(app.row.order.map(({ id }) => id)))
    else if (trouble.kind !== 'kill') github.faults.on(target, trouble)
    else github.faults.on(target, { kind: trouble.when, run: () => end.abort() })
  }
  const given = { ...inputs, 'report-file': report }
  await using run = await (where === 'bundle'
    ? runAction(github, given, { kill: end.signal })
    : runInside(github, given, clock))
  return {
    bugs: run.stdout.split('\n').filter(line => line.includes('has a bug')),
    isGreen: isWhole(run)
  }
}
