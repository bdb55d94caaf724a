import { createHash } from 'node:crypto';

/** Bytes so far, and their SHA-256 from the beginning. */
export class RollingHash {
  readonly #hash = createHash('sha256');
  bytes = 0;

  add(piece: Uint8Array): void {
    this.bytes += piece.length;
    this.#hash.update(piece);
  }

  /** Hex. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}
