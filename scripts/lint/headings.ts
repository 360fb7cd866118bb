export interface Heading {
  readonly level: number
  readonly text: string
  /** What GitHub makes of it for links, without the `#`. */
  readonly anchor: string
}

/** The headings of a Markdown file, in order; what looks like one in a fenced block is none. */
export function headingsOf(markdown: string): Heading[] {
  const prose = markdown.replaceAll(/^([ \t]*)```[\s\S]*?^\1```/gm, '')
  const seen = new Map<string, number>()
  return [...prose.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', text = '']) => {
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return { level: marks.length, text, anchor: times === 0 ? slug : `${slug}-${times}` }
  })
}
