import { setTimeout as sleep } from 'node:timers/promises'
import { tagsOf, type VersionRow } from './github.ts'
import { type Lab, lag, msUntil, type Probe, rowOf } from './lab.ts'
import { OCI_MANIFEST } from './registry.ts'
import { registryAnswers } from './registry-probes.ts'

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
      return `${own}, one that was reused ${taken ? 'moves back to it' : 'stays where it is'}`
    }
  },
  {
    id: 'child',
    question: 'Can a child be deleted that an index names, and what is deleted with an index?',
    documented: 'nothing prevents it; one report of a cascade',
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
    id: 'empty-package',
    question: 'Is a package deleted with its last version, which has no tag?',
    documented: 'one report',
    guesses: ['emptyPackage'],
    async measure(lab) {
      const other = await lab.other()
      const { digest } = await other.shapes.image()
      const { id } = await rowOf({ ...lab, ...other }, digest)
      const { status } = await other.api.ask('DELETE', `/versions/${id}`)
      await sleep(lab.settle)
      const after = await other.api.ask('GET', '')
      return `DELETE ${status}, then the package ${after.status === 404 ? 'is gone' : 'stays'}`
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

/** In the order in which they are made; the last one leaves a single version behind. */
export const PROBES: readonly Probe[] = [...listsAndLags, ...dates, ...registryAnswers, ...deletions]

async function described(lab: Lab, digest: string) {
  const found = await lab.registry.manifest(digest)
  if (found === undefined) throw new Error(`${digest} was pushed and is not there`)
  return { digest, mediaType: found.headers.get('content-type') ?? OCI_MANIFEST, size: found.bytes.length }
}

/** Deletes every version but one; indexes before what they name, as far as the order of the list goes. */
export async function deleteAllBut({ api }: Lab, digest: string): Promise<void> {
  for (const row of await api.allVersions()) {
    if (row.name !== digest) await api.ask('DELETE', `/versions/${row.id}`)
  }
}
