import { micromark } from 'micromark'
import { gfm, gfmHtml } from 'micromark-extension-gfm'

/**
 * A body of HTML from Markdown by GitHub's rules: GFM with its filter of tags, alerts, and `mermaid` blocks left
 * for Mermaid to draw. GitHub's sanitizer is not part of it: what it would remove must not be there at all.
 */
export function html(markdown: string): string {
  return micromark(markdown, {
    // GitHub lets <details> and <sub> through.
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()]
  })
    .replaceAll(ALERT, alert)
    .replaceAll(MERMAID, '<pre class="mermaid">$1</pre>')
}

const ALERT = /<blockquote>\n<p>\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\n([\s\S]*?)<\/blockquote>/g
const MERMAID = /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g

function alert(_: string, kind: string, rest: string): string {
  const title = kind.charAt(0) + kind.slice(1).toLowerCase()
  return (
    `<div class="markdown-alert markdown-alert-${kind.toLowerCase()}">` +
    `<p class="markdown-alert-title">${title}</p>\n<p>${rest}</div>`
  )
}
