import { ExpectedError } from '../errors.ts'
import { formatNumber } from '../util/format.ts'

/** Lets through what was found. @throws ExpectedError when it is more in all than memory holds */
export type Within = <T>(found: readonly T[]) => readonly T[]

/** What can be found in 16 MiB takes a gigabyte; what people deploy says a thousandth of this. */
const MOST_FOUND = 2_000_000

export function limited(most = MOST_FOUND): Within {
  let room = most
  return found => {
    room -= found.length
    if (room >= 0) return found
    throw new ExpectedError(
      `The files that \`protect\` names have more than ${formatNumber(most)} settings and names of images in them. Name fewer of them.`
    )
  }
}
