import * as z from 'zod'
import { KINDS } from '../../model/manifest.ts'

const moment = z.string().refine(text => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)), {
  error: ({ input }) => `\`${input}\` is not a point in time. Write for instance \`2026-06-30T12:00:00Z\`.`
})

const name = z.string().min(1)

/** A case of the key `tests`, as it is written. */
export const policyTest = z.strictObject({
  name: name.describe('What the case shows'),
  package: name.optional().describe('The package that it is about; default: the first entry'),
  now: moment,
  versions: z.array(
    z.strictObject({
      digest: name.describe('Any name that is unique in the case'),
      tags: z.array(name).optional(),
      created: moment,
      updated: moment.optional().describe('Default: as created'),
      children: z.array(name).optional(),
      subject: name.optional(),
      kind: z.enum(KINDS).optional(),
      labels: z.record(z.string(), z.string()).optional()
    })
  ),
  'in-use': z.array(z.strictObject({ by: name, tag: name.optional(), digest: name.optional() })).optional(),
  'pull-requests': z
    .record(
      z.string().regex(/^\d+$/),
      z.strictObject({ state: z.enum(['open', 'closed']), closed: moment.optional() })
    )
    .optional(),
  branches: z.array(name).optional(),
  'git-tags': z.array(name).optional(),
  expect: z.strictObject({
    delete: z.array(name).describe('Digests that the plan deletes'),
    untag: z.record(z.string(), z.array(name)).optional(),
    stop: z.boolean().optional().describe('A brake holds'),
    apply: z.array(name).optional().describe('Digests that this run deletes, in order')
  })
})

/** A case that the policy must decide as it says. */
export type PolicyTest = z.infer<typeof policyTest>
