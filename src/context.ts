import type { ManifestCache } from './cache/manifest-cache.ts'
import type { Packages } from './github/packages.ts'
import type { Repository } from './github/repository.ts'
import type { TokenKind } from './github/token.ts'
import type { Workflows } from './github/workflows.ts'
import type { Log } from './log.ts'
import type { Clock } from './model/clock.ts'
import type { Owner } from './model/package.ts'
import type { RequestCounts, RunResult } from './model/run.ts'
import type { Registry } from './registry/client.ts'
import type { Journal } from './report/journal.ts'

/** What every mode works with: the doors to the outside, opened once by main. */
export interface Context {
  readonly owner: Owner
  readonly tokenKind: TokenKind
  /** GitHub's web address, for the places where rights are granted. */
  readonly serverUrl: string
  readonly packages: Packages
  readonly registry: Registry
  readonly memory: ManifestCache
  /** The repository whose workflow runs: it says what should have an image. */
  readonly repository: Repository
  /** Any other, by `owner/name`. */
  readonly openRepository: (name: string) => Repository
  /** Undefined where no workflow is to be started. */
  readonly dispatcher: Dispatcher | undefined
  readonly clock: Clock
  readonly log: Log
  /** What was requested so far. */
  readonly counts: () => RequestCounts
  /** Writes the report with everything that is planned, before the first change. */
  readonly openJournal: (run: RunResult) => Journal
}

/** What starts workflows, with a token of its own where one is given. */
export interface Dispatcher {
  readonly workflows: Workflows
  /** Where they are. */
  readonly repository: Repository
}
