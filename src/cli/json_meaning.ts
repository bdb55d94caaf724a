import type { JsonCode } from '../core/body/json_problem.ts';
import type { RepairProblem } from '../core/body/repair.ts';

type Code = JsonCode | RepairProblem['code'];

const REPAIR = 'clawgress json repair mends this where nothing has to be guessed';
const NUMBERS = 'write it as a string, or allow it with --numbers any';
const FIXED = 'this bound is fixed; docs/spec/json.md names it';

const MEANING: Readonly<Record<Code, readonly [what: string, next: string]>> = {
  EMPTY: ['there is no value', 'put a JSON value there'],
  TRUNCATED: [
    'the text ends before its value does',
    'get the whole text; nothing that is missing is made up',
  ],
  UNEXPECTED_BYTE: ['this byte may not stand here', REPAIR],
  TRAILING_DATA: ['something stands behind the value', 'for several texts use --lines or --sequence'],
  BOM: ['a byte order mark stands in front', REPAIR],
  NOT_UTF8: ['the bytes are not UTF-8', 'write the text in UTF-8'],
  CONTROL_IN_STRING: ['a control character stands in a string', 'escape it, as \\n or \\u0009'],
  ESCAPE_INVALID: [
    'JSON has no such escape',
    'allowed are \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four digits',
  ],
  LONE_SURROGATE: ['half of a character', 'write both halves, or the character itself'],
  NUMBER_SYNTAX: [
    'this is not how JSON writes numbers',
    'no leading zeros or plus, digits on both sides of the point',
  ],
  NUMBER_OVERFLOW: ['the number is too large for a double', 'write it as a string'],
  NUMBER_UNDERFLOW: ['a double would hold this number as zero', NUMBERS],
  NUMBER_UNSAFE_INTEGER: ['an integer beyond 2^53-1: readers see different ones', NUMBERS],
  NUMBER_INEXACT: ['more digits than a double holds', NUMBERS],
  DUPLICATE_KEY: [
    'the object has this name already: readers see different values',
    'keep one of them, or use --allow-duplicates',
  ],
  FORBIDDEN_KEY: ['this name is not allowed', 'use another one'],
  TOO_BIG: ['the text is larger than allowed', 'raise --max-bytes'],
  TOO_DEEP: ['more objects and arrays inside each other than allowed', 'raise --max-depth'],
  KEY_TOO_LONG: ['the name is longer than allowed', FIXED],
  STRING_TOO_LONG: ['the string is longer than allowed', FIXED],
  NUMBER_TOO_LONG: ['the number has more characters than allowed', FIXED],
  TOO_MANY_MEMBERS: ['an object has more members than allowed', FIXED],
  TOO_MANY_ELEMENTS: ['an array has more elements than allowed', FIXED],
  NAMES_TOO_BIG: ['the names of the open objects need more memory than allowed', FIXED],
  TOO_MANY_RECORDS: ['there are more texts than allowed', FIXED],
  VALUE_TOO_BIG: ['the value needs more memory than allowed', FIXED],
  VALUE_REFUSED: ['the value was refused', 'docs/spec/json.md explains every code'],
  NOT_AN_ARRAY: ['an array was expected here', 'docs/spec/json.md explains every code'],
  REPAIR_TOO_BIG: ['the text is larger than what is repaired', FIXED],
  REPAIR_TOO_MANY_EDITS: ['the text needs more edits than allowed', FIXED],
};

/** Whether an edit may mend it, so that `json repair` is the next step. */
export function isMendable(code: Code): boolean {
  return MEANING[code][1] === REPAIR;
}

/** One sentence about a code, and what to do next. */
export function meaningOf(code: Code): { readonly what: string; readonly next: string } {
  const [what, next] = MEANING[code];
  return { what, next };
}
