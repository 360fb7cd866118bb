import { readFileSync } from 'node:fs'
import { html } from './markdown.ts'

const STYLES = {
  light: import.meta.resolve('github-markdown-css/github-markdown-light.css'),
  dark: import.meta.resolve('github-markdown-css/github-markdown-dark.css')
}
const MERMAID = import.meta.resolve('@mermaid-js/tiny')

/** How wide GitHub shows a job summary on a laptop, in CSS pixels. */
export const WIDTH = 1012

export interface Look {
  readonly scheme: 'light' | 'dark'
  /** How many foldable parts stand open, from the top; GitHub shows them all closed. */
  readonly open: number
}

/**
 * A page that shows Markdown as GitHub does. Once all is drawn, `data-height` on its root says how high it is.
 */
export function page(markdown: string, { scheme, open }: Look): string {
  const css = readFileSync(new URL(STYLES[scheme]), 'utf8')
  const theme = scheme === 'dark' ? 'dark' : 'default'
  return `<!doctype html>
<meta charset="utf-8">
<style>${css}
body { margin: 0; padding: 24px 32px; box-sizing: border-box; width: ${WIDTH}px; background: ${
    scheme === 'dark' ? '#0d1117' : '#fff'
  } }
.mermaid { background: none; text-align: center }
</style>
<body><article class="markdown-body">${html(markdown)}</article>
<script src="${MERMAID}"></script>
<script>
for (const part of [...document.querySelectorAll('details')].slice(0, ${open})) part.open = true
mermaid.initialize({ startOnLoad: false, theme: '${theme}' })
mermaid.run().catch(String).then(problem => {
  if (problem) document.body.prepend('Mermaid: ' + problem)
  document.documentElement.dataset.height = document.body.scrollHeight
})
</script>
`
}
