import { expect, test } from '@jest/globals'
import { actionsLog, gathered, type Log, type StepOutput, takeTurns } from '../src/log.ts'

/** A log that writes down what reaches it. */
function recorded(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const say = (text: string): void => {
    lines.push(text)
  }
  const log: Log = {
    info: say,
    debug: say,
    notice: say,
    progress: say,
    warning: say,
    error: say,
    secret: say,
    async group(title, work) {
      say(`[${title}`)
      const result = await work()
      say(']')
      return result
    }
  }
  return { log, lines }
}

test('groups that are written side by side come one after another, each whole, in the order of their ends', async () => {
  const { log, lines } = recorded()
  const inTurn = takeTurns()
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const groups = gates.map(({ promise }, index) => {
    const own = gathered(log, inTurn)
    return own.group(`${index}`, async () => {
      own.info(`${index} begins`)
      await promise
      own.info(`${index} ends`)
      return index
    })
  })
  expect(lines).toEqual([])
  for (const gate of gates.toReversed()) gate.resolve()
  expect(await Promise.all(groups)).toEqual([0, 1])
  expect(lines).toEqual(['[1', '1 begins', '1 ends', ']', '[0', '0 begins', '0 ends', ']'])
})

test('what was told before a failure is printed, and the failure goes on', async () => {
  const { log, lines } = recorded()
  const own = gathered(log, takeTurns())
  const failing = own.group('a', async () => {
    own.info('so far')
    throw new Error('a bug')
  })
  await expect(failing).rejects.toThrow('a bug')
  expect(lines).toEqual(['[a', 'so far', ']'])
})

test('annotations and progress are not held back', () => {
  const { log, lines } = recorded()
  const own = gathered(log, takeTurns())
  own.warning('look')
  own.progress('half')
  expect(lines).toEqual(['look', 'half'])
})

test('E-41 a secret is masked alone and in base64, and what is too short for one is not: half the log would be gone', () => {
  const masked: string[] = []
  const clock = { now: () => 0, sleep: async () => {} }
  const log = actionsLog(clock, { setSecret: (text: string) => masked.push(text) } as unknown as StepOutput)
  for (const value of ['', 'e', 'version', 'ghs_secret']) log.secret(value)
  expect(masked).toEqual(['ghs_secret', Buffer.from('ghs_secret').toString('base64')])
})
