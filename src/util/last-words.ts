import { plain } from './format.ts'
import { tellBug } from './tell-bug.ts'

// What nobody catches, even while the program is loaded. Node would print the line that it comes from, which is half the bundle.
process.setUncaughtExceptionCaptureCallback(thrown => {
  tellBug(
    thrown,
    line => console.log(plain(line)),
    sentence => console.log(`::error::${plain(sentence)}`)
  )
  process.exit(1)
})
