import type { PolicyDocument } from '../../gen/policy_document.ts';
import validate from '../../gen/policy_validator.js';
import type { JsonValue } from '../canonical/json_value.ts';
import { fail, ok, type Result } from '../result.ts';
import { PROBLEMS_MAX } from './bounds.ts';
import type { PolicyProblem } from './compiled.ts';
import { type Mistake, mistake } from './mistakes.ts';
import { schemaMistakes } from './schema_mistakes.ts';
import { semanticMistakes } from './semantic.ts';
import { type Place, readSource } from './source.ts';

export type Problems = readonly PolicyProblem[];

/** A file with policy text. */
export interface PolicySource {
  readonly file: string;
  readonly text: string;
}

/** One document of a set as it was read, with the places of its members. */
export interface Part {
  readonly file: string;
  readonly value: JsonValue;
  locate(pointer: string, at: 'key' | 'value'): Place;
}

/** A part that is of the schema's shape and makes sense by itself. */
export interface Member {
  readonly part: Part;
  readonly document: PolicyDocument;
}

export function readPart({ file, text }: PolicySource): Result<Part, Problems> {
  const tree = readSource(text);
  if (!tree.ok) return fail(tree.problem.map((found) => problemOf(file, found, found.place)));
  const { value } = tree.value;
  return ok({ file, value, locate: (pointer, at) => tree.value.locate(pointer, at) });
}

export function checkedMember(part: Part): Result<Member, Problems> {
  const { value } = part;
  if (!validate(value)) return fail(problemsIn(part, schemaMistakes(validate.errors ?? [])));
  const wrong = semanticMistakes(value);
  return wrong.length > 0 ? fail(problemsIn(part, wrong)) : ok({ part, document: value });
}

/** The first mistakes of one document with their places, in document order. */
export function problemsIn(part: Part, found: readonly Mistake[]): Problems {
  return capped(found)
    .map((one) => problemOf(part.file, one, part.locate(one.pointer, one.at ?? 'value')))
    .sort(byPlace);
}

function capped(found: readonly Mistake[]): readonly Mistake[] {
  if (found.length <= PROBLEMS_MAX) return found;
  const rest = found.length - PROBLEMS_MAX;
  const first = found[0];
  const more = mistake('MORE', '', `${rest} more of them`, 'correct these first');
  return [...found.slice(0, PROBLEMS_MAX), { ...more, severity: first?.severity ?? 'error' }];
}

function problemOf(file: string, found: Mistake, place: Place): PolicyProblem {
  const { severity, code, pointer, message, hint } = found;
  const { line, column } = place;
  return { severity, code, file, line, column, pointer, message, hint };
}

function byPlace(a: PolicyProblem, b: PolicyProblem): number {
  if ((a.code === 'MORE') !== (b.code === 'MORE')) return a.code === 'MORE' ? 1 : -1;
  return a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1);
}
