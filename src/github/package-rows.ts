import * as z from 'zod'
import { ExpectedError } from '../errors.ts'
import { type Digest, parseDigest } from '../model/digest.ts'
import {
  believableDate,
  isPackageName,
  type Owner,
  type Package,
  type PackageVersion
} from '../model/package.ts'
import { listOf } from '../util/parse-foreign.ts'

/** What of the Packages API's answers is used (docs.github.com/en/rest/packages/packages). */

export const PackageRow = z.object({
  name: z.string().refine(isPackageName, 'is not the name of a package'),
  version_count: z.int().nonnegative().nullish().catch(undefined),
  visibility: z.string(),
  repository: z.object({ full_name: z.string() }).nullish()
})

export const VersionRow = z.object({
  id: z.int().positive(),
  name: z.string(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  deleted_at: z.string().nullish(),
  metadata: z.object({ container: z.object({ tags: listOf(z.string()) }).nullish() }).nullish()
})

/** A package as GitHub describes it; where its page is nobody has to say, because people click on that. */
export function toPackage(row: z.infer<typeof PackageRow>, owner: Owner, serverUrl: string): Package {
  const place = `${owner.kind === 'organization' ? 'orgs' : 'users'}/${encodeURIComponent(owner.login)}`
  return {
    owner,
    name: row.name.toLowerCase(),
    visibility: row.visibility,
    versionCount: row.version_count ?? undefined,
    url: `${serverUrl}/${place}/packages/container/package/${encodeURIComponent(row.name)}`,
    ...(row.repository ? { repository: row.repository.full_name } : {})
  }
}

/**
 * A version as GitHub lists it; `what` is the list, for the message.
 * @throws ExpectedError when its name is not a digest
 */
export function toVersion(row: z.infer<typeof VersionRow>, what: string): PackageVersion {
  return {
    id: row.id,
    digest: digestOf(row, what),
    tags: row.metadata?.container?.tags ?? [],
    // A row that does not say its tags is not one without tags.
    ...(row.metadata?.container ? {} : { tagsUnknown: true }),
    created: believableDate(moment(row.created_at)),
    updated: believableDate(moment(row.updated_at))
  }
}

function digestOf(row: z.infer<typeof VersionRow>, what: string): Digest {
  const digest = parseDigest(row.name)
  if (digest === undefined) {
    throw new ExpectedError(
      `GitHub lists version ${row.id} among the ${what} under the name "${row.name}", which is not a digest, so what ` +
        'it is cannot be told. Nothing is decided on this package.'
    )
  }
  return digest
}

/** Milliseconds since 1970; undefined for no date, or one that cannot be read. */
export function moment(text: string | null | undefined): number | undefined {
  const time = Date.parse(text ?? '')
  return Number.isNaN(time) ? undefined : time
}
