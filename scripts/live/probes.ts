import { setTimeout as sleep } from 'node:timers/promises'
import type { Guess } from '../../__tests__/emulator/guesses.ts'
import { type PackageApi, tagsOf, type VersionRow } from './github.ts'
import { type LiveRegistry, OCI_MANIFEST } from './registry.ts'
import type { Shapes } from './shapes.ts'

/** What the measurements are made with. */
export interface Lab {
  readonly api: PackageApi
  readonly registry: LiveRegistry
  readonly shapes: Shapes
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
async function msUntil(seen: () => Promise<boolean>, patience: number): Promise<number | undefined> {
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

const lag = (ms: number | undefined): string =>
  ms === undefined
    ? 'not within the time given'
    : ms < POLL
      ? 'at once'
      : `after about ${(ms / 1000).toFixed(1)} s`

async function codeOf(answer: { readonly status: number; readonly bytes: Buffer }): Promise<string> {
  const [, code = ''] = /"code":"(\w+)"/.exec(answer.bytes.toString('utf8')) ?? []
  return `${answer.status}${code === '' ? '' : ` ${code}`}`
}

const listsAndLags: readonly Probe[] = [
  {
    id: 'order',
    question: 'In which order does the list of versions run?',
    documented: 'undocumented; newest first observed',
    guesses: ['listOrder'],
    async measure(lab) {
      const pushed = [await lab.shapes.image('order-1'), await lab.shapes.image('order-2')]
      for (const { digest } of pushed) await rowOf(lab, digest)
      const names = (await lab.api.versions('active')).map(({ name }) => name)
      const [first, second] = pushed.map(({ digest }) => names.indexOf(digest)) as [number, number]
      return second < first ? 'newest first' : 'oldest first'
    }
  },
  {
    id: 'lag-list',
    question: 'How long until the list shows a push?',
    documented: 'unknown',
    guesses: ['listLag'],
    async measure({ api, shapes, patience }) {
      const { digest } = await shapes.image('lag')
      return lag(await msUntil(async () => (await api.find(digest)) !== undefined, patience))
    }
  },
  {
    id: 'lag-count',
    question: 'How long until `version_count` counts a push?',
    documented: 'unknown',
    guesses: ['countLag'],
    async measure({ api, shapes, patience }) {
      const count = async () =>
        ((await api.ask('GET', '')).body as { version_count?: number }).version_count ?? 0
      const before = await count()
      await shapes.image()
      return lag(await msUntil(async () => (await count()) > before, patience))
    }
  },
  {
    id: 'lag-deleted',
    question: 'How long until the list of deleted versions shows a deletion, and the registry denies it?',
    documented: 'unknown',
    guesses: ['deletedLag', 'registryLag'],
    async measure(lab) {
      const { api, registry, patience } = lab
      const { digest } = await lab.shapes.image('to-delete')
      const { id } = await rowOf(lab, digest)
      await api.ask('DELETE', `/versions/${id}`)
      const [listed, denied] = await Promise.all([
        msUntil(async () => (await api.versions('deleted')).some(({ name }) => name === digest), patience),
        msUntil(async () => (await registry.manifest(digest)) === undefined, patience)
      ])
      return `deleted list ${lag(listed)}, registry ${lag(denied)}`
    }
  },
  {
    id: 'depth',
    question: 'What does a page far beyond the end of the list answer?',
    documented: 'no limit documented for versions',
    guesses: ['pageLimit'],
    async measure({ api }) {
      const { status, body } = await api.ask('GET', '/versions?per_page=100&page=5000')
      return `${status}${Array.isArray(body) ? `, ${body.length} rows` : ` ${JSON.stringify(body).slice(0, 120)}`}`
    }
  }
]

const dates: readonly Probe[] = [
  {
    id: 'dates',
    question: 'Which events move `updated_at`?',
    documented: 'unknown; a tag that moves does not, by one experiment',
    guesses: ['datesMove'],
    async measure(lab) {
      const first = await lab.shapes.image('dated')
      const before = await rowOf(lab, first.digest)
      const moved: string[] = []
      const look = async (event: string): Promise<void> => {
        await sleep(lab.settle)
        const now = await rowOf(lab, first.digest)
        if (now.updated_at !== before.updated_at) moved.push(event)
      }
      await lab.shapes.retag(first, 'dated-too')
      await look('a tag set on it')
      await lab.registry.manifest(first.digest)
      await look('a pull')
      await lab.shapes.image('dated-too')
      await look('a tag taken from it')
      return moved.length === 0 ? 'none of: tag set, pull, tag taken' : moved.join(', ')
    }
  },
  {
    id: 'deleted-rows',
    question: 'What does a deleted version show?',
    documented: '`deleted_at` in the schema; tags unknown',
    guesses: ['deletedTags'],
    async measure(lab) {
      const { digest } = await lab.shapes.image('deleted-row')
      const { id } = await rowOf(lab, digest)
      await lab.api.ask('DELETE', `/versions/${id}`)
      let row: VersionRow | undefined
      await msUntil(async () => {
        row = (await lab.api.versions('deleted')).find(({ name }) => name === digest)
        return row !== undefined
      }, lab.patience)
      if (row === undefined) return 'it is not shown'
      const tags = tagsOf(row).length > 0 ? 'its tags' : 'no tags'
      return `${row.deleted_at === undefined ? 'no `deleted_at`' : '`deleted_at`'}, ${tags}`
    }
  }
]

const deletions: readonly Probe[] = [
  {
    id: 'restore-tags',
    question: 'Which tags does a restored version have?',
    documented: 'unknown',
    guesses: ['restoredTags'],
    async measure(lab) {
      const { digest } = await lab.shapes.image('restored')
      await lab.shapes.retag(await described(lab, digest), 'taken-meanwhile')
      const { id } = await rowOf(lab, digest)
      await lab.api.ask('DELETE', `/versions/${id}`)
      await lab.shapes.image('taken-meanwhile')
      const { status } = await lab.api.ask('POST', `/versions/${id}/restore`)
      if (status !== 204) return `the restore answered ${status}`
      const tags = tagsOf(await rowOf(lab, digest))
      const own = tags.includes('restored') ? 'its own is back' : 'its own is lost'
      const taken = tags.includes('taken-meanwhile')
      return `${own}, one re-used meanwhile ${taken ? 'moves back to it' : 'stays where it is'}`
    }
  },
  {
    id: 'child',
    question: 'May a child be deleted that an index names, and what goes with a deleted index?',
    documented: 'nothing hinders it; a cascade is reported once',
    guesses: ['cascade'],
    async measure(lab) {
      const { index, children } = await lab.shapes.index('parent')
      const [child, other] = children
      const { id } = await rowOf(lab, child?.digest ?? '')
      const ofChild = await lab.api.ask('DELETE', `/versions/${id}`)
      const parent = await rowOf(lab, index.digest)
      await lab.api.ask('DELETE', `/versions/${parent.id}`)
      await sleep(lab.settle)
      const left = (await lab.api.find(other?.digest ?? '')) !== undefined
      return `DELETE of a child ${ofChild.status}; after its index went the other child ${left ? 'stays' : 'is gone'}`
    }
  },
  {
    id: 'last-tagged',
    question: 'What does DELETE of the last tagged version answer?',
    documented: '400 "You cannot delete the last tagged version of a package"',
    async measure(lab) {
      const { digest } = await lab.shapes.image('last')
      await rowOf(lab, digest)
      await deleteAllBut(lab, digest)
      const row = await rowOf(lab, digest)
      const { status, body } = await lab.api.ask('DELETE', `/versions/${row.id}`)
      return `${status} ${(body as { message?: string } | undefined)?.message ?? ''}`.trim()
    }
  }
]

const registryAnswers: readonly Probe[] = [
  {
    id: 'tags-list',
    question: 'How many tags does one page of `tags/list` have, in which order, and does `n=10000` hold?',
    documented: '100 a page, oldest push first; n=10000 gave all',
    guesses: ['tagOrder'],
    async measure({ registry, shapes }) {
      await shapes.image('zz-pushed-first')
      await shapes.image('aa-pushed-later')
      const { tags } = await namesIn(registry, '/tags/list?n=10000')
      const byPush = tags.indexOf('zz-pushed-first') < tags.indexOf('aa-pushed-later')
      const one = await registry.ask('GET', '/tags/list?n=1')
      return `n=10000 gave ${tags.length >= 2 ? 'all' : tags.length}, ${byPush ? 'oldest push first' : 'by name'}, Link ${
        one.headers.get('link') === null ? 'absent' : 'present'
      } with n=1`
    }
  },
  {
    id: 'accept',
    question: 'What does a manifest answer when the Accept header does not name its type?',
    documented: '404 MANIFEST_UNKNOWN, "OCI index found, but Accept header …"',
    async measure({ registry, shapes }) {
      const { index } = await shapes.index('accept')
      return codeOf(
        await registry.ask('GET', `/manifests/${index.digest}`, { headers: { accept: OCI_MANIFEST } })
      )
    }
  },
  {
    id: 'redirect',
    question: 'Does the registry redirect manifests or blobs?',
    documented: 'blobs 307; manifests unknown',
    guesses: ['blobs'],
    async measure({ registry, shapes }) {
      const image = await shapes.image('redirect')
      const manifest = await registry.ask('GET', `/manifests/${image.digest}`)
      const { config } = JSON.parse(manifest.bytes.toString('utf8')) as { config: { digest: string } }
      const blob = await registry.ask('GET', `/blobs/${config.digest}`)
      return `manifest ${manifest.status}, blob ${blob.status}`
    }
  },
  {
    id: 'referrers',
    question: 'Is there a referrers API?',
    documented: 'no: 303 to a page that answers 429',
    guesses: ['referrers'],
    async measure({ registry, shapes }) {
      const image = await shapes.image('referrers')
      const answer = await registry.ask('GET', `/referrers/${image.digest}`)
      const location = answer.headers.get('location')
      if (location === null) return codeOf(answer)
      // Elsewhere the registry's token is nobody's business.
      const there = await fetch(location, { redirect: 'manual', signal: AbortSignal.timeout(60_000) })
      return `${await codeOf(answer)}, then ${there.status}`
    }
  },
  {
    id: 'absent-repository',
    question: 'What does a repository answer that does not exist?',
    documented: 'unknown',
    guesses: ['absentRepository'],
    async measure({ registry, api }) {
      const { body } = await api.ask('GET', '')
      const login = (body as { owner?: { login?: string } } | undefined)?.owner?.login ?? ''
      const repository = `${login}/ghcr-steward-absent`.toLowerCase()
      return codeOf(await registry.ask('GET', '/tags/list', { repository }))
    }
  },
  {
    id: 'token-lifetime',
    question: "How long is the registry's token good for?",
    documented: 'unknown',
    guesses: ['tokenLifetime'],
    async measure({ registry }) {
      const { status, body } = await registry.token()
      return status === 200 ? `expires_in ${body['expires_in'] ?? 'not said'}` : `${status}`
    }
  },
  {
    id: 'head',
    question: 'Does HEAD count as a download?',
    documented: 'unknown',
    guesses: ['headCounts'],
    async measure() {
      return 'cannot be measured: the API shows no number of downloads'
    }
  },
  {
    id: 'empty-package',
    question: 'Does a package go with its last version?',
    documented: 'reported once',
    guesses: ['emptyPackage'],
    async measure() {
      return 'cannot be measured: the last tagged version cannot be deleted, and this package has had one'
    }
  }
]

/** In the order in which they are made; the last one leaves a single version behind. */
export const PROBES: readonly Probe[] = [...listsAndLags, ...dates, ...registryAnswers, ...deletions]

async function described(lab: Lab, digest: string) {
  const found = await lab.registry.manifest(digest)
  if (found === undefined) throw new Error(`${digest} was pushed and is not there`)
  return { digest, mediaType: found.headers.get('content-type') ?? OCI_MANIFEST, size: found.bytes.length }
}

async function namesIn(registry: LiveRegistry, path: string): Promise<{ readonly tags: readonly string[] }> {
  const { status, bytes } = await registry.ask('GET', path)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
  return JSON.parse(bytes.toString('utf8')) as { tags: string[] }
}

/** Deletes every version but one; indexes before what they name, as far as the order of the list goes. */
export async function deleteAllBut({ api }: Lab, digest: string): Promise<void> {
  for (const row of await api.allVersions()) {
    if (row.name !== digest) await api.ask('DELETE', `/versions/${row.id}`)
  }
}
