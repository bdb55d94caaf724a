const CR = 0x0d;
const LF = 0x0a;

/** A chunk cut behind every CR and every LF: what is done piece by piece does not depend on how the network cut it. */
export function linePieces(chunk: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < chunk.length; at += 1) {
    if (chunk[at] !== LF && chunk[at] !== CR) continue;
    pieces.push(chunk.subarray(from, at + 1));
    from = at + 1;
  }
  if (from < chunk.length) pieces.push(chunk.subarray(from));
  return pieces;
}
