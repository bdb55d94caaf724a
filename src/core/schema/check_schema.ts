import { ok, type Result } from '../result.ts';
import { compileSchema } from './compile_schema.ts';
import type { Draft } from './keywords.ts';
import type { SchemaProblem } from './problem.ts';

/** Whether a schema can be enforced as it is written; asked when a policy is loaded. */
export function checkSchema(draft: Draft, text: string): Result<undefined, SchemaProblem> {
  const compiled = compileSchema(draft, text);
  return compiled.ok ? ok(undefined) : compiled;
}
