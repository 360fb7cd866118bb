import { headingsOf } from '../lint/headings.ts'
import { between } from './between.ts'

/** A README with its table of contents made anew from its second-level headings, between `<!-- contents -->` markers. */
export function withContents(readme: string): string {
  const links = headingsOf(readme)
    .filter(({ level }) => level === 2)
    .map(({ text, anchor }) => `[${text}](#${anchor})`)
  return between(readme, 'contents', links.join(' ·\n'))
}
