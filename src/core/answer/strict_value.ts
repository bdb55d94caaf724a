import { checkJson } from '../body/check_json.ts';
import { JSON_LIMITS, type NumberRule } from '../body/json_limits.ts';
import type { JsonProblem } from '../body/json_problem.ts';
import { type BuiltValue, ValueBuilder } from '../body/value_builder.ts';
import { fail, ok, type Result } from '../result.ts';

/** Memory of one answer, or one event, as a value, as ValueBuilder counts it. */
const VALUE_BYTES_MAX = 67_108_864;

/** `bytesMax`: of the text. */
export function strictValue(
  bytes: Uint8Array,
  bytesMax: number,
  numbers: NumberRule,
): Result<BuiltValue, JsonProblem> {
  const builder = new ValueBuilder(VALUE_BYTES_MAX);
  const problem = checkJson(bytes, { ...JSON_LIMITS, bytesMax, numbers }, builder);
  return problem === undefined ? ok(builder.value ?? null) : fail(problem);
}
