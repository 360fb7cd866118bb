import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/model/clock.ts'
import type { Builder } from '../emulator/builder.ts'
import { type CacheService, startCacheService } from '../emulator/cache-service.ts'
import { type Emulator, startEmulator } from '../emulator/server.ts'
import { image, index, manifest } from '../emulator/shapes.ts'
import { createWorld, type World } from '../emulator/world.ts'
import { fastClock, runInside } from '../helpers/inside.ts'
import type { ActionRun } from '../helpers/run-action.ts'
import { brokenTags, type Picture, pictureOf } from './judge.ts'
import { plot } from './race-acts.ts'
import { type Aims, lostIn, type Told } from './race-judge.ts'
import { MOMENTS, type Race, RETURNING, raceOf, type Slip } from './race-scenario.ts'
import { type Inputs, layDown } from './scenario.ts'

/** How much faster than life a run waits, and how much of the time counts in which nobody sleeps. */
const TIMES = 60
const BUSY = 0.05
/** After so many runs everything is settled. */
const MOST_RUNS = 7
/** So many runs at least, so that each slip has its turn, and one comes behind it. */
const leastRuns = ({ slip }: Race): number => (slip.kind === 'cache' ? slip.run + 2 : 3)
const DAY = 86_400_000

/** A clock that can be put forward while nobody runs. */
interface RacingClock extends Clock {
  skip(ms: number): void
}

function racingClock(): RacingClock {
  const { now, sleep } = fastClock(TIMES, BUSY)
  let ahead = 0
  return {
    now: () => now() + ahead,
    sleep,
    skip: ms => {
      ahead += ms
    }
  }
}

interface Stage {
  readonly race: Race
  readonly github: Emulator
  readonly world: World
  readonly app: Builder
  readonly clock: RacingClock
  readonly cache: CacheService
  readonly folder: string
  readonly token: string
}

export interface RaceResult {
  readonly findings: readonly string[]
  readonly deleted: number
  readonly due: number
  /** For whoever looks at one seed: what happened, and what the runs said. */
  readonly story: readonly string[]
}

/**
 * A chain of runs with memory between them: in the first one others act and one witness is wrong, the last ones are
 * undisturbed. In the end everything that people want is there, or a red run has said that it is not.
 */
export async function playRace(seed: number): Promise<RaceResult> {
  const race = raceOf(seed)
  const twin = await withStage(race, async stage => {
    const before = pictureOf(stage.app)
    await prepare(stage)
    for (let number = 0; number < 2; number++) {
      await using _ = await runOf(stage, number)
    }
    return { before, after: pictureOf(stage.app) }
  })
  return await withStage(race, async stage => {
    const { app, github, cache } = stage
    const { slip } = race
    await prepare(stage)
    const broken = brokenTags(app, github)
    const story: string[] = []
    // What goes, or comes back.
    const isMoving = (id: number): boolean =>
      race.mode === 'restore' ? !app.row.byId.has(id) : !twin.after.has(id)
    const going = new Set([...twin.before.keys()].filter(isMoving))
    const aims = aimsOf(twin.after, stage, race.mode === 'restore' ? going : new Set())
    const runs: Told[] = []
    const findings: string[] = []
    const pending: Promise<unknown>[] = []
    let writes = -1
    for (let number = 0; number < MOST_RUNS && (number < leastRuns(race) || writes > 0); number++) {
      github.faults.clear()
      if (number === 0) for (const act of race.acts) plot(act, stage, going, aims, story)
      const restore = trip(number, stage, pending)
      const since = github.writes.length
      await using run = await runOf(stage, number)
      const isKilled = slip.kind === 'kill' && cache.broken !== undefined
      restore()
      await Promise.all(pending)
      writes = github.writes.length - since
      // Nobody hears what it says.
      runs.push(isKilled ? { isRed: false, said: '' } : toldBy(run))
      story.push(`run ${number}: exit ${run.code}, ${writes} writes`, ...saidIn(run))
      findings.push(...run.stdout.split('\n').filter(line => line.includes('has a bug')))
      stage.clock.skip(race.pause)
    }
    if (writes > 0) findings.push(`run ${runs.length} still writes`)
    findings.push(...lostIn({ aims, app, github, broken, runs, race, strict: twin.after }))
    findings.push(...github.violations.map(({ detail }) => `a limit was crossed: ${detail}`))
    return {
      findings,
      deleted: twin.before.size - app.row.order.length,
      due: twin.before.size - twin.after.size,
      story
    }
  })
}

async function withStage<T>(race: Race, play: (stage: Stage) => Promise<T>): Promise<T> {
  const clock = racingClock()
  const world = createWorld(clock.now)
  world.deletedTags = race.deletedTags
  world.restoredTags = race.restoredTags
  const folder = await mkdtemp(join(tmpdir(), 'ghcr-steward-race-'))
  try {
    await using github = await startEmulator({ world, now: clock.now, contract: 'off' })
    await using cache = await startCacheService()
    const app = layDown(world, race.pushes)
    const comeback = race.acts.find(({ what }) => what === 'return')
    if (comeback !== undefined) layDownGone(app, comeback.pick, world.now - 70 * DAY)
    for (let nth = 0; nth < race.newer; nth++)
      app.push(manifest(), { tags: [`r-${nth}`], at: world.now - 3 * DAY + nth * 1_000 })
    const token = world.githubToken('acme/app')
    return await play({ race, github, world, app, clock, cache, folder, token })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** An image whose platforms are left: it had a tag, or an index names it that stays. */
function layDownGone(app: Builder, pick: number, at: number): void {
  const isTagged = pick % 2 === 0
  const gone = app.push(image(), { tags: isTagged ? [RETURNING] : [], at })
  const parts = [{ shape: gone.shape }, { shape: manifest(), platform: 'linux/arm64' }]
  if (!isTagged) app.push(index(parts), { tags: [RETURNING], at: at + 1_000 })
  app.delete(gone)
}

/** A restore undoes an undisturbed run of before. */
async function prepare(stage: Stage): Promise<void> {
  const { race, world, app, github, clock, cache, folder, token } = stage
  if (race.mode === 'restore') {
    const inputs = { ...race.inputs, token, 'report-file': join(folder, 'first.json') }
    await using _ = await runInside(github, inputs, clock, { env: cache.env })
    clock.skip(race.pause)
  }
  world.remember(app.row)
}

/** The runs of a chain: a purge is followed by retention. */
function runOf({ race, github, clock, cache, folder, token }: Stage, number: number): Promise<ActionRun> {
  const inputs: Inputs =
    race.mode === 'restore'
      ? { mode: 'restore', restore: join(folder, 'first.json') }
      : race.mode === 'purge' && number === 0
        ? { mode: 'purge', purge: 'sha-9', packages: 'app', confirm: 'app' }
        : race.inputs
  return runInside(github, { ...inputs, token }, clock, { env: cache.env })
}

/** What people want of the tags that stay; one that the policy takes off is theirs only as long as its image is new. */
function aimsOf(after: Picture, { app, race }: Stage, returning: ReadonlySet<number>): Aims {
  const tags = new Map<string, number>()
  const off = new Set(race.inputs['delete-tags']?.split(' '))
  for (const [id, names] of after) for (const name of names) if (!off.has(name)) tags.set(name, id)
  return { tags, whole: new Set(), returning, orphaned: new Set(), late: new Map(), app }
}

/** Makes the one witness wrong for as long as it is, and gives what sets it right behind the run. */
function trip(number: number, stage: Stage, pending: Promise<unknown>[]): () => void {
  const { slip } = stage.race
  const { github, clock, cache } = stage
  const nothing = (): void => {}
  switch (slip.kind) {
    case 'none':
      return nothing
    case 'late':
      if (number < slip.runs) github.faults.on(MOMENTS[slip.of], { kind: 'late', ms: slip.ms })
      return nothing
    case 'slow':
      if (number === 0) github.faults.on(MOMENTS[slip.of], { kind: 'then', run: () => clock.sleep(slip.ms) })
      return nothing
    case 'lost':
      if (number === 0)
        github.faults.on({ ...MOMENTS[slip.of], after: slip.after, times: 1 }, { kind: slip.how })
      return nothing
    case 'early':
      if (number === 0) confirmEarly(slip, stage, pending)
      return nothing
    case 'kill':
      return number === 0 ? killBehind(slip, stage) : nothing
    case 'cache':
      return number === slip.run ? failCache(slip.how, cache) : nothing
  }
}

/** Restores are confirmed, and take effect later or not at all. */
function confirmEarly(
  { ms, times }: Slip & { kind: 'early' },
  { github, app, world, clock }: Stage,
  pending: Promise<unknown>[]
): void {
  const target = { ...MOMENTS.restore, times }
  const later = (): void => {
    const path = github.requests.findLast(
      ({ method, path }) => method === 'POST' && MOMENTS.restore.path.test(path)
    )?.path
    const id = Number(path?.split('/').at(-2))
    if (ms !== undefined) pending.push(clock.sleep(ms).then(() => world.store.restore(app.row, id)))
  }
  github.faults.on(target, { kind: 'first', run: later })
  github.faults.on(target, { kind: 'answer', answer: { status: 204 } })
}

/** Nothing gets through any more, and nothing is stored. */
function killBehind({ of, after }: Slip & { kind: 'kill' }, { github, cache }: Stage): () => void {
  const die = (): void => {
    cache.broken = { status: 503, body: {} }
    github.faults.on({}, { kind: 'reset' })
  }
  github.faults.on({ ...MOMENTS[of], after, times: 1 }, { kind: 'then', run: die })
  return () => {
    cache.broken = undefined
  }
}

function failCache(how: 'none' | 'unreadable' | 'broken', cache: CacheService): () => void {
  const hidden = how === 'none' ? cache.entries.splice(0) : []
  if (how === 'unreadable') cache.unreadable = 2
  if (how === 'broken') cache.broken = { status: 503, body: {} }
  return () => {
    cache.entries.unshift(...hidden)
    cache.unreadable = 0
    cache.broken = undefined
  }
}

const toldBy = (run: ActionRun): Told => ({ isRed: run.code !== 0, said: saidIn(run).join('\n') })

const saidIn = ({ stdout }: ActionRun): string[] =>
  stdout.split('\n').filter(line => /^::(?:error|warning)/.test(line))
