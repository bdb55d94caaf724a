import { checkJson } from '../core/body/check_json.ts';
import { JSON_LIMITS, type JsonLimits } from '../core/body/json_limits.ts';
import type { JsonProblem } from '../core/body/json_problem.ts';
import { repairJson } from '../core/body/repair.ts';
import type { EditKind, EditRecord } from '../core/body/repair_edit.ts';
import { type BuiltValue, ValueBuilder } from '../core/body/value_builder.ts';
import { type BodyProblem, EDITS_RECORDED_MAX } from '../core/contract/body_facts.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** Memory of one body as a value, as ValueBuilder counts it. */
export const VALUE_BYTES_MAX = 67_108_864;
/** Largest text that is repaired. */
export const REPAIR_BYTES_MAX = 4_194_304;
/** One is left for the edit that asks for usage. */
const EDITS_MAX = EDITS_RECORDED_MAX - 1;

export interface ReadText {
  readonly value: BuiltValue;
  /** What goes on: as it came, or mended. */
  readonly bytes: Uint8Array;
  /** None: it is as it came. */
  readonly edits: readonly EditRecord[];
}

/** A text as one value; repaired at most once, and then read again from its first byte like any other. */
export function readJson(
  bytes: Uint8Array,
  bytesMax: number,
  kinds: readonly EditKind[] | undefined,
): Result<ReadText, BodyProblem> {
  const limits = { ...JSON_LIMITS, bytesMax };
  const asItCame = builtFrom(bytes, limits);
  if (asItCame.ok) return ok({ value: asItCame.value, bytes, edits: [] });
  if (kinds === undefined) return asItCame;
  const repaired = repairJson(bytes, limits, { bytesMax: REPAIR_BYTES_MAX, editsMax: EDITS_MAX, kinds });
  if (!repaired.ok) return repaired;
  const { bytes: mended, edits } = repaired.value;
  if (edits.length === 0) return asItCame;
  const again = builtFrom(mended, limits);
  return again.ok ? ok({ value: again.value, bytes: mended, edits }) : again;
}

function builtFrom(bytes: Uint8Array, limits: JsonLimits): Result<BuiltValue, JsonProblem> {
  const builder = new ValueBuilder(VALUE_BYTES_MAX);
  const problem = checkJson(bytes, limits, builder);
  return problem === undefined ? ok(builder.value ?? null) : fail(problem);
}
