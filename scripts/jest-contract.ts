import type { contractViolations as Check } from '../__tests__/emulator/contract.ts'

/** Stands in for `__tests__/emulator/contract.ts` in tests: the same, as `jest-environment.ts` has it ready. */
export const { contractViolations } = globalThis as unknown as { contractViolations: typeof Check }
