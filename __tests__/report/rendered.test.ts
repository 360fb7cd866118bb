import { describe, expect, test } from '@jest/globals'
import { html } from '../../scripts/render/markdown.ts'
import { renderSummary } from '../../src/report/summary.ts'
import { ANCHORS, readme, troubleshooting } from '../../src/util/links.ts'
import { shown } from './shown.ts'

/** The summary as GitHub's Markdown makes it, read as HTML. */

const OURS = new Set(
  'article blockquote br code details div em h2 h3 li ol p pre strong sub summary table tbody td th thead tr ul'.split(
    ' '
  )
)

interface Element {
  readonly name: string
  readonly attributes: string
}

/** Every opening tag; text has none, for a `<` in it is a character reference. */
function elements(page: string): Element[] {
  return [...page.matchAll(/<([a-z][a-z0-9]*)((?:\s[^<>]*)?)>/gi)].map(([, name = '', attributes = '']) => ({
    name: name.toLowerCase(),
    attributes
  }))
}

const links = (page: string): string[] =>
  elements(page).flatMap(({ attributes }) => /href="([^"]*)"/.exec(attributes)?.[1] ?? [])

describe.each(Object.entries(shown))('%s', (_, run) => {
  const page = html(renderSummary(run()))

  test('nothing but our own elements, with no attribute that does anything', () => {
    const foreign = elements(page).filter(({ name }) => name !== 'a' && !OURS.has(name))
    expect(foreign).toEqual([])
    const attributes = elements(page).flatMap(({ attributes }) => attributes.match(/[\w-]+(?==)/g) ?? [])
    expect(attributes.filter(name => !['class', 'align', 'href'].includes(name))).toEqual([])
  })

  test('links lead to the packages on GitHub, and to headings of our documents that exist', () => {
    const ours = [
      ...ANCHORS['README.md'].map(readme),
      ...ANCHORS['docs/troubleshooting.md'].map(troubleshooting)
    ]
    const strange = links(page).filter(
      link => !(link.startsWith('https://github.com/orgs/acme/packages/') || ours.includes(link))
    )
    expect(strange).toEqual([])
  })

  test('every table, list and chart came out as one', () => {
    // What Markdown did not understand stands there as it was written.
    expect(page).not.toMatch(/<p>\||^\| |\[!(?:NOTE|WARNING|CAUTION)\]\n/m)
    expect(page.match(/<details>/g)?.length).toBe(page.match(/<\/details>/g)?.length)
  })
})

test('a hostile name is shown as it is, not as what it means', () => {
  const hostile = shown['hostile']
  if (hostile === undefined) throw new Error('there is no hostile run')
  const page = html(renderSummary(hostile()))
  expect(page).toContain('&lt;/details&gt;&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(page).toContain('&amp;lt;b&amp;gt; &amp;#60;b&amp;#62;')
  expect(page).toContain('*bold* _it_ ~~s~~ [x](http://y) ![i](j)')
})
