/** Whether bytes that come in pieces are UTF-8, in constant memory (RFC 3629: no overlong forms, no surrogates). */
export class Utf8Check {
  /** Continuation bytes that the character under way still needs. */
  #needed = 0;
  /** What the next of them may be: the first one after some lead bytes is restricted. */
  #low = 0x80;
  #high = 0xbf;

  /** False when no text can go on with this byte; the check is over then. */
  take(byte: number): boolean {
    if (this.#needed === 0) return this.#lead(byte);
    if (byte < this.#low || byte > this.#high) return false;
    this.#needed -= 1;
    this.#low = 0x80;
    this.#high = 0xbf;
    return true;
  }

  /** Whether the text may end here. */
  get isWhole(): boolean {
    return this.#needed === 0;
  }

  #lead(byte: number): boolean {
    if (byte < 0x80) return true;
    if (byte < 0xc2 || byte > 0xf4) return false;
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#high = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return true;
  }
}
