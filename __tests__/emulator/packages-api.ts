import type { Account, StoredOwner } from './accounts.ts'
import type { StoredPackage } from './contents.ts'
import { type Answer, type Call, problem, type Route } from './http.ts'
import { renderPackage, renderRepository, renderVersion } from './render.ts'
import {
  type Door,
  packageNotFound,
  refuseChange,
  refuseRead,
  refuseToken,
  versionNotFound
} from './rights.ts'
import type { Awaitable, State, VersionStore } from './store.ts'
import type { World } from './world.ts'

/** The Packages part of GitHub's REST API (docs, REST API endpoints for packages). */

/** Public versions with more downloads than this cannot be deleted. */
const POPULAR = 5_000

interface AtOwner {
  readonly account: Account
  readonly door: Door
  readonly owner: StoredOwner
}
interface AtPackage extends AtOwner {
  readonly pkg: StoredPackage
}
type Handler<T> = (call: Call, where: T) => Awaitable<Answer>

/** `api` is the emulator's own base URL, for the links in its answers. */
export function packageRoutes(world: World, store: VersionStore, api: string): Route[] {
  /** Lets in who may pass this door, and finds the owner behind it. */
  const enter =
    (door: Door, handle: Handler<AtOwner>) =>
    (call: Call): Awaitable<Answer> => {
      const { account, params } = call
      const refused = refuseToken(account, door)
      if (refused !== undefined || account === undefined) return refused ?? packageNotFound()
      const owner =
        door === 'self'
          ? world.owner(account.kind === 'github-token' ? '' : account.login)
          : params['id'] === undefined
            ? world.owner(params['owner'] ?? '')
            : world.ownerById(Number(params['id']))
      if (owner === undefined || (door === 'org' && owner.type === 'User')) {
        return problem(404, 'Not Found', 'rest/packages/packages')
      }
      return handle(call, { account, door, owner })
    }

  /** Finds a package that the caller may read. */
  const withPackage =
    (handle: Handler<AtPackage>): Handler<AtOwner> =>
    (call, room) => {
      const { type, name = '' } = call.params
      const pkg = type === 'container' ? world.find(room.owner, name) : undefined
      if (pkg === undefined) return packageNotFound()
      return refuseRead(room.account, room.door, room.owner, pkg) ?? handle(call, { ...room, pkg })
    }

  /** Finds a package that the caller may change. */
  const withRight = (
    scope: 'delete:packages' | 'write:packages',
    handle: Handler<AtPackage>
  ): Handler<AtOwner> =>
    withPackage(
      (call, where) => refuseChange(where.account, where.owner, where.pkg, scope) ?? handle(call, where)
    )

  async function rendered(pkg: StoredPackage): Promise<object> {
    const linked = pkg.repository
    const owner = linked === undefined ? undefined : world.owner(linked.split('/')[0] ?? '')
    const repository =
      linked === undefined || owner === undefined
        ? undefined
        : renderRepository(linked, owner, pkg.visibility !== 'public', api)
    return renderPackage(pkg, await store.count(pkg), repository, api)
  }

  const listPackages: Handler<AtOwner> = async (call, { account, door, owner }) => {
    const { page, perPage } = paging(call)
    if (account.kind !== 'classic' || call.query.get('package_type') === null) {
      return problem(400, 'Invalid argument.', 'rest/packages/packages#list-packages-for-an-organization')
    }
    if (page * perPage > 10_000) {
      const message = 'The value of `per_page` multiplied by `page` cannot be greater than 10000.'
      return problem(400, message, 'rest/packages/packages')
    }
    if (!account.scopes.some(scope => ['read:packages', 'write:packages'].includes(scope))) {
      return problem(403, 'You need at least read:packages scope to list packages.', 'rest/packages/packages')
    }
    const wanted = call.query.get('visibility')
    const found = world
      .packages(owner, 'active')
      .filter(
        pkg => call.query.get('package_type') === 'container' && (wanted ?? pkg.visibility) === pkg.visibility
      )
      .filter(pkg => refuseRead(account, door, owner, pkg) === undefined)
    const shown = found.slice((page - 1) * perPage, page * perPage)
    const body = await Promise.all(shown.map(rendered))
    return {
      status: 200,
      body,
      headers: links(call, listPlace(door, owner, ''), page, perPage, found.length)
    }
  }

  const listVersions: Handler<AtPackage> = async (call, { door, owner, pkg }) => {
    const { page, perPage } = paging(call)
    if (world.pageLimit !== 'none' && page * perPage > 10_000) {
      // GitHub's schemas know no such answer.
      return { ...problem(400, 'Pagination is limited.', 'rest/packages/packages'), lie: true }
    }
    const state: State = call.query.get('state') === 'deleted' ? 'deleted' : 'active'
    const { rows, total } = await store.page(pkg, state, (page - 1) * perPage, perPage)
    const place = listPlace(door, owner, `/container/${encodeURIComponent(pkg.name)}/versions`)
    return {
      status: 200,
      body: rows.map(row => renderVersion(pkg, row, api, world.deletedTags)),
      headers: links(call, place, page, perPage, total),
      lie: pkg.lies.length > 0
    }
  }

  const deleteVersion: Handler<AtPackage> = async (call, { pkg }) => {
    const version = await store.find(pkg, Number(call.params['version']), 'active')
    if (version === undefined) return versionNotFound()
    if (pkg.visibility === 'public' && version.downloads > POPULAR) {
      return refusal(
        'Publicly visible package versions with more than 5000 downloads cannot be deleted. Contact GitHub support for further assistance.'
      )
    }
    if (version.tags.length > 0 && (await store.tagged(pkg)) === 1) {
      return refusal(
        'You cannot delete the last tagged version of a package. You must delete the package instead.'
      )
    }
    await store.remove(pkg, version.id)
    return { status: 204 }
  }

  const deletePackage: Handler<AtPackage> = (_call, { pkg }) => {
    if (pkg.visibility === 'public' && pkg.order.some(version => version.downloads > POPULAR)) {
      return refusal(
        'Publicly visible packages with a version with more than 5000 downloads cannot be deleted. contact GitHub support for further assistance'
      )
    }
    world.removePackage(pkg)
    return { status: 204 }
  }

  const restorePackage: Handler<AtOwner> = (call, { account, door, owner }) => {
    const name = call.params['name']
    const pkg = world.packages(owner, 'deleted').find(each => each.name === name)
    if (pkg === undefined) return packageNotFound()
    const refused =
      refuseRead(account, door, owner, pkg) ?? refuseChange(account, owner, pkg, 'write:packages')
    if (refused !== undefined) return refused
    return world.restorePackage(pkg) ? { status: 204 } : packageNotFound()
  }

  /** The nine calls below one door's prefix, each with the scopes that GitHub says it accepts. */
  function routesBelow(prefix: string, door: Door): Route[] {
    const route = (method: string, path: string, scope: string, handle: Handler<AtOwner>): Route => ({
      method,
      path: `${prefix}/packages${path}`,
      handle: async call => accepting(await enter(door, handle)(call), call.account, scope)
    })
    const one = '/{type}/{name}'
    const versions = `${one}/versions`
    return [
      route('GET', '', 'read:packages', listPackages),
      route(
        'GET',
        one,
        'read:packages',
        withPackage(async (_, { pkg }) => ({ status: 200, body: await rendered(pkg) }))
      ),
      route('DELETE', one, 'delete:packages', withRight('delete:packages', deletePackage)),
      route('POST', `${one}/restore`, 'write:packages', restorePackage),
      route('GET', versions, 'read:packages', withPackage(listVersions)),
      route(
        'GET',
        `${versions}/{version}`,
        'read:packages',
        withPackage(async (call, { pkg }) => {
          const version = await store.find(pkg, Number(call.params['version']), 'active')
          return version === undefined
            ? versionNotFound()
            : { status: 200, body: renderVersion(pkg, version, api, world.deletedTags) }
        })
      ),
      route(
        'DELETE',
        `${versions}/{version}`,
        'delete:packages',
        withRight('delete:packages', deleteVersion)
      ),
      route(
        'POST',
        `${versions}/{version}/restore`,
        'write:packages',
        withRight('write:packages', async (call, { pkg }) =>
          (await store.restore(pkg, Number(call.params['version']))) ? { status: 204 } : versionNotFound()
        )
      )
    ]
  }

  /** The path that GitHub's own links have in place of the one that was asked for: by number. */
  function listPlace(door: Door, owner: StoredOwner, rest: string): string {
    const start = { org: `/organizations/${owner.id}`, user: `/user/${owner.id}`, self: '/user' }[door]
    return `${api}${start}/packages${rest}`
  }

  return [
    ...routesBelow('/orgs/{owner}', 'org'),
    ...routesBelow('/organizations/{id}', 'org'),
    ...routesBelow('/users/{owner}', 'user'),
    ...routesBelow('/user', 'self'),
    ...routesBelow('/user/{id}', 'user')
  ]
}

const refusal = (message: string): Answer => problem(400, message, 'rest/packages/packages')

function paging({ query }: Call): { page: number; perPage: number } {
  const number = (name: string, otherwise: number) => Math.max(1, Number(query.get(name)) || otherwise)
  return { page: number('page', 1), perPage: Math.min(100, number('per_page', 30)) }
}

/** The Link header of one page, which is missing when there is but one. */
function links(
  call: Call,
  place: string,
  page: number,
  perPage: number,
  total: number
): Record<string, string> {
  const last = Math.max(1, Math.ceil(total / perPage))
  const to = (number: number, rel: string) => {
    const query = new URLSearchParams(call.query)
    query.set('page', String(number))
    return `<${place}?${query}>; rel="${rel}"`
  }
  const parts = [
    ...(page > 1 ? [to(Math.min(page - 1, last), 'prev')] : []),
    ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
    ...(page > 1 ? [to(1, 'first')] : [])
  ]
  return parts.length === 0 ? {} : { link: parts.join(', ') }
}

/** Adds what GitHub says it wants of the token: scopes of people, permissions of integrations. */
function accepting(answer: Answer, account: Account | undefined, scope: string): Answer {
  const own: Record<string, string> =
    account?.kind === 'classic'
      ? { 'x-accepted-oauth-scopes': scope }
      : { 'x-accepted-github-permissions': `packages=${scope === 'read:packages' ? 'read' : 'write'}` }
  return { ...answer, headers: { ...own, ...answer.headers } }
}
