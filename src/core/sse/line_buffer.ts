import { joinBytes } from '../canonical/bytes.ts';

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LENIENT = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes as WHATWG says: what is no UTF-8 becomes U+FFFD, and whoever asks can know. A BOM stays. */
export function decodeLine(bytes: Uint8Array): { readonly text: string; readonly isLossy: boolean } {
  try {
    return { text: STRICT.decode(bytes), isLossy: false };
  } catch {
    return { text: LENIENT.decode(bytes), isLossy: true };
  }
}

/** The line under way, in the pieces that it came in: joined once, so that a line of many pieces stays linear. */
export class LineBuffer {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy: whoever feeds may use its buffer again. */
  keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece.slice());
    this.#bytes += piece.length;
    if (this.#pieces.length >= PIECES_MAX) this.#pieces = [joinBytes(this.#pieces)];
  }

  /** The line, which `last` ends; the buffer is empty then. */
  take(last: Uint8Array): Uint8Array {
    if (this.#pieces.length === 0) return last;
    const line = joinBytes([...this.#pieces, last]);
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }
}

/** One-byte pieces must not cost an object each for ever. */
const PIECES_MAX = 4096;
