import { decodeLine, LineBuffer } from './line_buffer.ts';

export interface JsonLine {
  readonly text: string;
  readonly isLossy: boolean;
  /** Place behind its line end, in the piece fed last. */
  readonly end: number;
}

export interface JsonLinesFeed {
  readonly lines: readonly JsonLine[];
  readonly safe: number;
  readonly violation?: 'LINE_TOO_BIG';
}

/** Bytes of one line. */
export const JSON_LINE_BYTES_MAX = 1_048_576;
const LF = 0x0a;

/** Reads newline-delimited JSON cut anywhere. Only LF ends a line: a CR is white space of JSON. Empty lines are dropped. */
export class JsonLineReader {
  readonly #max: number;
  readonly #line = new LineBuffer();
  #isOver = false;

  constructor(options: { readonly maxLineBytes?: number } = {}) {
    this.#max = options.maxLineBytes ?? JSON_LINE_BYTES_MAX;
  }

  feed(chunk: Uint8Array): JsonLinesFeed {
    const lines: JsonLine[] = [];
    let start = 0;
    while (!this.#isOver) {
      const at = chunk.indexOf(LF, start);
      const stop = at < 0 ? chunk.length : at;
      this.#isOver = this.#line.bytes + stop - start > this.#max;
      if (this.#isOver || at < 0) break;
      this.#push(this.#line.take(chunk.subarray(start, at)), at + 1, lines);
      start = at + 1;
    }
    if (this.#isOver) return { lines, safe: start, violation: 'LINE_TOO_BIG' };
    this.#line.keep(chunk.subarray(start));
    return { lines, safe: start };
  }

  /** The last line needs no line end; it is whole when the stream has ended. */
  end(): readonly JsonLine[] {
    const lines: JsonLine[] = [];
    if (!this.#isOver) this.#push(this.#line.take(new Uint8Array(0)), 0, lines);
    return lines;
  }

  #push(bytes: Uint8Array, end: number, lines: JsonLine[]): void {
    const { text, isLossy } = decodeLine(bytes);
    if (text.trim() !== '') lines.push({ text, isLossy, end });
  }
}
