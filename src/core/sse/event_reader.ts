import type { SseEvent, SsePlace, SseViolation } from './event.ts';
import { decodeLine, LineBuffer } from './line_buffer.ts';

/** Bytes of one event, all its lines, comments and line ends together. */
export const EVENT_BYTES_MAX = 1_048_576;
const BOM = [0xef, 0xbb, 0xbf] as const;
const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
/** More digits are no delay that anybody waits; the rule itself has no bound. */
const RETRY = /^[0-9]{1,9}$/;

export interface SseFeed {
  readonly events: readonly SseEvent[];
  /** So many bytes of the piece end where no event is under way: nothing up to there waits for what comes. */
  readonly safe: number;
  readonly violation?: SseViolation;
}

/** Reads an event stream cut anywhere (WHATWG HTML, 9.2.5 and 9.2.6), in bounded memory. */
export class SseReader {
  readonly #max: number;
  readonly #line = new LineBuffer();
  /** Bytes of a BOM that were met, at the very start only; -1 behind it. */
  #bom = 0;
  #isAfterCr = false;
  #data: string[] = [];
  #type = '';
  #id = '';
  #retry: number | undefined;
  #isLossy = false;
  /** A field of an event was met since the last empty line. */
  #isOpen = false;
  /** Bytes since the last place between two events. */
  #held = 0;
  #violation: SseViolation | undefined;

  constructor(options: { readonly maxEventBytes?: number } = {}) {
    this.#max = options.maxEventBytes ?? EVENT_BYTES_MAX;
  }

  /** Milliseconds that the stream wants clients to wait before they connect again. */
  get retry(): number | undefined {
    return this.#retry;
  }

  get place(): SsePlace {
    if (this.#isOpen || this.#line.bytes > 0 || this.#bom > 0) return 'inside';
    return this.#isAfterCr ? 'between_after_cr' : 'between';
  }

  /** The next piece of the stream, of any length. What stands behind the last empty line is never an event. */
  feed(chunk: Uint8Array): SseFeed {
    const events: SseEvent[] = [];
    let safe = 0;
    let start = 0;
    for (let at = 0; at < chunk.length && this.#violation === undefined; at += 1) {
      const byte = chunk[at] ?? 0;
      this.#held += 1;
      if (this.#held > this.#max) this.#violation = 'EVENT_TOO_BIG';
      else if (this.#isInBom(byte)) start = at + 1;
      else if (byte === LF && this.#isAfterCr) {
        this.#isAfterCr = false;
        start = at + 1;
        if (!this.#isOpen) safe = this.#settle(at + 1);
      } else if (byte === LF || byte === CR) {
        this.#isAfterCr = byte === CR;
        this.#take(this.#line.take(chunk.subarray(start, at)), at + 1, events);
        start = at + 1;
        if (!this.#isOpen) safe = this.#settle(at + 1);
      } else this.#isAfterCr = false;
    }
    if (this.#violation !== undefined) return { events, safe, violation: this.#violation };
    this.#line.keep(chunk.subarray(start));
    return { events, safe };
  }

  #settle(at: number): number {
    this.#held = 0;
    return at;
  }

  /** One BOM at the very start is no part of the stream; what only began like one is. */
  #isInBom(byte: number): boolean {
    if (this.#bom < 0) return false;
    if (byte !== BOM[this.#bom]) {
      this.#line.keep(Uint8Array.from(BOM.slice(0, this.#bom)));
      this.#bom = -1;
      return false;
    }
    this.#bom = this.#bom === 2 ? -1 : this.#bom + 1;
    return true;
  }

  #take(line: Uint8Array, end: number, events: SseEvent[]): void {
    if (line.length === 0) this.#dispatch(end, events);
    else if (line[0] !== COLON) this.#takeField(line);
  }

  #takeField(line: Uint8Array): void {
    const { text, isLossy } = decodeLine(line);
    this.#isLossy ||= isLossy;
    this.#isOpen = true;
    const colon = text.indexOf(':');
    const from = text.charAt(colon + 1) === ' ' ? colon + 2 : colon + 1;
    if (colon < 0) this.#field(text, '');
    else this.#field(text.slice(0, colon), text.slice(from));
  }

  #field(name: string, value: string): void {
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && RETRY.test(value)) this.#retry = Number(value);
  }

  #dispatch(end: number, events: SseEvent[]): void {
    const type = this.#type === '' ? 'message' : this.#type;
    const data = this.#data;
    const isLossy = this.#isLossy;
    this.#type = '';
    this.#data = [];
    this.#isLossy = false;
    this.#isOpen = false;
    if (data.length === 0) return;
    events.push({ type, data: data.join('\n'), id: this.#id, isLossy, end });
  }
}
