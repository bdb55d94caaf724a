const FIRST_BYTES = 256;
const SHORT = 12;
// ignoreBOM: U+FEFF inside a string is a character of it.
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes of one token that comes in pieces; the room is used again for the next token. */
export class RawBytes {
  #bytes = new Uint8Array(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(FIRST_BYTES, needed, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = needed;
  }

  /** Valid until the next change. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** The text of bytes that are known to be UTF-8. */
export function textOf(raw: Uint8Array, isAscii: boolean): string {
  if (!isAscii || raw.length > SHORT) return DECODER.decode(raw);
  let text = '';
  for (let i = 0; i < raw.length; i += 1) text += String.fromCharCode(raw[i] as number);
  return text;
}
