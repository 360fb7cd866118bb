import { parse } from 'yaml'
import { write } from '../../scripts/translate/ours.ts'
import { stepsIn } from '../../scripts/translate/theirs.ts'
import { translate } from '../../scripts/translate/translate.ts'
import type { Builder, Pushed } from '../emulator/builder.ts'
import { cosign, cosignTag, image, manifest } from '../emulator/shapes.ts'

/** Steps of other tools, and what their own rules delete of one package. */

type Pushes = ReadonlyMap<string, Pushed>

const ago = (days: number): number => Date.now() - days * 86_400_000

/** Old and young ones, tagged and not; `touched` was pushed long ago and updated later. Ages are in days. */
const PACKAGE: Readonly<
  Record<string, { readonly tags?: readonly string[]; readonly age: number; readonly updated?: number }>
> = {
  young2: { tags: ['v5'], age: 2 },
  young3: { tags: ['v4'], age: 3 },
  old40: { tags: ['v3', 'stable'], age: 40 },
  old50: { tags: ['pr-2'], age: 50 },
  old60: { tags: ['pr-1'], age: 60 },
  touched: { tags: ['v0'], age: 300, updated: 45 },
  bare5: { age: 5 },
  bare70: { age: 70 },
  bare80: { age: 80 }
}

export const DATAAXIOM = 'dataaxiom/ghcr-cleanup-action@v1'
export const SNOK = 'snok/container-retention-policy@v3.0.0'
export const SNOK_2 = 'snok/container-retention-policy@v2'
export const VERSIONS = 'actions/delete-package-versions@v5'
export const VLAURIN = 'vlaurin/action-ghcr-prune@v0.6.0'
export const CHIZKIYAHU = 'Chizkiyahu/delete-untagged-ghcr-action@v6'
export const MANAGER = 'ghcr-manager/ghcr-cleanup-manager@v1'

/** Pushes PACKAGE. @returns what was pushed, by its name there */
export function pushPlain(app: Builder): Pushes {
  const pushed = new Map<string, Pushed>()
  for (const [name, { tags = [], age, updated = age }] of Object.entries(PACKAGE)) {
    const image = app.push(manifest(), { tags, at: ago(age) })
    const version = app.version(image.digest)
    if (version !== undefined) version.updated = ago(updated)
    pushed.set(name, image)
  }
  return pushed
}

/** Pushes a whole release, two candidates of the next, and one of each thing that can be broken. */
export function pushOdd(app: Builder): Pushes {
  const [release, candidate, second] = ['1.0.0', '2.0.0-rc.1', '2.0.0-rc.2'].map((tag, index) =>
    app.push(manifest(), { tags: [tag], at: ago(60 - index) })
  ) as [Pushed, Pushed, Pushed]
  const [ghost, partial, signed] = ['ghost', 'partial', 'signed'].map(tag =>
    app.push(image(), { tags: [tag], at: ago(40) })
  ) as [Pushed, Pushed, Pushed]
  const orphaned = app.push(cosign('sig'), { tags: [cosignTag(signed, 'sig')], at: ago(40) })
  for (const gone of [...ghost.children, ...partial.children.slice(1), signed, ...signed.children])
    app.delete(gone)
  return new Map(Object.entries({ release, candidate, second, ghost, partial, orphaned }))
}

export const BARE = ['bare5', 'bare70', 'bare80']

/** What a step is called here, what it uses, its inputs, with `DIGEST-OF-<name>` and `ID-OF-<name>`, and what it deletes. */
export const STEPS: readonly (readonly [
  what: string,
  uses: string,
  inputs: string,
  deletes: readonly string[]
])[] = [
  ['bare', DATAAXIOM, '{ token: t }', BARE],
  ['keep 2, of all', DATAAXIOM, '{ keep-n-tagged: 2 }', ['old40', 'old50', 'old60', 'touched']],
  [
    'keep 2, counted among the old ones only, by the last change',
    DATAAXIOM,
    '{ keep-n-tagged: 2, older-than: 30 days }',
    ['old50', 'old60']
  ],
  [
    'the same with what is excluded',
    DATAAXIOM,
    '{ keep-n-tagged: 0, exclude-tags: "v*", older-than: 30 days }',
    ['old50', 'old60']
  ],
  ['keep 1 untagged of the old ones', DATAAXIOM, '{ keep-n-untagged: 1, older-than: 30 days }', ['bare80']],
  ['tags of pull requests', DATAAXIOM, '{ delete-tags: "pr-*" }', ['old50', 'old60']],
  ['a regular expression', DATAAXIOM, '{ delete-tags: "^pr-\\\\d+$", use-regex: true }', ['old50', 'old60']],
  [
    'untagged, and a package',
    DATAAXIOM,
    '{ package: app, delete-untagged: true, older-than: 1 month and 5 days }',
    ['bare70', 'bare80']
  ],
  [
    'everything for each state',
    DATAAXIOM,
    '{ delete-untagged: true, delete-ghost-images: true, delete-partial-images: true, delete-orphaned-images: true, validate: true, log-level: debug }',
    BARE
  ],
  ['keep 1 of some, young ones included', DATAAXIOM, '{ keep-n-tagged: 1, delete-tags: "pr-*" }', ['old60']],
  [
    'keep 1 of some, counted among the old ones',
    DATAAXIOM,
    '{ keep-n-tagged: 1, delete-tags: "pr-*", older-than: 30 days }',
    ['old60']
  ],
  [
    'keep 1 of what a regular expression selects',
    DATAAXIOM,
    '{ keep-n-tagged: 1, tags: "^pr-", use-regex: true, older-than: 30 days }',
    ['old60']
  ],
  ['keep 1 untagged', DATAAXIOM, '{ keep-n-untagged: 1 }', ['bare70', 'bare80']],
  ['nothing but a package', DATAAXIOM, '{ package: app }', BARE],
  [
    'another package',
    DATAAXIOM,
    '{ packages: "other*", expand-packages: true, repository: site, keep-n-tagged: 1 }',
    []
  ],
  [
    'both, as is its default',
    SNOK,
    '{ account: acme, image-names: "app", cut-off: 4w 2d }',
    ['old40', 'old50', 'old60', 'touched', 'bare70', 'bare80']
  ],
  [
    'keep 2 most recent, after the cut-off',
    SNOK,
    '{ account: acme, image-names: app, cut-off: 30d, keep-n-most-recent: 2, tag-selection: tagged }',
    ['old50', 'old60']
  ],
  [
    'keep 3, by creation',
    SNOK,
    '{ account: acme, image-names: app, cut-off: 30d, keep-n-most-recent: 3, tag-selection: tagged, timestamp-to-use: created_at, rust-log: debug }',
    ['touched']
  ],
  [
    'keep 2, untagged too',
    SNOK,
    '{ account: acme, image-names: "* !ot*", cut-off: 30d, keep-n-most-recent: 2 }',
    ['old50', 'old60', 'bare70', 'bare80']
  ],
  [
    'untagged only',
    SNOK,
    '{ account: user, image-names: app, cut-off: 8w, tag-selection: untagged }',
    ['bare70', 'bare80']
  ],
  [
    'all but some',
    SNOK,
    '{ account: acme, image-names: app, image-tags: "!v*", cut-off: 10d, tag-selection: tagged }',
    ['old50', 'old60']
  ],
  [
    'keep 1 of some',
    SNOK,
    '{ account: acme, image-names: app, image-tags: "pr-*", cut-off: 30d, keep-n-most-recent: 1, tag-selection: tagged }',
    ['old60']
  ],
  [
    'tagged ones of some',
    SNOK,
    '{ account: acme, image-names: app, image-tags: "pr-*", cut-off: 30d, tag-selection: tagged }',
    ['old50', 'old60']
  ],
  [
    'untagged, whatever tags it names',
    SNOK,
    '{ account: acme, image-names: app, image-tags: "pr-*", cut-off: 30d, keep-n-most-recent: 5, tag-selection: untagged }',
    ['bare70', 'bare80']
  ],
  [
    'both, said outright',
    SNOK,
    '{ account: acme, image-names: app, image-tags: "pr-*", cut-off: 55d, tag-selection: both }',
    ['old60', 'bare70', 'bare80']
  ],
  [
    'some, and what is untagged',
    SNOK,
    '{ account: acme, image-names: app, image-tags: "pr-*", cut-off: 55d }',
    ['old60', 'bare70', 'bare80']
  ],
  [
    'a digest that stays',
    SNOK,
    '{ account: acme, image-names: app, cut-off: 60d, tag-selection: untagged, skip-shas: "DIGEST-OF-bare70" }',
    ['bare80']
  ],
  [
    'version 2',
    SNOK_2,
    '{ image-names: app, cut-off: two weeks ago UTC, account-type: org, org-name: acme, keep-at-least: 2, skip-tags: "v3" }',
    ['old60', 'bare70', 'bare80']
  ],
  [
    'version 2, untagged only',
    SNOK_2,
    '{ image-names: app, cut-off: One month ago UTC, account-type: personal, untagged-only: true, token-type: github-token }',
    ['bare70', 'bare80']
  ],
  [
    'version 2, tagged only',
    SNOK_2,
    '{ image-names: app, cut-off: 30 days ago UTC, org-name: acme, filter-tags: "pr-*", filter-include-untagged: false, timestamp-to-use: created_at }',
    ['old50', 'old60']
  ],
  [
    'keep 3 versions',
    VERSIONS,
    '{ package-name: app, package-type: container, min-versions-to-keep: 3 }',
    ['old50', 'old60', 'touched']
  ],
  [
    'an id',
    VERSIONS,
    '{ package-name: app, package-type: container, package-version-ids: "ID-OF-bare5" }',
    ['bare5']
  ],
  [
    'untagged but 1',
    VERSIONS,
    '{ package-name: app, package-type: container, min-versions-to-keep: 1, delete-only-untagged-versions: "true" }',
    ['bare70', 'bare80']
  ],
  [
    'what is ignored stays',
    VERSIONS,
    '{ package-name: app, package-type: container, min-versions-to-keep: 0, ignore-versions: "^v", ignore-versions-include-tags: true }',
    ['old50', 'old60', ...BARE]
  ],
  [
    'the 3 oldest',
    VERSIONS,
    '{ package-name: app, package-type: container, num-old-versions-to-delete: 3 }',
    ['touched', 'bare70', 'bare80']
  ],
  [
    'younger than 30, the last one too',
    VLAURIN,
    '{ organization: acme, container: app, keep-younger-than: 30, keep-last: 1, prune-untagged: true, prune-tags-regexes: "^pr-", keep-tags: stable }',
    ['old60', 'bare80']
  ],
  [
    'any tag is enough',
    VLAURIN,
    '{ organization: acme, container: app, older-than: 30, tag-regex: "^v3$" }',
    ['old40']
  ],
  [
    'but some',
    VLAURIN,
    '{ user: acme, container: app, prune-tags-regexes: "^v", keep-tags-regexes: "^v[45]$" }',
    ['old40', 'touched']
  ],
  [
    'a regular expression with a comma, by creation',
    VLAURIN,
    '{ user: acme, container: app, keep-last: 1, prune-tags-regexes: "^pr-\\\\d{1,2}$" }',
    ['old60']
  ],
  [
    'untagged, by the old words',
    VLAURIN,
    '{ organization: acme, container: app, older-than: 7, untagged: true }',
    ['bare70', 'bare80']
  ],
  ['the defaults', CHIZKIYAHU, '{ token: t, repository_owner: acme, package_name: app }', BARE],
  [
    'a package, whatever its repository',
    CHIZKIYAHU,
    '{ token: t, repository_owner: acme, repository: app, package_name: app }',
    BARE
  ],
  [
    'everything',
    CHIZKIYAHU,
    '{ token: t, repository_owner: acme, package_name: app, untagged_only: false, owner_type: org, except_untagged_multiplatform: false, with_sigs: true }',
    // The last tagged version stays, because GitHub refuses to delete it.
    Object.keys(PACKAGE).filter(name => name !== 'young2')
  ],
  [
    'keep 1 untagged and some',
    MANAGER,
    '{ command: cleanup, package: app, keep-n-untagged: 1, delete-tags: "^pr-", use-regex: true, log-level: debug, upload-artifacts: true, db-artifact-retention-days: 5, scan-after-cleanup: true }',
    ['old50', 'old60', 'bare70', 'bare80']
  ],
  ['a scan', MANAGER, '{ command: scan, package: app, keep-n-tagged: 0 }', []],
  [
    'a clean-up',
    MANAGER,
    '{ command: cleanup, owner: acme, package: app, keep-n-tagged: 2, older-than: 30d, exclude-tags: stable, db-path: a.db }',
    ['old60']
  ]
]

/** The same in the world of `pushOdd`. */
export const ODD_STEPS: typeof STEPS = [
  ['ghosts', DATAAXIOM, '{ delete-ghost-images: true }', ['ghost']],
  ['what lacks something', DATAAXIOM, '{ delete-partial-images: true }', ['partial']],
  [
    'ghosts and what lacks something',
    MANAGER,
    '{ command: cleanup, package: app, delete-ghost-images: true, delete-partial-images: true }',
    ['ghost', 'partial']
  ],
  ['orphans', MANAGER, '{ command: cleanup, package: app, delete-orphaned-images: true }', ['orphaned']],
  [
    'all that is broken',
    DATAAXIOM,
    '{ delete-ghost-images: true, delete-partial-images: true, delete-orphaned-images: true }',
    ['ghost', 'partial', 'orphaned']
  ],
  [
    'pre-releases but the newest',
    VERSIONS,
    '{ package-name: app, package-type: container, delete-only-pre-release-versions: "true", min-versions-to-keep: 1 }',
    ['candidate']
  ]
]

/** The inputs of a step of theirs. */
export function theirInputs(inputs: string, pushed: Pushes = new Map()): Readonly<Record<string, string>> {
  const text = inputs.replaceAll(/(DIGEST|ID)-OF-(\w+)/g, (_, what, name) =>
    String(pushed.get(name)?.[what === 'ID' ? 'id' : 'digest'])
  )
  return stepsIn(`- uses: x\n  with: ${text}`)[0]?.with ?? {}
}

/** Our step for theirs as a workflow has it, with its expressions filled in. */
export function translated(uses: string, inputs: Readonly<Record<string, string>>) {
  const [name = '', version = ''] = uses.split('@')
  const text = write(translate({ uses: name, version, with: inputs }))
  const [step] = parse(text.replaceAll(`\${{ github.repository }}`, 'acme/app')) as [
    { uses: string; with: Record<string, unknown> }
  ]
  const ours = Object.entries(step.with).map(([input, value]) => [input, String(value)])
  return { uses: step.uses, with: Object.fromEntries(ours) as Record<string, string> }
}
