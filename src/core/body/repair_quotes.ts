import type { Edit } from './repair_edit.ts';

const SINGLE = 0x27;
const DOUBLE = 0x22;
const BACKSLASH = 0x5c;
/** Escapes that JSON, JavaScript and Python read alike; a slash is none: Python keeps its backslash. */
const ALIKE = '"\\bfnrtu';

/** The place behind a string in double quotes that begins at `at`; undefined if it has no end. */
export function doubleQuotedEnd(bytes: Uint8Array, at: number, to: number): number | undefined {
  for (let i = at + 1; i < to; i += 1) {
    if (bytes[i] === BACKSLASH) i += 1;
    else if (bytes[i] === DOUBLE) return i + 1;
  }
  return undefined;
}

/** The edits that give a string in single quotes double ones, its content staying the same; undefined if unclear. */
export function singleQuoted(
  bytes: Uint8Array,
  at: number,
  to: number,
): { readonly end: number; readonly edits: readonly Edit[] } | undefined {
  const edits = [edit(at, 1, '"')];
  for (let i = at + 1; i < to; i += 1) {
    const byte = bytes[i] as number;
    if (byte === SINGLE) return { end: i + 1, edits: [...edits, edit(i, 1, '"')] };
    if (byte < 0x20) return undefined;
    if (byte === DOUBLE) edits.push(edit(i, 0, '\\'));
    if (byte !== BACKSLASH) continue;
    if (bytes[i + 1] === SINGLE) edits.push(edit(i, 1, ''));
    else if (!ALIKE.includes(String.fromCharCode(bytes[i + 1] ?? 0))) return undefined;
    i += 1;
  }
  return undefined;
}

function edit(offset: number, removed: number, text: string): Edit {
  return { offset, kind: 'single_quotes', removed, text };
}
