import * as z from 'zod'
import { parseDigest } from '../model/digest.ts'
import type { Descriptor, Manifest } from '../model/manifest.ts'
import { jsonOf } from '../util/parse-foreign.ts'
import { named } from './manifest.ts'

/**
 * Makes what can be made of a manifest of a kind that nobody knows: every digest in its bytes may be something that
 * it needs. The bytes must be known to be those of its digest.
 *
 * @param cause why it could not be parsed
 */
export function mentionsOf(bytes: Uint8Array, contentType: string | undefined, cause: string): Manifest {
  const raw = Buffer.from(bytes).toString('latin1')
  // JSON may write any letter by its number.
  const spelled = raw.replaceAll(/\\u00([0-7][0-9a-f])/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16))
  )
  const mentioned = new Set([raw, spelled].flatMap(one => one.match(ANY_DIGEST) ?? []))
  const subject = jsonOf(Referrer, bytes)?.subject.digest
  const children = [...mentioned].flatMap((text): Descriptor[] => {
    // A match shares the memory of the whole text, as long as it is held.
    const digest = parseDigest(Buffer.from(text).toString())
    return digest === undefined || digest === subject ? [] : [{ digest, index: false, uncertain: true }]
  })
  return {
    mediaType: contentType ?? 'application/octet-stream',
    form: 'index',
    kind: 'artifact',
    children,
    ...(subject === undefined ? {} : { subject }),
    annotations: {},
    annotationsUnknown: true,
    unknown: cause
  }
}

const ANY_DIGEST = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g
const Referrer = z.object({ subject: z.object({ digest: named }) })
