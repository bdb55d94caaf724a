import { parseStrictJson } from '../canonical/jcs.ts';
import type { JsonValue } from '../canonical/json_value.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { SOURCE_CHARS_MAX } from './bounds.ts';
import { type Mistake, mistake } from './mistakes.ts';
import { readYaml, type YamlTree } from './yaml_source.ts';

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
  if (text.length > SOURCE_CHARS_MAX) return fail([{ ...tooLarge(text.length), place: FIRST_PLACE }]);
  return readJson(text) ?? readYaml(text);
}

/** JSON is parsed ten times faster than YAML; the places are only looked up when something is wrong. */
function readJson(text: string): Result<SourceTree, never> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  const parsed = parseStrictJson(utf8Encode(text));
  if (!parsed.ok) return undefined;
  let tree: YamlTree | undefined;
  return ok({
    value: parsed.value,
    locate(pointer, at) {
      const yaml = tree === undefined ? readYaml(text) : ok(tree);
      if (!yaml.ok) return FIRST_PLACE;
      tree = yaml.value;
      return tree.locate(pointer, at);
    },
  });
}

function tooLarge(length: number): Mistake {
  return mistake(
    'SOURCE_TOO_LARGE',
    '',
    `the document has ${length} characters`,
    `at most ${SOURCE_CHARS_MAX} are read`,
  );
}
