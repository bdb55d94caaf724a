import { joinBytes } from '../canonical/bytes.ts';
import { utf8Encode } from '../canonical/utf8.ts';

const NOTICE = utf8Encode('{"authoritative":false,"view_of":"journal.jsonl"}\n');
const NEWLINE = new Uint8Array([0x0a]);

/** The record bodies in clear, one for each line behind a notice: for reading and grepping, never for proving. */
export function journalView(bodies: readonly Uint8Array[]): Uint8Array {
  return joinBytes([NOTICE, ...bodies.flatMap((body) => [body, NEWLINE])]);
}

/** Journal bytes of lines: each followed by one newline. */
export function journalBytes(lines: readonly Uint8Array[]): Uint8Array {
  return joinBytes(lines.flatMap((line) => [line, NEWLINE]));
}

/** Lines without newlines; what follows the last newline comes out as `rest`. */
export function splitJournal(bytes: Uint8Array): {
  readonly lines: readonly Uint8Array[];
  readonly rest: Uint8Array;
} {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, rest: bytes.subarray(start) };
}
