const CR = 0x0d;
const LF = 0x0a;
/** What ends a line: JSON takes a CR for white space. */
const ENDS: Readonly<Record<'sse' | 'json_lines', readonly number[]>> = { sse: [LF, CR], json_lines: [LF] };
/** So many line ends in a row hold an empty line, whichever they are; an event that was open has ended with it. */
const SINGLE_ENDS = 4;

/**
 * A chunk cut behind every end of a line: what is done piece by piece does not depend on how the network cut it. Of many in a row
 * the rest is one piece: nothing is in it, and nobody shall pay for each.
 */
export function linePieces(chunk: Uint8Array, format: 'sse' | 'json_lines'): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const ends = ENDS[format];
  let from = 0;
  let inARow = 0;
  for (let at = 0; at < chunk.length; at += 1) {
    const isEnd = ends.includes(chunk[at] ?? -1);
    inARow = isEnd ? inARow + 1 : 0;
    if (!isEnd || (inARow > SINGLE_ENDS && ends.includes(chunk[at + 1] ?? -1))) continue;
    pieces.push(chunk.subarray(from, at + 1));
    from = at + 1;
  }
  if (from < chunk.length) pieces.push(chunk.subarray(from));
  return pieces;
}
