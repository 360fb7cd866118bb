import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readPolicy } from '../../src/config/policy-file.ts'
import { readMatchingFiles, readTextFile } from '../../src/usage/files.ts'
import { checkout } from '../helpers/workspace.ts'

const paths = (root: string, ...patterns: string[]): string[] =>
  readMatchingFiles(root, patterns).files.map(({ path }) => path)

test('patterns are globs from the workspace, names with a dot in front and folders of any depth included', () => {
  using repository = checkout({
    'deploy/prod/app.yaml': 'a',
    'deploy/app.yaml': 'b',
    'deploy/notes.md': 'c',
    'compose.yml': 'd',
    '.github/workflows/ci.yml': 'e',
    Dockerfile: 'f',
    'images/web/Dockerfile': 'g'
  })
  const { root } = repository
  expect(paths(root, 'deploy/**/*.yaml')).toEqual(['deploy/app.yaml', 'deploy/prod/app.yaml'])
  expect(paths(root, 'deploy/*.yaml', './compose*.yml')).toEqual(['compose.yml', 'deploy/app.yaml'])
  expect(paths(root, '.github/workflows/*.yml', '**/Dockerfile')).toEqual([
    '.github/workflows/ci.yml',
    'Dockerfile',
    'images/web/Dockerfile'
  ])
  expect(paths(root, 'deploy/**', '!**/*.md')).toEqual(['deploy/app.yaml', 'deploy/prod/app.yaml'])
})

test('a pattern that matches no file is told, one that takes out nothing is not', () => {
  using repository = checkout({ 'deploy/app.yaml': 'a', 'node_modules/x/app.yaml': 'b', '.git/config': 'c' })
  expect(readMatchingFiles(repository.root, ['deploy', '**/*.yaml', '.git/*', '!x/**']).idle).toEqual([
    'deploy',
    '.git/*'
  ])
  expect(paths(repository.root, '**')).toEqual(['deploy/app.yaml'])
})

test('links are followed within the workspace, never in circles, and one that leads out of it is an error', () => {
  using outside = checkout({ 'secret.yaml': 'x' })
  using repository = checkout({ 'releases/v2/app.yaml': 'tag: v2' })
  const { root } = repository
  symlinkSync('v2', join(root, 'releases/current'))
  symlinkSync('app.yaml', join(root, 'releases/v2/same.yaml'))
  symlinkSync('..', join(root, 'releases/up'))
  symlinkSync(outside.root, join(root, 'elsewhere'))
  const { files } = readMatchingFiles(root, ['releases/current/app.yaml', 'elsewhere/**'])
  expect(files).toEqual([{ path: 'releases/current/app.yaml', text: 'tag: v2' }])
  expect(paths(root, '**/*.yaml')).toEqual([
    'releases/current/app.yaml',
    'releases/current/same.yaml',
    'releases/v2/app.yaml',
    'releases/v2/same.yaml'
  ])
  for (const [name, to] of [
    ['secret.yaml', join(outside.root, 'secret.yaml')],
    ['nowhere.yaml', 'gone.yaml']
  ] as const) {
    symlinkSync(to, join(root, name))
    expect(() => readMatchingFiles(root, ['*.yaml'])).toThrow(`exclude it with \`!${name}\``)
    expect(paths(root, '*.yaml', `!${name}`)).toEqual([])
    rmSync(join(root, name))
  }
})

test('E-42 nine folders that link to each other are walked in bounds', () => {
  const names = Array.from({ length: 9 }, (_, at) => `d${at}`)
  using repository = checkout(Object.fromEntries(names.map(name => [`${name}/a.yaml`, name])))
  const { root } = repository
  for (const from of names) for (const to of names) symlinkSync(`../${to}`, join(root, from, `to-${to}`))
  const found = paths(root, '**/*.yaml')
  expect(found).toEqual(expect.arrayContaining(names.map(name => `${name}/a.yaml`)))
  expect(found.length).toBeLessThan(100)
})

test('files are read as UTF-8 or UTF-16, and what holds no text is told', () => {
  using repository = checkout({
    'a.txt': '\uFEFFtag: ü',
    'b.txt': Buffer.from('\uFEFFtag: v2', 'utf16le'),
    'c.txt': Buffer.from([1, 2, 0, 3])
  })
  const { files, unsearched } = readMatchingFiles(repository.root, ['*.txt'])
  expect(files.map(({ text }) => text)).toEqual(['tag: ü', 'tag: v2'])
  expect(unsearched).toEqual(['c.txt is not a text file'])
})

test('a file that is too large is an error, not silence', () => {
  using repository = checkout({ 'a.yaml': '' })
  writeFileSync(join(repository.root, 'big.yaml'), Buffer.alloc(17 * 1024 * 1024, 32))
  expect(() => readMatchingFiles(repository.root, ['*.yaml'])).toThrow(/`big\.yaml`.* has more than 16 MiB/)
})

test.each(['/etc/*.yaml', '../*.yaml', 'a/../../b', 'semver:*', 'C:/x'])(
  '%s is no pattern of files',
  pattern => {
    using repository = checkout({ 'a.yaml': '' })
    expect(() => readMatchingFiles(repository.root, [pattern])).toThrow(/must be a glob within the workspace/)
  }
)

test('a file that cannot be read is an error with what to do', () => {
  using repository = checkout({ 'a.txt': 'x' })
  const { root } = repository
  expect(() => readTextFile(root, 'none.yml', 'The policy file')).toThrow(
    'The policy file `none.yml` is not there. Check its path, and that the repository is checked out before this step (actions/checkout).'
  )
  mkdirSync(join(root, 'folder'))
  expect(() => readTextFile(root, 'folder', 'The policy file')).toThrow(
    /The policy file `folder` cannot be read: /
  )
  // The superuser may read everything.
  if (process.getuid?.() === 0) return
  chmodSync(join(root, 'a.txt'), 0)
  expect(() => readMatchingFiles(root, ['a.txt'])).toThrow(/cannot be read/)
})

test('E-42 what is no file, and may never end, is not read', () => {
  using repository = checkout({ 'large.yml': 'a'.repeat(1024 * 1024 + 1) })
  const { root } = repository
  expect(() => readTextFile(root, '/dev/zero', 'The policy file')).toThrow(
    'The policy file `/dev/zero` cannot be read: it is not a file.'
  )
  expect(() => readPolicy('large.yml', root)).toThrow('more than 1 MiB')
})

test('E-42 links that lead to one folder are not followed beyond what a repository has', () => {
  const files = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`f/${at}.yaml`, '']))
  using repository = checkout(files)
  for (let at = 0; at < 600; at++) symlinkSync('f', join(repository.root, `l${at}`))
  expect(() => readMatchingFiles(repository.root, ['none.yaml'])).toThrow('more than 300,000 paths')
})

test('E-42 folders that link to each other without files are not followed beyond that either', () => {
  using repository = checkout({ 'd/a': '', 'e/a': '' })
  for (let at = 0; at < 700; at++) {
    symlinkSync('../e', join(repository.root, 'd', `l${at}`))
    symlinkSync('../d', join(repository.root, 'e', `l${at}`))
  }
  expect(() => readMatchingFiles(repository.root, ['none.yaml'])).toThrow('more than 300,000 paths')
})

test('E-40 a link into a folder of git is not followed, however its name is spelled', () => {
  using repository = checkout({ '.GIT/config': 'a', '.git/config': 'b' })
  for (const name of ['.GIT', '.git']) {
    symlinkSync(`${name}/config`, join(repository.root, `link${name}`))
    expect(() => readTextFile(repository.root, `link${name}`, 'The policy file')).toThrow('into `.git`')
  }
})

test('E-42 a file of nothing but line ends is refused when it is endless', () => {
  using repository = checkout({ 'a.yaml': '\n'.repeat(1_000_001) })
  expect(() => readMatchingFiles(repository.root, ['*.yaml'])).toThrow('more than 1,000,000 lines')
})

test.each(['a/', ':v', '${A:-', ' '])('E-42 a line of nothing but %j is refused when it is endless', unit => {
  using repository = checkout({ 'a.yaml': `ghcr.io/acme/app${unit.repeat(2_000_000)}` })
  const read = () => readMatchingFiles(repository.root, ['*.yaml'])
  if (unit.length > 1) expect(read).toThrow('a line of more than 2,097,152 characters')
  else expect(read().files).toHaveLength(1)
})
