import { expect, test } from '@jest/globals'
import { boundedFetch } from '../../src/github/bounded-fetch.ts'

const answering = (body: string | null, status = 200): typeof fetch =>
  boundedFetch(async () => new Response(body, { status, headers: { 'x-some': 'thing' } }), 100)

test.each([
  [200, '{}'],
  [404, 'x'.repeat(100)],
  [204, null]
])('an answer %i within the bounds is the same', async (status, body) => {
  const answer = await answering(body, status)('https://api.example')
  expect([answer.status, answer.headers.get('x-some'), await answer.text()]).toEqual([
    status,
    'thing',
    body ?? ''
  ])
})

test.each([101, 999])('an answer %i is none', async status => {
  const odd = boundedFetch(async () => Object.defineProperty(new Response(), 'status', { value: status }))
  await expect(odd('https://api.example')).rejects.toThrow(`HTTP ${status}`)
})

test('E-42 one that is forgotten ends with its signal', async () => {
  const forgotten = boundedFetch(() => new Promise(() => {}))
  const signal = AbortSignal.timeout(1)
  await expect(forgotten('https://api.example', { signal })).rejects.toMatchObject({ name: 'TimeoutError' })
})

test('E-42 an answer beyond them breaks off', async () => {
  const answer = await answering('x'.repeat(101))('https://api.example')
  await expect(answer.text()).rejects.toThrow('far too large')
})
