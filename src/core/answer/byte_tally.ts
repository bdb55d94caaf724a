import type { NewDigest, RollingDigest } from './rolling_digest.ts';

/** Counts and digests of what came and of what went on. While both are the same bytes, they are digested once. */
export class ByteTally {
  readonly #in: RollingDigest;
  #out: RollingDigest | undefined;
  #bytesIn = 0;
  #bytesOut = 0;
  #lastOut: number | undefined;

  constructor(newDigest: NewDigest) {
    this.#in = newDigest();
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  /** The byte that went on last. */
  get lastOut(): number | undefined {
    return this.#lastOut;
  }

  /** Came and went on at once. */
  both(bytes: Uint8Array): void {
    this.#in.update(bytes);
    this.#out?.update(bytes);
    this.#bytesIn += bytes.length;
    this.#bytesOut += bytes.length;
    this.#lastOut = bytes.at(-1) ?? this.#lastOut;
  }

  came(bytes: Uint8Array): void {
    this.#out ??= this.#in.copy();
    this.#in.update(bytes);
    this.#bytesIn += bytes.length;
  }

  went(bytes: Uint8Array): void {
    this.#out ??= this.#in.copy();
    this.#out.update(bytes);
    this.#bytesOut += bytes.length;
    this.#lastOut = bytes.at(-1) ?? this.#lastOut;
  }

  get facts() {
    const digest_in = this.#in.hex();
    return {
      bytes_in: this.#bytesIn,
      bytes_out: this.#bytesOut,
      digest_in,
      digest_out: this.#out?.hex() ?? digest_in,
    };
  }
}
