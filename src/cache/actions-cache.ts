import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import type { CacheAnswer, CacheRequest } from './cache-worker.ts'

/** Files that outlive a run. Nothing here ever fails: what does not work is as if it were not there. */
export interface Store {
  /** The folder that files are fetched into and stored from. */
  readonly folder: string
  /** False once it has failed for good. */
  works(): boolean
  /** Fetches the newest entry whose key begins with `prefix` as `file`; false when there is none. */
  fetch(prefix: string, file: string): Promise<boolean>
  /** Stores `file` under a key that nobody has used; false when that did not work. */
  store(key: string, file: string): Promise<boolean>
  /** Ends it, whatever is under way. */
  close(): void
}

/** The same store for a run that may not write anything anywhere. */
export function readOnly(store: Store): Store {
  return { ...store, store: async () => false }
}

/** How long an answer may take, in milliseconds: a service that is down must not hold up a run. */
const FETCHING = 20_000
/** Storing goes on beside the work. */
const STORING = 60_000
const WORKER = import.meta.url.endsWith('.ts') ? 'cache-worker.ts' : 'cache-worker.js'

/**
 * The cache of GitHub Actions, where the runner offers it. It is reached through a process of its own, which is
 * started with the first request and never sees the inputs, tokens among them.
 *
 * @param env the runner's variables
 * @param folder a folder for it alone; made when it is needed, and removed in the end
 * @param debug told why something did not work
 * @returns undefined where the runner offers none
 */
export function actionsCache(
  env: NodeJS.ProcessEnv,
  folder: string,
  debug: (text: string) => void
): Store | undefined {
  const { ACTIONS_RUNTIME_TOKEN, ACTIONS_RESULTS_URL, ACTIONS_CACHE_URL } = env
  if (!ACTIONS_RUNTIME_TOKEN || !(ACTIONS_RESULTS_URL || ACTIONS_CACHE_URL)) return undefined
  const waiting = new Map<number, (answer: CacheAnswer) => void>()
  let worker: ChildProcess | undefined
  let over = false
  let lastId = 0

  function end(why: string): void {
    if (over) return
    over = true
    if (waiting.size > 0) debug(`the memory between runs is off: ${why}`)
    for (const [id, settle] of waiting) settle({ id, done: false })
    worker?.kill()
    rmSync(folder, { recursive: true, force: true })
  }

  function begin(): ChildProcess {
    mkdirSync(folder, { recursive: true })
    const child = fork(new URL(WORKER, import.meta.url), {
      cwd: folder,
      env: withoutInputs(env, folder),
      stdio: ['ignore', 'pipe', 'ignore', 'ipc']
    })
    child.on('message', answer => waiting.get((answer as CacheAnswer).id)?.(answer as CacheAnswer))
    child.on('error', error => end(error.message))
    child.on('exit', () => end('its process ended'))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      // The client tells of failures by annotations only; in the user's log they would look like the run's own.
      for (const line of text.split('\n')) {
        const complaint = /^::(?:warning|error)::(.*)/.exec(line)?.[1]
        if (complaint !== undefined) debug(`Actions cache: ${complaint}`)
      }
    })
    // A run that has come to its end does not wait for it.
    child.unref()
    child.channel?.unref()
    if (child.stdout instanceof Socket) child.stdout.unref()
    return child
  }

  async function ask(patience: number, request: (id: number) => CacheRequest): Promise<boolean> {
    if (over) return false
    const id = ++lastId
    const settled = Promise.withResolvers<CacheAnswer>()
    waiting.set(id, settled.resolve)
    const timer = setTimeout(() => end(`no answer within ${patience / 1000} s`), patience)
    try {
      worker ??= begin()
      worker.send(request(id))
      const { done, problem } = await settled.promise
      if (problem !== undefined) debug(`Actions cache: ${problem}`)
      return done
    } catch (error) {
      end(String(error))
      return false
    } finally {
      clearTimeout(timer)
      waiting.delete(id)
    }
  }

  return {
    folder,
    works: () => !over,
    fetch: (prefix, file) => ask(FETCHING, id => ({ id, fetch: prefix, file })),
    store: (key, file) => ask(STORING, id => ({ id, store: key, file })),
    close: () => end('the run is over')
  }
}

/** Paths are part of what finds an entry: relative to the folder they are the same on every machine. */
function withoutInputs(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^INPUT_|^GITHUB_(?:TOKEN|OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)$/.test(name)
  )
  return { ...Object.fromEntries(kept), GITHUB_WORKSPACE: folder }
}
