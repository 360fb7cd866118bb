import { expect, test } from '@jest/globals'
import { parsePolicyFile } from '../../src/config/policy-file.ts'
import { problemsOf } from '../helpers/problems.ts'

/** A rule whose match has these lines, each with its indentation below `match`. */
const match = (...lines: readonly string[]): string =>
  `version: 1\npackages:\n  - match: app\n    rules:\n      - action: delete\n        match:\n${lines
    .map(line => `          ${line}\n`)
    .join('')}`

const told = (text: string): readonly string[] => problemsOf(() => parsePolicyFile(text, 'p.yml'))

const needsQuotes = (sign: string, written: string): string =>
  `a value that begins with \`${sign}\` needs quotation marks in YAML. Write \`${written}\`.`

test.each([
  ['tags: *', '7:17', needsQuotes('*', "'*'")],
  ['tags: **', '7:17', needsQuotes('*', "'**'")],
  ['tags: *.rc', '7:17', needsQuotes('*', "'*.rc'")],
  ['tags: *  # all', '7:17', needsQuotes('*', "'*'")],
  ['tags: [v*, *-rc]', '7:22', needsQuotes('*', "'*-rc'")],
  ['tags: [*]', '7:18', needsQuotes('*', "'*'")],
  ['tags: !latest', '7:24', needsQuotes('!', "'!latest'")],
  ['tags: !/^v/', '7:19', needsQuotes('!', "'!/^v/'")],
  ['tags: ! latest', '7:19', needsQuotes('!', "'!latest'")],
  ['tags: &v', '7:19', needsQuotes('&', "'&v'")],
  ['tags: %v', '7:17', needsQuotes('%', "'%v'")],
  ['tags: @(a|b)', '7:17', needsQuotes('@', "'@(a|b)'")],
  ['tags: `v*`', '7:17', needsQuotes('`', "'`v*`'")],
  ['tags: |v', '7:18', needsQuotes('|', "'|v'")],
  ['semver: >=1.2 <2', '7:20', needsQuotes('>', "'>=1.2 <2'")],
  ['tags: [0-9]*', '7:22', needsQuotes('[', "'[0-9]*'")],
  ['tags: {a,b}-*', '7:22', needsQuotes('{', "'{a,b}-*'")],
  ['tags: #v*', '7:17', needsQuotes('#', "'#v*'")],
  ['tags: a: b', '7:17', "a value with `: ` in it needs quotation marks in YAML. Write `'a: b'`."],
  [
    "tags: 'it's'",
    '7:21',
    'something follows the closing quotation mark. Put the whole value between two of them.'
  ],
  [
    "tags: 'a' 'b'",
    '7:21',
    'something follows the closing quotation mark. Put the whole value between two of them.'
  ],
  ['tags: "v*', '8:1', 'a closing quotation mark is missing before this line.'],
  [
    'tags: - v*',
    '7:17',
    'a list with dashes begins on a line of its own. Write `[v*]`, or put each entry on its own line below the key.'
  ],
  ['tags: [v*, latest', '8:1', 'a closing `]` is missing before this line.'],
  ['tags:v*', '7:11', 'a space is missing behind the colon. Write `tags: v*`.'],
  ['tags = v*', '7:11', 'a key is followed by a colon. Write `tags: v*`.']
])('%s', (line, place, sentence) => {
  const own = told(match(line)).map(problem => problem.replace(/packages\[0\][\w.[\]]*: /, ''))
  expect(own).toEqual([`p.yml:${place}: ${sentence.replace(/^./, letter => letter.toUpperCase())}`])
})

const OTHER_DEPTH =
  'The spaces in front do not fit. Give keys that belong together the same number of spaces, and what is in them two more.'

test.each([
  [
    'a tab in front',
    match('tags: v*').replace('          tags', '\t  tags'),
    '7:1',
    'YAML takes no tabs in front of a line. Use spaces.'
  ],
  [
    'tabs in front of a list',
    match('tags:').concat('\t\t- v*\n'),
    '8:1',
    'YAML takes no tabs in front of a line. Use spaces.'
  ],
  ['keys one deeper', 'version: 1\npackages:\n  - match: app\n     rules: []\n', '4:6', OTHER_DEPTH],
  ['keys not as deep', 'version: 1\npackages:\n  - match: app\n  rules: []\n', '4:1', OTHER_DEPTH],
  ['a key between', match('tags: v*').concat('         semver: 1.x\n'), '8:1', OTHER_DEPTH],
  [
    'an entry without a dash',
    match('tags: [v*]').replace('        match:', '       match:'),
    '6:1',
    OTHER_DEPTH
  ],
  [
    'a key without its colon',
    match('tags: v*', 'semver 1.x'),
    '8:11',
    'A colon is missing. Write `semver: 1.x`.'
  ],
  [
    'two documents',
    `${match('tags: v*')}---\nversion: 1\n`,
    '8:1',
    '`---` begins a second document. Put all into one.'
  ]
])('%s', (_, text, place, sentence) => {
  expect(told(text)).toEqual([`p.yml:${place}: ${sentence}`])
})

test('two slips are both told, and what follows from them is not', () => {
  expect(told(match('tags:', '  - *', '  - v*', '  - *'))).toEqual([
    `p.yml:8:15: A${needsQuotes('*', "'*'").slice(1)}`,
    `p.yml:10:15: A${needsQuotes('*', "'*'").slice(1)}`
  ])
})

test('Windows line ends and a byte order mark are no slips', () => {
  expect(told(match('tags: v*').replaceAll('\n', '\r\n'))).toEqual([])
  expect(told(`\u{FEFF}${match('tags: v*')}`)).toEqual([])
})
