import { messageOf } from '../errors.ts'
import { plain } from './format.ts'
import { REPOSITORY } from './links.ts'

// What nobody catches, even while the program is loaded. Node would print the line that it comes from, which is half the bundle.
process.setUncaughtExceptionCaptureCallback(error => {
  console.log(
    `::error::ghcr-steward cannot go on: ${plain(messageOf(error))}. Look at the runner's \`https_proxy\` and \`GITHUB_EVENT_PATH\`; ` +
      `if they are as they should be, please report it: ${REPOSITORY}/issues`
  )
  process.exit(1)
})
