import type { Edit } from './repair_edit.ts';

const BOM = [0xef, 0xbb, 0xbf];
const LF = 0x0a;
const BACKTICK = 0x60;
/** Nothing but the language may stand beside the opening backticks. */
const OPENING = /^```(?:json|jsonc|json5)?[ \t]*\r?\n/i;
const OPENING_BYTES_MAX = 16;
const WHITE: readonly number[] = [0x20, 0x09, LF, 0x0d];

/** What stands around the text proper, and where the latter is. */
export interface Wrapping {
  readonly bom?: Edit;
  readonly opening?: Edit;
  readonly closing?: Edit;
  readonly from: number;
  readonly to: number;
}

/**
 * A byte order mark in front, and a code fence around everything else: each of its marks on a line of its own, with
 * nothing but white space outside. Anything less clear is no fence, and the checker refuses it.
 */
export function wrappingOf(bytes: Uint8Array): Wrapping {
  const hasBom = BOM.every((byte, at) => bytes[at] === byte);
  const start = hasBom ? BOM.length : 0;
  const bom = hasBom ? { bom: { offset: 0, kind: 'bom', removed: BOM.length, text: '' } as const } : {};
  const opening = openingOf(bytes, start);
  const closing = opening === undefined ? undefined : closingOf(bytes);
  if (opening === undefined || closing === undefined) return { ...bom, from: start, to: bytes.length };
  const from = opening.offset + opening.removed;
  // The closing mark must be on a later line than the opening one.
  if (closing.offset < from) return { ...bom, from: start, to: bytes.length };
  return { ...bom, opening, closing, from, to: closing.offset };
}

function openingOf(bytes: Uint8Array, start: number): Edit | undefined {
  let at = start;
  while (WHITE.includes(bytes[at] ?? 0)) at += 1;
  if (at > start && bytes[at - 1] !== LF) return undefined;
  const head = String.fromCharCode(...bytes.subarray(at, at + OPENING_BYTES_MAX));
  const mark = OPENING.exec(head)?.[0];
  return mark === undefined ? undefined : { offset: at, kind: 'code_fence', removed: mark.length, text: '' };
}

function closingOf(bytes: Uint8Array): Edit | undefined {
  let end = bytes.length;
  while (end > 0 && WHITE.includes(bytes[end - 1] ?? 0)) end -= 1;
  let at = end;
  while (at > 0 && bytes[at - 1] === BACKTICK) at -= 1;
  if (end - at !== 3 || bytes[at - 1] !== LF) return undefined;
  return { offset: at, kind: 'code_fence', removed: 3, text: '' };
}
