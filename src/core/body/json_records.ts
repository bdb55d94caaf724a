import type { JsonLimits } from './json_limits.ts';
import type { JsonProblem, SinkRefusal } from './json_problem.ts';
import { JsonReader } from './json_reader.ts';
import { type BuiltValue, ValueBuilder } from './value_builder.ts';

/** `lines`: NDJSON, one text per line, blank lines pass. `sequence`: RFC 7464, each text between RS and LF. */
export type RecordFormat = 'lines' | 'sequence';

export interface RecordLimits {
  /** Of each record. */
  readonly json: JsonLimits;
  readonly recordsMax: number;
  /** Of each record that is handed out, see ValueBuilder. */
  readonly valueBytesMax: number;
}

export interface RecordProblem extends JsonProblem {
  /** From 0. The offset counts from the start of the stream, the pointer is that inside the record. */
  readonly record: number;
}

/** Looks at one record; what it answers ends the reading. */
export type ReceiveRecord = (value: BuiltValue, record: number) => SinkRefusal | undefined;

const LF = 0x0a;
const RS = 0x1e;
const WHITE: readonly number[] = [0x20, 0x09, 0x0a, 0x0d];

/** Checks a stream of JSON texts that comes in pieces, cut at any byte, and hands out each; memory as for one record. */
export class JsonRecords {
  readonly #limits: RecordLimits;
  readonly #separator: number;
  readonly #receive: ReceiveRecord | undefined;
  readonly #builder: ValueBuilder;
  readonly #reader: JsonReader;
  #base = 0;
  /** Where the record under way begins. */
  #began = 0;
  #record = 0;
  #last = 0;
  #isOpen: boolean;
  #problem: RecordProblem | undefined;

  /** Without `receive` the records are only checked. */
  constructor(format: RecordFormat, limits: RecordLimits, receive?: ReceiveRecord) {
    this.#limits = limits;
    this.#separator = format === 'lines' ? LF : RS;
    this.#receive = receive;
    this.#builder = new ValueBuilder(limits.valueBytesMax);
    this.#reader = new JsonReader(limits.json, receive === undefined ? undefined : this.#builder);
    this.#isOpen = format === 'lines';
  }

  /** Records that are whole. */
  get count(): number {
    return this.#record;
  }

  /** Of the record under way, a token that has not ended included. */
  get held(): number {
    return this.#receive === undefined ? 0 : Math.max(this.#builder.used, this.#base - this.#began);
  }

  feed(chunk: Uint8Array): RecordProblem | undefined {
    let at = 0;
    while (at < chunk.length && this.#problem === undefined) {
      const found = chunk.indexOf(this.#separator, at);
      const end = found === -1 ? chunk.length : found;
      this.#take(chunk.subarray(at, end), this.#base + at);
      if (found !== -1) this.#separate(this.#base + found);
      at = end + 1;
    }
    this.#base += chunk.length;
    return this.#problem;
  }

  end(): RecordProblem | undefined {
    if (this.#isOpen) this.#endRecord(this.#base);
    return this.#problem;
  }

  #take(piece: Uint8Array, offset: number): void {
    if (piece.length === 0) return;
    const first = this.#isOpen && this.#record < this.#limits.recordsMax ? -1 : this.#textAt(piece);
    this.#last = piece[piece.length - 1] as number;
    if (this.#isOpen) this.#refuse(this.#reader.feed(first === -1 ? piece : piece.subarray(0, first)));
    // A sequence begins with its separator.
    const code = this.#isOpen ? 'TOO_MANY_RECORDS' : 'UNEXPECTED_BYTE';
    if (first !== -1) this.#refuse({ code, offset: offset + first, pointer: '' });
  }

  /** Where something begins that may not; white space passes between texts, not before the first separator. */
  #textAt(piece: Uint8Array): number {
    return this.#isOpen ? piece.findIndex((byte) => !WHITE.includes(byte)) : 0;
  }

  #separate(offset: number): void {
    if (this.#isOpen) this.#endRecord(offset);
    this.#isOpen = true;
    this.#reader.restart(offset + 1);
    this.#began = offset + 1;
    this.#builder.clear();
  }

  #endRecord(offset: number): void {
    if (this.#problem !== undefined || this.#reader.isBlank) return;
    this.#refuse(this.#reader.end());
    // A text of a sequence that does not end with LF may have been cut, and 12 was 123.
    if (this.#separator === RS && this.#last !== LF) this.#refuse({ code: 'TRUNCATED', offset, pointer: '' });
    if (this.#problem !== undefined) return;
    const refusal = this.#receive?.(this.#builder.value ?? null, this.#record);
    if (refusal !== undefined) this.#refuse({ code: refusal, offset, pointer: '' });
    this.#record += 1;
  }

  /** The first problem stays. */
  #refuse(problem: JsonProblem | undefined): void {
    if (problem !== undefined) this.#problem ??= { ...problem, record: this.#record };
  }
}
