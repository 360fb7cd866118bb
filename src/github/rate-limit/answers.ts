/** What an answer says about the limit that it was turned away by. Times in milliseconds. */
export type Limit =
  | { readonly kind: 'primary'; readonly reset: number }
  | { readonly kind: 'secondary'; readonly retryAfter: number | undefined }

/** Response headers, names in lower case. */
export type Headers = Readonly<Record<string, string | number | undefined>>

/** What GitHub calls its secondary limits, now and in older servers. */
const SECONDARY = /\bsecondary rate\b|\babuse detection\b/i

/**
 * Tells a rate limit from a lack of rights: GitHub answers 403 to both, and 403 or 429 to either limit.
 * (docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api)
 *
 * @param message the `message` of the answer's body
 * @returns undefined when the answer is about something else
 */
export function limitOf(status: number, headers: Headers, message: string): Limit | undefined {
  if (status !== 403 && status !== 429) return undefined
  const retryAfter = wholeNumber(headers['retry-after'])
  if (retryAfter !== undefined) return { kind: 'secondary', retryAfter: retryAfter * 1000 }
  if (SECONDARY.test(message)) return { kind: 'secondary', retryAfter: undefined }
  if (wholeNumber(headers['x-ratelimit-remaining']) === 0) {
    return { kind: 'primary', reset: (wholeNumber(headers['x-ratelimit-reset']) ?? 0) * 1000 }
  }
  return status === 429 ? { kind: 'secondary', retryAfter: undefined } : undefined
}

/** A header that holds a count or seconds; undefined when it is absent or holds anything else, such as more than any date has. */
export function wholeNumber(header: string | number | undefined): number | undefined {
  const text = String(header ?? '')
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined
}

/** True for an answer about the quota that this program uses; servers that name none have only one. */
export const isCore = (headers: Headers): boolean => (headers['x-ratelimit-resource'] ?? 'core') === 'core'
