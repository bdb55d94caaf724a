import type { BodySchema, PolicyDocument } from '../../gen/policy_document.ts';
import { readSchema, type SchemaText, schemaHash } from './schema_text.ts';

/** A schema of a policy with the hash that demands and receipts call it by. */
export interface PlanSchema extends SchemaText {
  readonly schema_hash: string;
}

/** The schemas of one checked document by their ids. */
export type SchemaTable = ReadonlyMap<string, PlanSchema>;

export function schemaTableOf({ schemas = [] }: Pick<PolicyDocument, 'schemas'>): SchemaTable {
  return new Map(schemas.map((schema) => [schema.id, planSchema(schema)]));
}

/** A schema is text in canonical form: policies know integers alone, schemas also fractions. */
export function canonicalSchema(schema: BodySchema): BodySchema {
  const { draft, text } = readable(schema);
  return { id: schema.id, draft, schema: text as unknown as BodySchema['schema'] };
}

function planSchema(schema: BodySchema): PlanSchema {
  const read = readable(schema);
  return { ...read, schema_hash: schemaHash(read) };
}

function readable(schema: BodySchema): SchemaText {
  const read = readSchema(schema);
  if (!read.ok) throw new Error('a plan is built from a checked document');
  return read.value;
}
