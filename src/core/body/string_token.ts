import type { JsonCode } from './json_problem.ts';
import { RawBytes, textOf } from './raw_bytes.ts';
import { PLAIN, SIMPLE_ESCAPES } from './string_table.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const PLAIN_TEXT = 0;
const ESCAPE = 1;
const HEX = 2;
const CONTINUATION = 3;
/** A high surrogate was read: only the escape of a low one may follow. */
const AFTER_HIGH = 4;
const LOW_ESCAPE = 5;

/** One string that comes in pieces, from behind its opening quote to its closing one. */
export class StringToken {
  readonly #held = new RawBytes();
  #isHeld = false;
  #tooLong: JsonCode = 'STRING_TOO_LONG';
  #left = 0;
  #phase = PLAIN_TEXT;
  #hasEscape = false;
  #isAscii = true;
  #digits = 0;
  #unit = 0;
  #high = 0;
  #escapeAt = 0;
  #needed = 0;
  #low = 0x80;
  #top = 0xbf;

  /** Where the content is, once it is whole; views are dear, most names are known and need none. */
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  /** Whether the closing quote was read. */
  isClosed = false;
  problem: JsonCode | undefined;
  /** Offset of the problem. */
  problemAt = 0;

  /** `isHeld`: the content is wanted afterwards. `tooLong` is told of content beyond `bytesMax`. */
  begin(isHeld: boolean, bytesMax: number, tooLong: JsonCode): void {
    this.#held.clear();
    this.#isHeld = isHeld;
    this.#tooLong = tooLong;
    this.#left = bytesMax;
    this.#phase = PLAIN_TEXT;
    this.#hasEscape = false;
    this.#isAscii = true;
    this.#high = 0;
    this.isClosed = false;
    this.problem = undefined;
  }

  /** Reads from `from` on; returns the place behind what was read. `base` is the offset of the piece. */
  take(chunk: Uint8Array, from: number, base: number): number {
    const end = Math.min(chunk.length, from + this.#left);
    let at = from;
    for (;;) {
      if (this.#phase === PLAIN_TEXT) {
        while (at < end && PLAIN[chunk[at] as number] === 1) at += 1;
        if (at < chunk.length && chunk[at] === QUOTE) return this.#close(chunk, from, at);
      }
      if (at >= end) return this.#pause(chunk, from, at, base);
      const code = this.#step(chunk[at] as number, base + at);
      if (code !== undefined) return this.#fail(code, at);
      at += 1;
    }
  }

  /** Whether the content stands for itself, one character per byte. */
  get isPlain(): boolean {
    return this.#isAscii && !this.#hasEscape;
  }

  /** The decoded content; only if it is held. */
  text(): string {
    const text = textOf(this.bytes.subarray(this.from, this.to), this.#isAscii);
    return this.#hasEscape ? (JSON.parse(`"${text}"`) as string) : text;
  }

  #close(chunk: Uint8Array, from: number, at: number): number {
    this.isClosed = true;
    if (!this.#isHeld) return at + 1;
    if (this.#held.length === 0) this.#keep(chunk, from, at);
    else {
      this.#held.append(chunk.subarray(from, at));
      this.#keep(this.#held.view(), 0, this.#held.length);
    }
    return at + 1;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  #pause(chunk: Uint8Array, from: number, at: number, base: number): number {
    if (at < chunk.length) {
      this.problemAt = base + at;
      return this.#fail(this.#tooLong, at);
    }
    if (this.#isHeld) this.#held.append(chunk.subarray(from, at));
    this.#left -= at - from;
    return at;
  }

  #fail(code: JsonCode, at: number): number {
    this.problem = code;
    return at;
  }

  /** One byte that needs a look; tells what is wrong with it. */
  #step(byte: number, offset: number): JsonCode | undefined {
    this.problemAt = offset;
    switch (this.#phase) {
      case PLAIN_TEXT:
        return this.#special(byte, offset);
      case ESCAPE:
        if (byte === LETTER_U) return this.#beginHex();
        this.#phase = PLAIN_TEXT;
        return SIMPLE_ESCAPES[byte] === 1 ? undefined : 'ESCAPE_INVALID';
      case HEX:
        return this.#hex(byte);
      case CONTINUATION:
        return this.#continue(byte);
      case AFTER_HIGH:
        this.#phase = LOW_ESCAPE;
        return byte === BACKSLASH ? undefined : this.#lone();
      default:
        return byte === LETTER_U ? this.#beginHex() : this.#lone();
    }
  }

  #special(byte: number, offset: number): JsonCode | undefined {
    if (byte === BACKSLASH) {
      this.#phase = ESCAPE;
      this.#hasEscape = true;
      this.#escapeAt = offset;
      return undefined;
    }
    if (byte < 0x20) return 'CONTROL_IN_STRING';
    if (byte < 0xc2 || byte > 0xf4) return 'NOT_UTF8';
    this.#phase = CONTINUATION;
    this.#isAscii = false;
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    // RFC 3629: overlong forms, surrogates, and what lies beyond U+10FFFF.
    this.#low = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#top = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    return undefined;
  }

  #continue(byte: number): JsonCode | undefined {
    if (byte < this.#low || byte > this.#top) return 'NOT_UTF8';
    this.#low = 0x80;
    this.#top = 0xbf;
    this.#needed -= 1;
    if (this.#needed === 0) this.#phase = PLAIN_TEXT;
    return undefined;
  }

  #beginHex(): undefined {
    this.#phase = HEX;
    this.#digits = 0;
    this.#unit = 0;
  }

  #hex(byte: number): JsonCode | undefined {
    const lower = byte | 0x20;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isDigit && (lower < 0x61 || lower > 0x66)) return 'ESCAPE_INVALID';
    this.#unit = this.#unit * 16 + (isDigit ? byte - 0x30 : lower - 0x57);
    this.#digits += 1;
    return this.#digits === 4 ? this.#endHex() : undefined;
  }

  #endHex(): JsonCode | undefined {
    const isLow = this.#unit >= 0xdc00 && this.#unit <= 0xdfff;
    const isHigh = this.#unit >= 0xd800 && this.#unit <= 0xdbff;
    if (isLow !== (this.#high !== 0)) return this.#lone();
    this.#high = isHigh ? this.#unit : 0;
    this.#phase = isHigh ? AFTER_HIGH : PLAIN_TEXT;
    return undefined;
  }

  #lone(): JsonCode {
    this.problemAt = this.#escapeAt;
    return 'LONE_SURROGATE';
  }
}
