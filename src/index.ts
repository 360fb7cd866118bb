import { setFlagsFromString } from 'node:v8'
// First: what follows may fail to load.
import './util/last-words.ts'
import './util/runner-settings.ts'
import { main } from './main.ts'

// A runner starts this file without any flags. Without these, Node lets garbage grow to several times what is in
// use; with them it hardly grows, and the processor works about a quarter longer (`__tests__/index.test.ts`).
// The first keeps the room for young objects as small as at first, the second collects old ones after so much growth.
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=20')

await main()
