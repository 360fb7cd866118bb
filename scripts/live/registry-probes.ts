import { codeOf, type Probe } from './lab.ts'
import { type LiveRegistry, OCI_MANIFEST } from './registry.ts'

/** What is asked of the registry alone. */
export const registryAnswers: readonly Probe[] = [
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
    question: "How long is the registry's token valid?",
    documented: 'unknown',
    guesses: ['tokenLifetime'],
    async measure({ registry }) {
      const { status, body } = await registry.token()
      return status === 200 ? `expires_in ${body['expires_in'] ?? 'not said'}` : `${status}`
    }
  },
  {
    id: 'direct-bearer',
    question: "Does the registry accept GitHub's token itself, in base64?",
    documented: 'yes for the short ones; unknown for those of 520 characters',
    guesses: ['directBearer'],
    async measure({ registry }) {
      return codeOf(await registry.ask('GET', '/tags/list?n=1', { direct: true }))
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
  ...[
    [
      'branch-filter',
      'Does the list of workflow runs find those of a tag by `branch`?',
      'it needs a run that a tag has started; the action never asks that way'
    ],
    [
      'foreign-private',
      "What may a GITHUB_TOKEN do to a user's private package that is linked to no repository?",
      'it needs such a package; if a DELETE is refused, the action says what to grant'
    ],
    [
      'popular',
      'Does the refusal of what was pulled 5,000 times hide that of the last tagged version?',
      'it needs 5,000 pulls; the action reports both'
    ],
    [
      'enterprise',
      'Since which version does GitHub Enterprise Server have a container registry, and accept tokens of Apps there?',
      'it needs a server of each version'
    ]
  ].map(([id = '', question = '', why = '']) => ({
    id,
    question,
    documented: 'unknown',
    measure: async () => `cannot be measured: ${why}`
  }))
]

async function namesIn(registry: LiveRegistry, path: string): Promise<{ readonly tags: readonly string[] }> {
  const { status, bytes } = await registry.ask('GET', path)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
  return JSON.parse(bytes.toString('utf8')) as { tags: string[] }
}
