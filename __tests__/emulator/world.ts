import { randomBytes } from 'node:crypto'
import type { Digest } from '../../src/model/digest.ts'
import type { Account, OrgRole, Permission, StoredOwner } from './accounts.ts'
import { type Builder, builderOf } from './builder.ts'
import {
  missingBelow,
  ownedBy,
  put,
  RESTORABLE_MS,
  type Role,
  remove,
  restore,
  type StoredPackage,
  type StoredVersion,
  tag
} from './contents.ts'
import { type Guesses, LAG_MS, usualGuesses } from './guesses.ts'
import { bend } from './lies.ts'
import { createPast, type Past } from './past.ts'
import type { Named } from './shapes.ts'
import type { PackageRow, State, VersionPage, VersionRow, VersionStore } from './store.ts'

/** Everything there is: owners, tokens, packages and their versions. A test lays it down one fact a line. */
export interface World extends Guesses, Pick<Past, 'remember' | 'asOf'> {
  /** What the world takes for the present; set it to stop the clock that the world was made with. */
  now: number
  /** Declares an organization and its people; an owner that is never declared is an organization. */
  org(login: string, people?: Readonly<Record<string, OrgRole>>): StoredOwner
  user(login: string): StoredOwner
  /** The package `owner/name`, made when it is not there; `facts` count at its making. */
  package(name: string, facts?: PackageFacts): Builder
  /** A classic personal access token of this user. */
  classic(login: string, scopes?: readonly string[]): string
  /** The GITHUB_TOKEN of a workflow in this repository. */
  githubToken(repository: string, permissions?: Readonly<Record<string, Permission>>): string
  /** The same in GitHub's long form of 2026: `ghs_<id>_<JWT>`, some 520 characters with dots. */
  longGithubToken(repository: string, permissions?: Readonly<Record<string, Permission>>): string
  appToken(login: string): string
  fineGrained(login: string): string
  /** What keeps this tag from being pulled: sentences, none when all is well. */
  pullable(name: string, tag: string): string[]
  /** Every tag of every package that cannot be pulled, with what it lacks. */
  broken(): string[]

  /** For the servers, from here on. */
  readonly store: VersionStore
  account(token: string): Account | undefined
  owner(login: string): StoredOwner | undefined
  ownerById(id: number): StoredOwner | undefined
  /** An owner's packages, by name; the deleted ones with `deleted`. */
  packages(owner: StoredOwner, state: State): StoredPackage[]
  find(owner: StoredOwner, name: string): StoredPackage | undefined
  create(owner: StoredOwner, name: string, facts: PackageFacts): StoredPackage
  removePackage(pkg: StoredPackage): void
  /** False when the name is taken again, or the package gone for more than 30 days. */
  restorePackage(pkg: StoredPackage): boolean
  /** A manifest arrives in a package, under a tag where one is given. */
  arrive(
    pkg: StoredPackage,
    manifest: Named & { readonly bytes: Buffer },
    name?: string,
    at?: number
  ): StoredVersion
  retag(pkg: StoredPackage, version: StoredVersion, name: string): void
  /** A manifest was asked for by GET or HEAD. */
  pulled(version: StoredVersion, method: string): void
  drop(pkg: StoredPackage, version: StoredVersion): void
}

export interface PackageFacts {
  readonly visibility?: PackageRow['visibility']
  /** `owner/name` of the linked repository: its workflows are Admin here, and the organization's members may read. */
  readonly repository?: string
  /** Further repositories under Manage Actions access, and persons under Manage access. */
  readonly access?: Readonly<Record<string, Role>>
}

const ALL_SCOPES = ['repo', 'read:org', 'read:packages', 'write:packages', 'delete:packages']

/** A world with nobody in it, on this clock. */
export function createWorld(now: () => number = Date.now): World {
  const owners = new Map<string, StoredOwner>()
  const tokens = new Map<string, Account>()
  const packages = new Map<string, StoredPackage>()
  const gonePackages: StoredPackage[] = []
  let fixed: number | undefined
  let ids = 1_260_000_000
  const nextId = () => ids++
  const histories = new Map<StoredPackage, VersionRow[][]>()
  const past = createPast()
  /** When each version came, whatever its dates say. */
  const arrivals = new Map<number, number>()

  const key = (owner: StoredOwner, name: string) => `${owner.login}/${name}`.toLowerCase()

  function declare(login: string, type: StoredOwner['type'], people: Readonly<Record<string, OrgRole>>) {
    const lower = Object.entries(people).map(([name, role]) => [name.toLowerCase(), role] as const)
    const present = owners.get(login.toLowerCase())
    if (present !== undefined) throw new Error(`${login} is declared already`)
    const owner = { id: nextId(), login, type, people: new Map(lower) }
    owners.set(login.toLowerCase(), owner)
    return owner
  }

  function issue(token: string, account: Account): string {
    tokens.set(token, account)
    return token
  }

  /** Remembers how the list was, where a lie will want to show it. */
  function beforeChange(pkg: StoredPackage): void {
    if (!pkg.lies.some(lie => lie.kind === 'lag')) return
    const history = histories.get(pkg) ?? []
    history.push(pkg.order.map(version => ({ ...version })).reverse())
    histories.set(pkg, history)
  }

  function shown(pkg: StoredPackage): readonly VersionRow[] {
    const history = histories.get(pkg) ?? []
    const lag = pkg.lies.find(lie => lie.kind === 'lag')
    const past = lag === undefined ? undefined : history[Math.max(0, history.length - lag.changes)]
    const rows = bend(past ?? lingering(pkg) ?? pkg.order.toReversed(), pkg.lies)
    const known = world.listLag === 'none' ? rows : rows.filter(row => !isFresh(row.id))
    return world.listOrder === 'newest first' ? known : known.toReversed()
  }

  /** Whether a version came so late that a list that lags does not show it yet. */
  const isFresh = (id: number): boolean => world.now - (arrivals.get(id) ?? 0) < LAG_MS

  /** A date that a tag or a pull moves: seconds, and later than it was. */
  function move(version: StoredVersion | undefined): void {
    if (version === undefined || world.datesMove === 'never') return
    version.updated = Math.floor(world.now / 1_000) * 1_000
  }

  /** The list with what was deleted in its old place; undefined when no lie asks for that. */
  function lingering(pkg: StoredPackage): readonly VersionRow[] | undefined {
    if (!pkg.lies.some(({ kind }) => kind === 'linger')) return undefined
    return [...pkg.order, ...pkg.deleted.values()].sort((a, b) => b.created - a.created || b.id - a.id)
  }

  function setTag(pkg: StoredPackage, version: StoredVersion, name: string): void {
    const holder = pkg.byTag.get(name)
    tag(pkg, version, name)
    if (holder !== version) for (const one of [holder, version]) move(one)
  }

  function countOf(pkg: StoredPackage): number {
    const rows = lingering(pkg) ?? pkg.order
    const fresh = world.countLag === 'none' ? 0 : rows.filter(row => isFresh(row.id)).length
    return pkg.lies.find(lie => lie.kind === 'count')?.value ?? rows.length - fresh
  }

  const stored = (pkg: PackageRow) => pkg as StoredPackage

  const store: VersionStore = {
    count: pkg => countOf(stored(pkg)),
    tagged: pkg => stored(pkg).order.reduce((sum, version) => sum + (version.tags.length > 0 ? 1 : 0), 0),
    page: (pkg, state, offset, limit) => pageOf(stored(pkg), state, offset, limit),
    find: (pkg, id, state) => (state === 'active' ? stored(pkg).byId.get(id) : stored(pkg).deleted.get(id)),
    remove: (pkg, id) => {
      const version = stored(pkg).byId.get(id)
      if (version !== undefined) world.drop(stored(pkg), version)
      if (version !== undefined && world.cascade === 'yes') {
        for (const child of ownedBy(stored(pkg), version)) world.drop(stored(pkg), child)
      }
      if (world.emptyPackage === 'goes' && stored(pkg).order.length === 0) world.removePackage(stored(pkg))
    },
    restore: (pkg, id) => {
      const version = stored(pkg).deleted.get(id)
      if (version === undefined) return false
      beforeChange(stored(pkg))
      const isBack = restore(stored(pkg), version, world.now, world.restoredTags === 'move back')
      past.note(stored(pkg), world.now)
      return isBack
    }
  }

  function pageOf(pkg: StoredPackage, state: State, offset: number, limit: number): VersionPage {
    if (state === 'deleted') {
      const hidden = pkg.lies.some(({ kind }) => kind === 'unlisted')
      const late = world.deletedLag === 'none' ? 0 : LAG_MS
      const rows = hidden
        ? []
        : [...pkg.deleted.values()].filter(({ deleted = 0 }) => world.now - deleted >= late).reverse()
      return { rows: rows.slice(offset, offset + limit), total: rows.length }
    }
    if (pkg.lies.length > 0 || world.listLag !== 'none' || world.listOrder !== 'newest first') {
      const rows = shown(pkg)
      return { rows: rows.slice(offset, offset + limit), total: rows.length }
    }
    const end = pkg.order.length - offset
    const rows = end <= 0 ? [] : pkg.order.slice(Math.max(0, end - limit), end).reverse()
    return { rows, total: pkg.order.length }
  }

  const world: World = {
    get now() {
      return fixed ?? now()
    },
    set now(at: number) {
      fixed = at
    },
    ...usualGuesses(),
    remember: past.remember,
    asOf: past.asOf,
    org: (login, people = {}) => declare(login, 'Organization', people),
    user: login => declare(login, 'User', {}),
    package: (name, facts = {}) => {
      const [login = '', ...rest] = name.split('/')
      const owner = world.owner(login) ?? world.org(login)
      return builderOf(world, world.find(owner, rest.join('/')) ?? world.create(owner, rest.join('/'), facts))
    },
    classic: (login, scopes = ALL_SCOPES) =>
      issue(`ghp_${randomBytes(18).toString('hex')}`, { kind: 'classic', login, scopes }),
    githubToken: (repository, permissions = { packages: 'write', contents: 'read', actions: 'write' }) =>
      issue(`ghs_${randomBytes(18).toString('hex')}`, { kind: 'github-token', repository, permissions }),
    longGithubToken: (repository, permissions = { packages: 'write', contents: 'read', actions: 'write' }) =>
      issue(longToken(), { kind: 'github-token', repository, permissions }),
    appToken: login => issue(`ghs_${randomBytes(18).toString('hex')}`, { kind: 'app', login }),
    fineGrained: login =>
      issue(`github_pat_${randomBytes(41).toString('hex')}`, { kind: 'fine-grained', login }),
    pullable: (name, wanted) => {
      const [login = '', ...rest] = name.split('/')
      const owner = world.owner(login)
      const pkg = owner && world.find(owner, rest.join('/'))
      return pkg === undefined ? [`${name} does not exist`] : problems(pkg, wanted)
    },
    broken: () =>
      [...packages.values()].flatMap(pkg => [...pkg.byTag.keys()].flatMap(name => problems(pkg, name))),

    store,
    account: token => tokens.get(token),
    owner: login => owners.get(login.toLowerCase()),
    ownerById: id => [...owners.values()].find(owner => owner.id === id),
    packages: (owner, state) =>
      (state === 'active' ? [...packages.values()] : gonePackages)
        .filter(pkg => pkg.owner === owner)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    find: (owner, name) => past.view(packages.get(key(owner, name))),
    create: (owner, name, { visibility = 'private', repository, access = {} }) => {
      const grants = Object.entries(access).map(([repo, role]) => [repo.toLowerCase(), role] as const)
      const pkg: StoredPackage = {
        id: nextId(),
        owner,
        name: name.toLowerCase(),
        visibility,
        ...(repository === undefined ? {} : { repository }),
        created: world.now,
        updated: world.now,
        access: new Map(repository === undefined ? grants : [[repository.toLowerCase(), 'admin'], ...grants]),
        order: [],
        byId: new Map(),
        byDigest: new Map(),
        byTag: new Map(),
        deleted: new Map(),
        blobs: new Map(),
        gone: undefined,
        lies: []
      }
      packages.set(key(owner, name), pkg)
      return pkg
    },
    removePackage: pkg => {
      packages.delete(key(pkg.owner as StoredOwner, pkg.name))
      pkg.gone = world.now
      gonePackages.push(pkg)
    },
    restorePackage: pkg => {
      const place = key(pkg.owner as StoredOwner, pkg.name)
      if (pkg.gone === undefined || world.now - pkg.gone > RESTORABLE_MS || packages.has(place)) return false
      pkg.gone = undefined
      packages.set(place, pkg)
      gonePackages.splice(gonePackages.indexOf(pkg), 1)
      return true
    },
    arrive: (pkg, manifest, name, at = world.now) => {
      beforeChange(pkg)
      const version = put(pkg, manifest, nextId, at)
      if (!arrivals.has(version.id)) arrivals.set(version.id, world.now)
      if (name !== undefined) setTag(pkg, version, name)
      past.note(pkg, world.now)
      return version
    },
    retag: (pkg, version, name) => {
      beforeChange(pkg)
      setTag(pkg, version, name)
      past.note(pkg, world.now)
    },
    pulled: (version, method) => {
      if (method === 'GET' || world.headCounts === 'yes') version.downloads += 1
      move(version)
    },
    drop: (pkg, version) => {
      beforeChange(pkg)
      remove(pkg, version, world.now)
      past.note(pkg, world.now)
    }
  }
  return world
}

function problems(pkg: StoredPackage, name: string): string[] {
  const place = `${pkg.owner.login}/${pkg.name}:${name}`
  const root = pkg.byTag.get(name)
  if (root === undefined) return [`${place} does not exist`]
  return missingBelow(pkg, root.digest).map((digest: Digest) => `${place} lacks ${digest}`)
}

/** A token as GitHub makes them since 2026-04: `ghs_<app id>_<JWT>`, about 520 characters. */
function longToken(): string {
  const part = (bytes: number) => randomBytes(bytes).toString('hex')
  return `ghs_15368_${part(40)}.${part(140)}.${part(70)}`
}
