import { textOf } from './raw_bytes.ts';

const SLOTS = 256;
const CACHED_BYTES_MAX = 64;

/** Names come again and again: the text of one that came before is found without decoding it. Bounded. */
export class NameCache {
  readonly #slots: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The text of a name in plain ASCII. */
  textOf(raw: Uint8Array): string {
    if (raw.length > CACHED_BYTES_MAX) return textOf(raw, true);
    let hash = raw.length;
    for (let i = 0; i < raw.length; i += 1) hash = (Math.imul(hash, 31) + (raw[i] as number)) | 0;
    const slot = (hash ^ (hash >>> 8)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && isSame(known, raw)) return known;
    const text = textOf(raw, true);
    this.#slots[slot] = text;
    return text;
  }
}

function isSame(text: string, raw: Uint8Array): boolean {
  if (text.length !== raw.length) return false;
  for (let i = 0; i < raw.length; i += 1) if (text.charCodeAt(i) !== raw[i]) return false;
  return true;
}
