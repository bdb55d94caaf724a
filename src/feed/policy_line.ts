import type { PolicyProblem } from '../core/policy/compiled.ts';

/** Mistakes that are named; the rest of a broken document is found when these are corrected. */
export const LINES_MAX = 20;

/** One mistake of a policy document as a line for people. */
export function policyLine(one: PolicyProblem): string {
  return `${one.file}:${one.line}:${one.column} ${one.code} at ${one.pointer || '/'}: ${one.message}; ${one.hint}`;
}
