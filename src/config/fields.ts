import * as z from 'zod'
import { ExpectedError, InputError } from '../errors.ts'
import { parseDigest } from '../model/digest.ts'
import { isTag } from '../model/tag.ts'
import { ageAdvice, parseAge } from '../policy/age.ts'
import { parsePatterns } from '../policy/pattern.ts'
import { refuseSlip, type Subject } from '../policy/pattern-slip.ts'
import { quote } from '../util/format.ts'
import { nearest } from '../util/suggest.ts'
import { splitList } from './list.ts'

/**
 * What an input's text may be, as zod schemas from text to value. Their messages are sentences that quote the
 * text and say what to write instead; the input's name is put in front of them by whoever reads the input.
 */

/** Anything but nothing. `kind` is what it should have been. */
export const required = (kind: string) =>
  field(text => (text === '' ? refuse(`is empty. Give ${kind}.`) : text))

/** Blank means undefined. */
export const optional = <T>(schema: z.ZodType<T, string>): z.ZodType<T | undefined, string> =>
  z.string().transform((text, context) => {
    if (text === '') return undefined
    const parsed = schema.safeParse(text)
    if (parsed.success) return parsed.data
    for (const { message } of parsed.error.issues) context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

export const text = field(given => given)

/** Digits only: `z.coerce.number` would read a blank as 0, and 0 means something here. */
export const wholeNumber = field(given => {
  if (!/^\d+$/.test(given))
    return refuse(`${quote(given)} is no whole number. Write digits only, such as \`10\`.`)
  const value = Number(given)
  return Number.isSafeInteger(value) ? value : refuse(`${quote(given)} is too large a number.`)
})

export const percent = field(given => {
  const value = /^\d{1,3}$/.test(given) ? Number(given) : Number.POSITIVE_INFINITY
  return value <= 100
    ? value
    : refuse(`${quote(given)} is no share. Write digits only, from \`0\` to \`100\`, without a percent sign.`)
})

export const flag = field(given => {
  const lower = given.toLowerCase()
  if (lower !== 'true' && lower !== 'false') {
    return refuse(`${quote(given)} is neither \`true\` nor \`false\`. Write one of them.`)
  }
  return lower === 'true'
})

/** Milliseconds. */
export const age = field(given => parseAge(given) ?? refuse(`${quote(given)} is no age. ${ageAdvice(given)}`))

/** How long to wait for something; nobody waits for months, so `5m` is five minutes here. */
export const waitingTime = field(given => {
  const ms = age.safeParse(given.replace(/^(\d+)\s*m$/i, '$1min'))
  return ms.success
    ? ms.data
    : refuse(
        `${quote(given)} is no time to wait. Write for instance \`5m\` or \`1h\`; \`0\` waits for nothing.`
      )
})

/** Milliseconds, more than none. */
export const timeSpan = field(given => {
  const ms = age.safeParse(given)
  if (!ms.success) throw new InputError(ms.error.issues.map(issue => issue.message))
  return ms.data > 0 ? ms.data : refuse(`${quote(given)} leaves no time at all. Write for instance \`5h\`.`)
})

/** One of a few words. */
export const oneOf = <const W extends string>(words: readonly W[]) => field(given => oneWord(given, words))

/** A list of some of a few words, each once. */
export const someOf = <const W extends string>(words: readonly W[]) =>
  entries(given => oneWord(given, words)).transform(eachOnce)

export const names = entries(given => given)

/** Patterns of git tags as they were written, each known to be one. */
export const gitTagPatterns = entries(given => checkPattern(given, 'git tag'))

/** Patterns of image tags and full digests as they were written. */
export const patternsAndDigests = entries(given => {
  if (!/^!?sha(?:256|512):/i.test(given)) return checkPattern(given, 'image tag')
  return parseDigest(given) === undefined
    ? refuse(
        `${quote(given)} is no full digest. Write \`sha256:\` and all 64 digits, in lower case; patterns are for tags only.`
      )
    : given
})

/** Image tags by their own names. */
export const tagNames = entries(given =>
  isTag(given)
    ? given
    : refuse(`${quote(given)} cannot be an image tag. Write tags in full, without wildcards.`)
).transform(eachOnce)

/** One image tag by its own name, or a full digest. */
export const tagOrDigest = field(given =>
  parseDigest(given) !== undefined || isTag(given)
    ? given
    : refuse(
        `${quote(given)} is neither a tag nor a full digest. Write one of them, without the package's name.`
      )
)

export const platforms = entries(given =>
  /^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9._]+)?$/.test(given)
    ? given
    : refuse(`${quote(given)} is no platform. Write for instance \`linux/amd64\` or \`linux/arm64/v8\`.`)
).transform(eachOnce)

export const owner = field(given => {
  if (given === '')
    return refuse('is empty, and so is GITHUB_REPOSITORY_OWNER. Name the organization or user.')
  return /^[A-Za-z0-9][\w-]*$/.test(given)
    ? given
    : refuse(`${quote(given)} is no name of an organization or user. Write it without a slash or an address.`)
})

export const repository = field(given =>
  /^[\w-]+\/[\w.-]+$/.test(given) ? given : refuse(`${quote(given)} is no repository. Write \`owner/name\`.`)
)

/** A workflow by its file, or by its number. */
export const workflowFile = field(given =>
  /\.ya?ml$|^\d+$/.test(given)
    ? given
    : refuse(
        `${quote(given)} is no workflow file. Write \`${/^[\w-]+$/.test(given) ? given : 'build'}.yml\`, as it is called in .github/workflows.`
      )
)

/** An address without a slash at its end. A token must not travel in the clear, save inside this machine. */
export const address = field(checkAddress)

/** The same without a path: a registry is named by its host alone. */
export const hostAddress = field(given => {
  const checked = checkAddress(given)
  const { origin } = new URL(checked)
  return checked === origin
    ? checked
    : refuse(`${quote(given)} has a path, and a registry has none. Write \`${origin}\`.`)
})

function checkAddress(given: string): string {
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return refuse(`${quote(given)} is no http address. Write it with \`https://\` in front.`)
  }
  if (url.username !== '' || url.password !== '') {
    // The text is not quoted, for there is a secret in it.
    return refuse('has a user or a password in it. Write the address alone, and give the token as `token`.')
  }
  if (url.search !== '' || url.hash !== '')
    return refuse(`${quote(given)} has a \`?\` or \`#\` part. Leave it out.`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return refuse(`${quote(given)} would send the token unencrypted. Write \`https://\`.`)
  }
  return url.href.replace(/\/+$/, '')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

function checkPattern(given: string, subject: Subject): string {
  refuseSlip(given, subject)
  parsePatterns([given])
  return given
}

function oneWord<const W extends string>(given: string, words: readonly W[]): W {
  const found = words.find(word => word === given)
  if (found !== undefined) return found
  const near = nearest(given, words)
  const hint = near === undefined ? '' : `Did you mean \`${near}\`? `
  return refuse(
    `${quote(given)} is not known here. ${hint}It can be ${words.map(word => `\`${word}\``).join(', ')}.`
  )
}

/** A list whose every entry `parse` takes; all that it refuses is told at once. */
export function entries<T>(parse: (entry: string) => T): z.ZodType<T[], string> {
  return field(given => {
    const values: T[] = []
    const problems: string[] = []
    for (const entry of splitList(given)) {
      try {
        values.push(parse(entry))
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw error
        problems.push(error.message)
      }
    }
    if (problems.length > 0) throw new InputError(problems)
    return values
  })
}

/** A schema from a function that throws an ExpectedError for what it does not take. */
export function field<T>(parse: (text: string) => T): z.ZodType<T, string> {
  return z.string().transform((given, context) => {
    try {
      return parse(given)
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      const messages = error instanceof InputError ? error.problems : [error.message]
      for (const message of messages) context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
  })
}

export function eachOnce<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

export function refuse(message: string): never {
  throw new ExpectedError(message)
}
