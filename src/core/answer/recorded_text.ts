import { AI_NAME_MAX, POINTER_RECORDED_MAX } from '../contract/body_facts.ts';
import { TOOL_CALL_NAME_MAX, TOOL_CALLS_RECORDED_MAX } from '../receipt/inspection_facts.ts';
import type { AnswerProblem } from './answer_job.ts';

const PLAIN = /^[^\p{Cc}\p{Cs}]*$/u;
const VISIBLE = new RegExp(`^[!-~]{1,${TOOL_CALL_NAME_MAX}}$`);

/** A problem as receipts hold it: of its pointer the nearest ancestor that fits and has no controls in it. */
export function recordedProblem({ code, pointer, offset }: AnswerProblem): AnswerProblem {
  return {
    code,
    ...(pointer === undefined ? {} : { pointer: recordedPointer(pointer) }),
    ...(offset === undefined ? {} : { offset }),
  };
}

function recordedPointer(pointer: string): string {
  let known = '';
  for (const token of pointer.split('/').slice(1)) {
    const longer = `${known}/${token}`;
    if (longer.length > POINTER_RECORDED_MAX || !PLAIN.test(token)) break;
    known = longer;
  }
  return known;
}

/** Undefined for a name that no record can hold; cut between characters. */
export function recordedModel(name: string | undefined): string | undefined {
  if (name === undefined || name === '' || !PLAIN.test(name)) return undefined;
  let cut = '';
  for (const character of name) {
    if (cut.length + character.length > AI_NAME_MAX) break;
    cut += character;
  }
  return cut;
}

export function recordedTools(names: readonly string[]): readonly string[] {
  return names.slice(0, TOOL_CALLS_RECORDED_MAX).map((name) => (VISIBLE.test(name) ? name : '?'));
}
