import type { JsonLimits } from './json_limits.ts';
import type { JsonCode, JsonProblem } from './json_problem.ts';
import type { JsonScalar, JsonSink } from './json_sink.ts';
import { JsonStructure } from './json_structure.ts';
import { ACTION, ACTIONS, STATE } from './json_table.ts';
import { NameCache } from './name_cache.ts';
import { NumberToken } from './number_token.ts';
import { StringToken } from './string_token.ts';
import { WordToken } from './word_token.ts';

const SPACE = 0x20;

/**
 * Checks one JSON text (RFC 8259, UTF-8) that comes in pieces, cut at any byte, without holding it: memory is bounded
 * by the limits. The problem and its place depend on the bytes alone, never on how they were cut.
 */
export class JsonReader {
  readonly #limits: JsonLimits;
  readonly #structure: JsonStructure;
  readonly #names = new NameCache();
  readonly #string = new StringToken();
  readonly #number: NumberToken;
  readonly #word = new WordToken();
  #state: number = STATE.start;
  /** Where the text begins, where the current piece does, where the current token does. */
  #origin = 0;
  #base = 0;
  #tokenAt = 0;
  #isWanted = false;
  #problem: JsonProblem | undefined;

  constructor(limits: JsonLimits, sink?: JsonSink) {
    this.#limits = limits;
    this.#structure = new JsonStructure(limits, sink);
    this.#number = new NumberToken(limits.numberBytesMax, limits.numbers);
  }

  /** Begins another text, whose first byte has this offset. */
  restart(offset: number): void {
    this.#structure.clear();
    this.#state = STATE.start;
    this.#origin = offset;
    this.#base = offset;
    this.#problem = undefined;
  }

  /** Nothing but white space came so far. */
  get isBlank(): boolean {
    return this.#state === STATE.start;
  }

  /** The next piece, of any length. After a problem nothing more is read, and it stays the answer. */
  feed(chunk: Uint8Array): JsonProblem | undefined {
    if (this.#problem !== undefined) return this.#problem;
    const room = this.#limits.bytesMax - (this.#base - this.#origin);
    const piece = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#read(piece);
    this.#base += piece.length;
    if (piece.length < chunk.length) this.#refuse('TOO_BIG', this.#base);
    return this.#problem;
  }

  /** The text ends here. */
  end(): JsonProblem | undefined {
    if (this.#state === STATE.inNumber && this.#problem === undefined) {
      this.#number.finish(this.#isWanted);
      if (this.#number.isEnded) this.#endNumber(this.#base);
    }
    if (this.#state === STATE.done) return this.#problem;
    if (this.#state === STATE.inBom) this.#refuse('UNEXPECTED_BYTE', this.#tokenAt);
    this.#refuse(this.#state === STATE.start ? 'EMPTY' : 'TRUNCATED', this.#base);
    return this.#problem;
  }

  #read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.#problem === undefined) {
      if (this.#state > STATE.settled) {
        at = this.#resume(chunk, at);
        continue;
      }
      const action = ACTIONS[(this.#state << 8) | (chunk[at] as number)] as number;
      if (action === ACTION.space) {
        at += 1;
        while (at < chunk.length && chunk[at] === SPACE) at += 1;
      } else at = action >= ACTION.string ? this.#token(action, chunk, at) : this.#mark(action, at);
    }
  }

  /** A byte that stands for itself; returns the place behind it. */
  #mark(action: number, at: number): number {
    const offset = this.#base + at;
    if (action === ACTION.colon) this.#state = STATE.value;
    else if (action === ACTION.comma) {
      this.#judge(this.#structure.comma(), offset);
      this.#state = this.#structure.stateBehindComma;
    } else if (action === ACTION.close) {
      this.#judge(this.#structure.close(offset + 1), offset);
      this.#state = this.#structure.stateBehindValue;
    } else if (action === ACTION.openObject || action === ACTION.openArray) {
      const isObject = action === ACTION.openObject;
      this.#judge(this.#structure.open(isObject, offset), offset);
      this.#state = isObject ? STATE.keyOrEnd : STATE.elementOrEnd;
    } else this.#refuse(this.#state === STATE.done ? 'TRAILING_DATA' : 'UNEXPECTED_BYTE', offset);
    return at + 1;
  }

  /** The first byte of something longer; returns the place behind what was read of it. */
  #token(action: number, chunk: Uint8Array, at: number): number {
    this.#tokenAt = this.#base + at;
    if (action === ACTION.string) return this.#beginString(chunk, at);
    if (action === ACTION.key) {
      this.#state = STATE.inKey;
      this.#string.begin(true, this.#limits.keyBytesMax, 'KEY_TOO_LONG');
      return this.#takeString(chunk, at + 1);
    }
    // A byte order mark in front of the text has a name of its own; anywhere else it is just wrong.
    if (action === ACTION.bom && this.#tokenAt > this.#origin) return this.#mark(ACTION.refuse, at);
    this.#isWanted = this.#structure.room !== undefined;
    if (action === ACTION.number) {
      this.#state = STATE.inNumber;
      return this.#takeNumber(this.#number.begin(chunk, at, this.#isWanted));
    }
    this.#state = action === ACTION.bom ? STATE.inBom : STATE.inWord;
    this.#word.begin(chunk[at] as number);
    return at + 1;
  }

  #resume(chunk: Uint8Array, at: number): number {
    if (this.#state === STATE.inNumber) return this.#takeNumber(this.#number.take(chunk, this.#isWanted));
    if (this.#state <= STATE.inKey) return this.#takeString(chunk, at);
    const isBom = this.#state === STATE.inBom;
    const offset = this.#base + at;
    if (!this.#word.take(chunk[at] as number))
      this.#refuse('UNEXPECTED_BYTE', isBom ? this.#tokenAt : offset);
    else if (this.#word.isWhole && isBom) this.#refuse('BOM', this.#tokenAt);
    else if (this.#word.isWhole) this.#scalar(this.#word.value, offset + 1);
    return at + 1;
  }

  #beginString(chunk: Uint8Array, at: number): number {
    const { stringBytesMax } = this.#limits;
    const { room } = this.#structure;
    const isTight = room !== undefined && room < stringBytesMax;
    this.#state = STATE.inString;
    this.#isWanted = room !== undefined;
    this.#string.begin(
      this.#isWanted,
      isTight ? room : stringBytesMax,
      isTight ? 'VALUE_TOO_BIG' : 'STRING_TOO_LONG',
    );
    return this.#takeString(chunk, at + 1);
  }

  #takeString(chunk: Uint8Array, from: number): number {
    const string = this.#string;
    const next = string.take(chunk, from, this.#base);
    if (string.problem !== undefined) this.#refuse(string.problem, string.problemAt);
    else if (string.isClosed && this.#state === STATE.inKey) this.#key();
    else if (string.isClosed) this.#scalar(this.#isWanted ? string.text() : undefined, this.#base + next);
    return next;
  }

  #key(): void {
    const string = this.#string;
    const name = string.isPlain ? this.#names.textOf(string.bytes, string.from, string.to) : string.text();
    this.#judge(this.#structure.key(name, this.#tokenAt), this.#tokenAt);
    this.#state = STATE.colon;
  }

  #takeNumber(next: number): number {
    const { isEnded, problem } = this.#number;
    if (isEnded) this.#endNumber(this.#base + next);
    else if (problem !== undefined) this.#refuse(problem, this.#base + next);
    return next;
  }

  #endNumber(end: number): void {
    this.#judge(this.#number.problem, this.#tokenAt);
    if (this.#problem === undefined) this.#scalar(this.#number.value, end);
  }

  #scalar(value: JsonScalar | undefined, end: number): void {
    const told = this.#isWanted ? value : undefined;
    this.#judge(this.#structure.scalar(told, this.#tokenAt, end), this.#tokenAt);
    this.#state = this.#structure.stateBehindValue;
  }

  #judge(code: JsonCode | undefined, offset: number): void {
    if (code !== undefined) this.#refuse(code, offset);
  }

  /** The first problem stays. */
  #refuse(code: JsonCode, offset: number): void {
    this.#problem ??= { code, offset, pointer: this.#structure.pointer() };
  }
}
