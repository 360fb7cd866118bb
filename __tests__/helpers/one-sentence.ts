import { expect } from '@jest/globals'
import { image } from '../emulator/shapes.ts'
import { ago, openScene } from '../modes/retain/runs.ts'
import type { Circumstances } from './run-action.ts'

/** A slip of the pen, the only one of its run, and what its answer says to write instead. */
export type Slip = readonly [slip: Readonly<Record<string, string>>, cure: string]

/**
 * Runs the action with a slip, and expects that the run ends before its first request, with one annotation that says
 * what is wrong and what to write instead, in words that one reads once.
 *
 * @returns the annotation
 */
export async function expectOneSentence([slip, cure]: Slip, circumstances?: Circumstances): Promise<string> {
  await using scene = await openScene()
  scene.app.push(image(), { tags: ['latest', 'v1'], at: ago(90) })
  const { errors, warnings, code } = await scene.run(slip, circumstances)
  expect({ errors, warnings, code }).toEqual({
    errors: [expect.stringContaining(cure)],
    warnings: [],
    code: 1
  })
  const [sentence = ''] = errors
  expect(sentence.length).toBeLessThan(330)
  expect(sentence.split(/\. (?=[A-Z])/).length).toBeLessThanOrEqual(3)
  expect(scene.github.requests).toEqual([])
  return sentence
}
