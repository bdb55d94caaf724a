import { fail, ok, type Result } from '../result.ts';
import { checkJson } from './check_json.ts';
import type { JsonLimits } from './json_limits.ts';
import type { JsonCode } from './json_problem.ts';
import {
  applyEdits,
  type Edit,
  type EditKind,
  type EditRecord,
  originalOffset,
  recordOf,
} from './repair_edit.ts';
import { RepairScanner } from './repair_scanner.ts';
import { wrappingOf } from './repair_wrapping.ts';

export interface RepairBounds {
  /** Largest text that is repaired. */
  readonly bytesMax: number;
  readonly editsMax: number;
  /** Edits that may be made; everything else is refused as if it could not be repaired. */
  readonly kinds: readonly EditKind[];
}

export interface Repaired {
  readonly bytes: Uint8Array;
  /** In the order of their offsets; empty when the text was right as it came. */
  readonly edits: readonly EditRecord[];
}

/** That a text is beyond the bounds of repair. */
export const REPAIR_CODES = ['REPAIR_TOO_BIG', 'REPAIR_TOO_MANY_EDITS'] as const;

export interface RepairProblem {
  /** The first thing that no allowed edit mends, unless it is the bounds. */
  readonly code: JsonCode | (typeof REPAIR_CODES)[number];
  /** Of the text as it came. */
  readonly offset: number;
  readonly pointer: string;
}

/**
 * Repairs how a JSON text is written, once: what comes back has passed the strict checker, and says what the original
 * says in every dialect that accepts it. Never mended: what is missing, numbers, literals, several texts, and anything
 * inside a value.
 */
export function repairJson(
  bytes: Uint8Array,
  limits: JsonLimits,
  bounds: RepairBounds,
): Result<Repaired, RepairProblem> {
  const asItCame = checkJson(bytes, limits);
  if (asItCame === undefined) return ok({ bytes, edits: [] });
  // Leaving out comments must not bring a text below the limit that it came beyond.
  if (bytes.length > limits.bytesMax) return fail(asItCame);
  if (bytes.length > bounds.bytesMax)
    return fail({ code: 'REPAIR_TOO_BIG', offset: bounds.bytesMax, pointer: '' });
  const edits = editsOf(bytes, bounds);
  const beyond = edits[bounds.editsMax];
  if (beyond !== undefined)
    return fail({ code: 'REPAIR_TOO_MANY_EDITS', offset: beyond.offset, pointer: '' });
  const repaired = applyEdits(bytes, edits);
  const problem = checkJson(repaired, limits);
  if (problem !== undefined) return fail({ ...problem, offset: originalOffset(problem.offset, edits) });
  return ok({ bytes: repaired, edits: edits.map(recordOf) });
}

function editsOf(bytes: Uint8Array, { kinds, editsMax }: RepairBounds): readonly Edit[] {
  const allowed = new Set(kinds);
  const { bom, opening, closing, from, to } = wrappingOf(bytes);
  const inside = new RepairScanner(bytes, to, allowed, editsMax).scan(from);
  const around = (edit: Edit | undefined) => (edit !== undefined && allowed.has(edit.kind) ? [edit] : []);
  return [...around(bom), ...around(opening), ...inside, ...around(closing)];
}
