import * as z from 'zod'
import { policySchema } from '../../src/config/schema/policy-schema.ts'

/** The JSON Schema of a policy file, draft 2020-12. */
export function policyJsonSchema(): object {
  const { $schema, ...schema } = z.toJSONSchema(policySchema, { io: 'input' })
  return { $schema, title: 'ghcr-steward policy', ...schema }
}
