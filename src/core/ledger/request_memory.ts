import type { AppendResult } from '../verdict/proposal.ts';

export interface Remembered<R = AppendResult> {
  readonly digest: string;
  readonly result: R;
  readonly expires_us: number;
}

export type Recall<R = AppendResult> =
  | { readonly kind: 'new' }
  | { readonly kind: 'same'; readonly result: R }
  /** The key came back with another digest: two requests claim one identity. */
  | { readonly kind: 'reused' };

/**
 * First results by request key, kept for one window. Two generations replace a sorted expiry queue: when the
 * younger one is a window old, everything in the older one has expired and is dropped at once.
 */
export class RequestMemory<R = AppendResult> {
  readonly #window_us: number;
  #young = new Map<string, Remembered<R>>();
  #old = new Map<string, Remembered<R>>();
  #young_since_us = 0;

  constructor(window_us: number) {
    this.#window_us = window_us;
  }

  /** Includes entries that have expired and are not dropped yet. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  recall(key: string, digest: string, now_us: number): Recall<R> {
    const found = this.#young.get(key) ?? this.#old.get(key);
    if (found === undefined || found.expires_us <= now_us) return { kind: 'new' };
    return found.digest === digest ? { kind: 'same', result: found.result } : { kind: 'reused' };
  }

  remember(key: string, digest: string, result: R, now_us: number): void {
    this.age(now_us);
    this.#young.set(key, { digest, result, expires_us: now_us + this.#window_us });
  }

  /** Drops the older generation once the younger one is a whole window old. */
  age(now_us: number): void {
    if (now_us - this.#young_since_us < this.#window_us) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#young_since_us = now_us;
  }

  *live(now_us: number): Generator<readonly [string, Remembered<R>]> {
    for (const generation of [this.#old, this.#young]) {
      for (const entry of generation) if (entry[1].expires_us > now_us) yield entry;
    }
  }

  restore(entries: Iterable<readonly [string, Remembered<R>]>): void {
    for (const [key, remembered] of entries) this.#young.set(key, remembered);
  }
}
