import { disturb } from './__tests__/campaign/campaign.ts'
import { scenarioOf } from './__tests__/campaign/scenario.ts'

const s = scenarioOf(532479, 'witnesses')
console.log(JSON.stringify({ p: s.pushes, i: s.inputs }, null, 0))
console.dir(s.disturbances, { depth: 9 })
const n = Number(process.argv[2] ?? 0)
let bad = 0
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (let i = 0; i < n / 4; i++) {
      const v = await disturb(532479, 'witnesses', 'inside')
      if (v.findings.length) {
        bad++
        console.log(v.findings)
      }
    }
  })
)
console.log('bad', bad, 'of', n)
