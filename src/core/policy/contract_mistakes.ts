import type { PolicyDocument } from '../../gen/policy_document.ts';
import { type Mistake, mistake, pointerOf } from './mistakes.ts';
import { readSchema } from './schema_text.ts';

/** Schemas that are none. */
export function bodySchemaMistakes({ schemas = [] }: PolicyDocument): readonly Mistake[] {
  return schemas.flatMap((schema, i) => {
    const read = readSchema(schema);
    if (read.ok) return [];
    const { message, hint } = read.problem;
    return [mistake('BODY_SCHEMA_INVALID', pointerOf('schemas', i, 'schema'), message, hint)];
  });
}
