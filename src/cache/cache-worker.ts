import { restoreCache, saveCache } from '@actions/cache'

/**
 * The process that talks to the Actions cache. It is one of its own because the client behind it is larger than
 * the whole action, prints annotations of its own, and takes its time where a service is down; and because files
 * go in and out relative to the working directory, wherever that is on this machine.
 */

/** What it is asked: to fetch the newest entry whose key begins so, or to store a file under a new key. */
export type CacheRequest =
  | { readonly id: number; readonly fetch: string; readonly file: string }
  | { readonly id: number; readonly store: string; readonly file: string }

/** Whether there was an entry, or whether it was stored. */
export interface CacheAnswer {
  readonly id: number
  readonly done: boolean
  /** Why not, where something went wrong. */
  readonly problem?: string
}

async function answer(request: CacheRequest): Promise<CacheAnswer> {
  const { id, file } = request
  try {
    const done =
      'fetch' in request
        ? (await restoreCache([file], request.fetch, [request.fetch])) !== undefined
        : (await saveCache([file], request.store)) !== -1
    return { id, done }
  } catch (error) {
    return { id, done: false, problem: String(error) }
  }
}

process.on('message', (request: CacheRequest) => {
  void answer(request).then(result => process.send?.(result))
})
// Without anybody to answer to there is nothing left to do, whatever is under way.
process.on('disconnect', () => process.exit())
