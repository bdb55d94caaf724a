import { parseStrictJson } from '../canonical/jcs.ts';
import type { JsonValue } from '../canonical/json_value.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { SOURCE_CHARS_MAX, YAML_CHARS_MAX } from './bounds.ts';
import { jsonPlace } from './json_places.ts';
import { type Mistake, mistake } from './mistakes.ts';
import { readYaml } from './yaml_source.ts';

/** Lines and columns start at 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface PlacedMistake extends Mistake {
  readonly place: Place;
}

export interface SourceTree {
  readonly value: JsonValue;
  /** Where the value (or its key) stands; the nearest parent when there is no such member. */
  locate(pointer: string, at: 'key' | 'value'): Place;
}

export const FIRST_PLACE: Place = { line: 1, column: 1 };

/**
 * Reads YAML 1.2 or JSON. Refused: aliases and anchors, tags outside the core schema, directives, several documents,
 * duplicate or non-text keys, and anything past the bounds.
 */
export function readSource(text: string): Result<SourceTree, readonly PlacedMistake[]> {
  if (text.length > SOURCE_CHARS_MAX) return fail([tooLarge(text.length, SOURCE_CHARS_MAX, 'are read')]);
  const json = readJson(text);
  if (json) return json;
  if (text.length <= YAML_CHARS_MAX) return readYaml(text);
  return fail([tooLarge(text.length, YAML_CHARS_MAX, 'are read of YAML; write larger documents as JSON')]);
}

/** JSON is parsed ten times faster than YAML; the places are only looked up when something is wrong. */
function readJson(text: string): Result<SourceTree, never> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const parsed = parseStrictJson(utf8Encode(text));
  if (!parsed.ok) return undefined;
  return ok({ value: parsed.value, locate: (pointer, at) => jsonPlace(text, pointer, at) });
}

function tooLarge(length: number, limit: number, hint: string): PlacedMistake {
  const message = `the document has ${length} characters`;
  return { ...mistake('SOURCE_TOO_LARGE', '', message, `at most ${limit} ${hint}`), place: FIRST_PLACE };
}
