import { SHOWN_CHARS_MAX } from './bounds.ts';
import type { PolicyProblem } from './compiled.ts';

/** A mistake before its place in the file is known. */
export interface Mistake {
  readonly severity: PolicyProblem['severity'];
  readonly code: string;
  /** JSON pointer into the document. */
  readonly pointer: string;
  /** Whether the place is the value at the pointer or its key. */
  readonly at?: 'key' | 'value';
  readonly message: string;
  readonly hint: string;
}

export function mistake(code: string, pointer: string, message: string, hint: string): Mistake {
  return { severity: 'error', code, pointer, message, hint };
}

export function warning(code: string, pointer: string, message: string, hint: string): Mistake {
  return { severity: 'warning', code, pointer, message, hint };
}

/** RFC 6901 pointer of a path of keys and indexes. */
export function pointerOf(...parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A found value for a message: short, on one line, with invisible characters and direction marks escaped. */
export function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = typeof value === 'string' ? quoted(value) : String(value);
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}

export function quoted(text: string): string {
  return JSON.stringify(text).replace(/[\p{C}\p{Z}]/gu, (char) =>
    char === ' ' ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** One line for people: `file:line:column: error CODE at /pointer: message (hint)`. */
export function formatProblem(problem: PolicyProblem): string {
  const { file, line, column, severity, code, pointer, message, hint } = problem;
  const where = pointer === '' ? '' : ` at ${pointer}`;
  return `${file}:${line}:${column}: ${severity} ${code}${where}: ${message} (${hint})`;
}
