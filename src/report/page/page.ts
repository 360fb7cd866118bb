import { createHash } from 'node:crypto'
import { closeSync, writeFileSync } from 'node:fs'
import type { RunResult } from '../../model/run.ts'
import { openNew } from '../../util/new-file.ts'
import { SCRIPT, STYLE } from './assets.ts'
import { pageData } from './data.ts'

/**
 * Writes the report of a run as one page that needs nothing else.
 *
 * @throws Error of the operating system when it cannot be written
 */
export function writePage(path: string, run: RunResult): void {
  const file = openNew(path)
  try {
    writeFileSync(file, renderPage(run))
  } finally {
    closeSync(file)
  }
}

/** The page: no request leaves it, and nothing but its own script and style runs in it. */
export function renderPage(run: RunResult): string {
  const data = pageData(run)
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(STYLE)}'`,
    `script-src '${hashOf(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>ghcr-steward</title>
<style>${STYLE}</style>
</head>
<body>
<noscript>This page needs JavaScript. The JSON report of the same run holds everything, too.</noscript>
<div id="app"></div>
<script type="application/json" id="data">${inScript(JSON.stringify(data))}</script>
<script>${SCRIPT}</script>
</body>
</html>
`
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** JSON that cannot end the element it stands in, nor begin a comment; it reads as the same values. */
function inScript(json: string): string {
  return json.replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}
