import { readFileSync } from 'node:fs'
import { blocksOf } from '../../scripts/lint/blocks.ts'

/** What has no sentences: badges, the table of contents, the marks and tags of HTML, the heads of tables, blocks. */
const SILENT = [
  /^ *```[\s\S]*?^ *```$/gm,
  /<!-- contents -->[\s\S]*?<!-- \/contents -->|<!--[^>]*-->/g,
  /^ *<\/?(?:picture|source|img)\b[^>]*>/gm,
  /^\[!\[.*$/gm,
  /^\|.*\n\| ?:?-.*$/gm
]

/** What a document says: each of its sentences, rows of tables and comments in blocks. */
export function saidIn(document: string): string[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), 'utf8')
  const comments = blocksOf(text).flatMap(block =>
    [...block.text.matchAll(/(?:^|\s)(# [^\n]+)$/gm)].map(([, comment = '']) => comment)
  )
  const prose = SILENT.reduce((rest, silent) => rest.replaceAll(silent, '\n'), text)
  return [...prose.split(/\n\s*\n|\n(?=[|>#]|\s*(?:-|\d+\.) )/).flatMap(sentencesIn), ...comments]
}

function sentencesIn(block: string): string[] {
  const line = block.replaceAll(/\s+/g, ' ').trim()
  if (line === '' || line.startsWith('#')) return []
  if (line.startsWith('|')) return [line]
  return line.replace(/^(?:-|>|\d+\.) /, '').split(/(?<=[.!?](?:\*\*|`|\))?)\s+(?=[A-Z`*([“"{])/)
}
