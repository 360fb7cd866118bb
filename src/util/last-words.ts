import { plain } from './format.ts'
import { tellBug } from './tell-bug.ts'

const tell = (thrown: unknown): void =>
  tellBug(
    thrown,
    line => console.log(plain(line)),
    sentence => console.log(`::error::${plain(sentence)}`)
  )

// What nobody catches, even while the program is loaded. Node would print the line that it comes from, which is half the bundle.
process.setUncaughtExceptionCaptureCallback(thrown => {
  tell(thrown)
  process.exit(1)
})

// Where nothing is left that a run could wait for, Node ends it in the middle, without a word.
process.once('beforeExit', () => {
  if (process.exitCode !== undefined) return
  tell(
    new Error(
      'the run waited for an answer that nobody was left to give, and ended there; what it changed before stands in its report'
    )
  )
  process.exit(1)
})
