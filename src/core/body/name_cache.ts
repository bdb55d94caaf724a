import { textOf } from './raw_bytes.ts';

const SLOTS = 256;
const CACHED_BYTES_MAX = 64;

/** Names come again and again: the text of one that came before is found without decoding it. Bounded. */
export class NameCache {
  readonly #slots: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The text of a name in plain ASCII. */
  textOf(bytes: Uint8Array, from: number, to: number): string {
    if (to - from > CACHED_BYTES_MAX) return textOf(bytes.subarray(from, to), true);
    let hash = to - from;
    for (let i = from; i < to; i += 1) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
    const slot = (hash ^ (hash >>> 8)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known, bytes, from, to)) return known;
    const text = textOf(bytes.subarray(from, to), true);
    this.#slots[slot] = text;
    return text;
  }
}

function isSame(text: string, bytes: Uint8Array, from: number, to: number): boolean {
  if (text.length !== to - from) return false;
  for (let i = from; i < to; i += 1) if (text.charCodeAt(i - from) !== bytes[i]) return false;
  return true;
}
