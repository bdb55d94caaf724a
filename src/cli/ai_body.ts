import { checkJson } from '../core/body/check_json.ts';
import { JSON_LIMITS } from '../core/body/json_limits.ts';
import { ValueBuilder } from '../core/body/value_builder.ts';
import type { JsonValue } from '../core/canonical/json_value.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { PlacedProblem } from './json_text.ts';
import { PlaceKeeper } from './text_place.ts';

/** Memory of one body as a value, as ValueBuilder counts it. */
const VALUE_BYTES_MAX = 67_108_864;

/** A body, strictly: duplicate names are refused, as the readers of AI traffic demand. */
export function readBody(bytes: Uint8Array): Result<JsonValue, PlacedProblem> {
  const builder = new ValueBuilder(VALUE_BYTES_MAX);
  const problem = checkJson(bytes, JSON_LIMITS, builder);
  if (problem === undefined) return ok(builder.value ?? null);
  const keeper = new PlaceKeeper();
  keeper.add(bytes);
  return fail({ ...problem, ...keeper.placeOf(problem.offset) });
}
