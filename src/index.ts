import { setFlagsFromString } from 'node:v8'
// First: what follows may fail to load.
import './util/last-words.ts'
import { main } from './main.ts'

// A runner starts this file without any flags. Left to itself, Node lets garbage grow to several times what is in
// use; with these hardly at all, for about a quarter more time of the processor (`__tests__/index.test.ts`).
// What is young is not given more room than at first; what is old is swept when it has grown by so much.
setFlagsFromString('--semi-space-growth-factor=1')
setFlagsFromString('--heap-growing-percent=20')

await main()
