/** What may be repaired: how the text is written, never what it says. */
export type EditKind =
  /** Three backticks before and behind the whole text, as in Markdown. */
  'code_fence' | 'bom' | 'trailing_comma' | 'comment' | 'single_quotes' | 'unquoted_key';

export const EDIT_KINDS: readonly EditKind[] = [
  'code_fence',
  'bom',
  'trailing_comma',
  'comment',
  'single_quotes',
  'unquoted_key',
];

/** One edit as it is recorded: it tells where, never what was there. Lengths and offsets are bytes of the original. */
export interface EditRecord {
  readonly offset: number;
  readonly kind: EditKind;
  readonly removed: number;
  readonly inserted: number;
}

/** `text` is ASCII and takes the place of the removed bytes. */
export interface Edit {
  readonly offset: number;
  readonly kind: EditKind;
  readonly removed: number;
  readonly text: string;
}

/** The bytes with edits applied, which must be in order and must not overlap. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const change = edits.reduce((sum, { removed, text }) => sum + text.length - removed, 0);
  const result = new Uint8Array(bytes.length + change);
  let from = 0;
  let to = 0;
  for (const { offset, removed, text } of edits) {
    result.set(bytes.subarray(from, offset), to);
    to += offset - from;
    for (let i = 0; i < text.length; i += 1) result[to++] = text.charCodeAt(i);
    from = offset + removed;
  }
  result.set(bytes.subarray(from), to);
  return result;
}

/** Where a byte of the edited text comes from. */
export function originalOffset(offset: number, edits: readonly Edit[]): number {
  let shift = 0;
  for (const edit of edits) {
    const at = edit.offset + shift;
    if (offset < at) break;
    if (offset < at + edit.text.length) return edit.offset;
    shift += edit.text.length - edit.removed;
  }
  return offset - shift;
}

export function recordOf({ offset, kind, removed, text }: Edit): EditRecord {
  return { offset, kind, removed, inserted: text.length };
}
