import { AI_NAME_MAX } from '../contract/body_facts.ts';
import { TOOL_CALL_NAME_MAX, TOOL_CALLS_RECORDED_MAX } from '../receipt/inspection_facts.ts';

const PLAIN = /^[^\p{Cc}\p{Cs}]*$/u;
const VISIBLE = new RegExp(`^[!-~]{1,${TOOL_CALL_NAME_MAX}}$`);

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
