/**
 * A document in which `content` stands between the markers `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws Error when a marker is missing
 */
export function between(text: string, marker: string, content: string): string {
  const [start, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`]
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the document has no place for its ${marker}: ${start} … ${end}`)
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`
}
