import { createReadStream } from 'node:fs';
import { CliError, EXIT } from './exit.ts';

/** Bytes of a file, or of standard input, in pieces. */
export type Pieces = AsyncIterable<Uint8Array>;

/** Pieces of a file; `-` is standard input. Throws CliError when it cannot be read, at the latest while it is read. */
export async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of file === '-' ? process.stdin : createReadStream(file)) yield piece;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new CliError(
      EXIT.unavailable,
      `cannot read ${nameOf(file)}: ${cause}`,
      'name a file, or - for standard input',
    );
  }
}

/** All of it, when it has at most so many bytes; otherwise that many and one more. */
export async function bytesOf(pieces: Pieces, bytesMax: number): Promise<Uint8Array> {
  const held: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    held.push(piece);
    length += piece.length;
    if (length > bytesMax) break;
  }
  return Buffer.concat(held).subarray(0, bytesMax + 1);
}

/** What messages call an input. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}
