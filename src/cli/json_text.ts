import type { JsonProblem } from '../core/body/json_problem.ts';
import type { RepairProblem } from '../core/body/repair.ts';
import { nameOf } from './input_bytes.ts';
import { meaningOf } from './json_meaning.ts';
import type { Place } from './text_place.ts';
import { visible } from './visible.ts';

/** A problem with its place; the members are those of `--json`. */
export type PlacedProblem = Omit<JsonProblem | RepairProblem, 'record'> &
  Place & { readonly record?: number };

/**
 * What is wrong, where, what stands there, and what to do next; ends with a line feed. `nextStep` takes the place of
 * that of `json check`, whose flags another command may not have.
 */
export function problemText(file: string, problem: PlacedProblem, nextStep?: string): string {
  const { code, pointer, offset, line, column, record, excerpt } = problem;
  const { what, next } = meaningOf(code);
  const text = record === undefined ? '' : `, text ${record} (the first is 0)`;
  return [
    `${nameOf(file)}:${line}:${column}: ${code}: ${what}`,
    `  at     ${pointer === '' ? 'the whole text' : visible(pointer)}, byte ${offset}${text}`,
    `  there  ${excerpt.before}${excerpt.after}`,
    `         ${' '.repeat(excerpt.before.length)}^`,
    `  next   ${nextStep ?? next}`,
    '',
  ].join('\n');
}
