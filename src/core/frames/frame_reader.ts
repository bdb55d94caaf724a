import { CloseReason } from './close_reason.ts';
import { earlyViolation, type FrameHead, headBytes, isControl, OPCODE, readHead } from './frame_head.ts';
import { Utf8Check } from './utf8_check.ts';
import type { Sender, Violation } from './violation.ts';

/** What happened in a piece of the stream; `at` is the place behind the byte with which it happened. */
export type FrameMark =
  /** A header is whole. `judged`: what its payload is can still be a violation. */
  | { readonly kind: 'head'; readonly at: number; readonly judged: boolean }
  /** A frame is whole. */
  | { readonly kind: 'end'; readonly at: number }
  /** Nothing behind it is read any more, unless the message was merely too big. */
  | { readonly kind: 'violation'; readonly at: number; readonly violation: Violation };

export interface FrameCounts {
  readonly frames: number;
  /** Whole text and binary messages. */
  readonly messages: number;
  /** Payload bytes of the largest message that was begun. */
  readonly largest: number;
  readonly violations: number;
}

export interface FrameReaderOptions {
  readonly sender: Sender;
  /** Payload bytes of one message, all its frames together. */
  readonly maxMessageBytes?: number;
  /** Read on behind a message that is too big; all other violations end the reading. */
  readonly goesOn?: boolean;
}

const HEAD_BYTES_MAX = 14;

/** Reads the frames that one side of a WebSocket sends (RFC 6455), cut anywhere, in constant memory. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  readonly #head = new Uint8Array(HEAD_BYTES_MAX);
  #headLength = 0;
  #frame: FrameHead | undefined;
  /** Payload bytes of the frame that were read. */
  #read = 0;
  /** Of the message under way: its first opcode, its size so far, its text. */
  #message: { readonly opcode: number; bytes: number; tooBig: boolean } | undefined;
  #text = new Utf8Check();
  #close = new CloseReason();
  #isClosing = false;
  #isOver = false;
  readonly #counts = { frames: 0, messages: 0, largest: 0, violations: 0 };

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  get counts(): FrameCounts {
    return { ...this.#counts };
  }

  /** A violation was met: what comes is not understood any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** A close that keeps the rules was read. */
  get hasClosed(): boolean {
    return this.#isClosing;
  }

  /** The next piece of the stream, of any length. */
  feed(chunk: Uint8Array): readonly FrameMark[] {
    const marks: FrameMark[] = [];
    let at = 0;
    while (at < chunk.length && !this.#isOver) {
      at = this.#frame === undefined ? this.#takeHead(chunk, at, marks) : this.#takePayload(chunk, at, marks);
    }
    return marks;
  }

  #takeHead(chunk: Uint8Array, at: number, marks: FrameMark[]): number {
    this.#head[this.#headLength++] = chunk[at] ?? 0;
    const next = at + 1;
    const [first = 0, second = 0] = this.#head;
    if (this.#headLength < 2) return next;
    const early = this.#headLength === 2 ? earlyViolation(first, second, this.#options.sender) : undefined;
    if (early !== undefined) return this.#violated(early, next, marks);
    if (this.#headLength < headBytes(second)) return next;
    const head = readHead(this.#head.subarray(0, this.#headLength));
    this.#headLength = 0;
    if (!head.ok) return this.#violated(head.problem, next, marks);
    const problem = this.#begin(head.value);
    if (problem !== undefined && !this.#goesOnBehind(problem)) return this.#violated(problem, next, marks);
    if (problem !== undefined) this.#note(problem, next, marks);
    this.#frame = head.value;
    this.#read = 0;
    marks.push({ kind: 'head', at: next, judged: this.#isJudged(head.value) });
    if (head.value.length === 0) this.#ended(next, marks);
    return next;
  }

  #takePayload(chunk: Uint8Array, at: number, marks: FrameMark[]): number {
    const frame = this.#frame;
    if (frame === undefined) return at;
    const end = Math.min(chunk.length, at + frame.length - this.#read);
    if (this.#isJudged(frame)) {
      for (let i = at; i < end; i += 1) {
        const problem = this.#judge(frame, unmasked(chunk[i] ?? 0, frame, this.#read + i - at));
        if (problem !== undefined) return this.#violated(problem, i + 1, marks);
      }
    }
    this.#read += end - at;
    if (this.#read === frame.length) this.#ended(end, marks);
    return end;
  }

  /** What the order of frames and the size say against one that begins. */
  #begin({ opcode, length }: FrameHead): Violation | undefined {
    if (opcode === OPCODE.close) this.#close = new CloseReason();
    if (isControl(opcode)) return undefined;
    if (this.#isClosing) return { code: 1002, why: 'DATA_AFTER_CLOSE' };
    if (opcode === OPCODE.continuation) {
      if (this.#message === undefined) return { code: 1002, why: 'CONTINUATION_OF_NOTHING' };
    } else {
      if (this.#message !== undefined) return { code: 1002, why: 'MESSAGE_NOT_CONTINUED' };
      this.#message = { opcode, bytes: 0, tooBig: false };
      this.#text = new Utf8Check();
    }
    return this.#grow(this.#message, length);
  }

  #grow(message: { bytes: number; tooBig: boolean }, length: number): Violation | undefined {
    message.bytes = Math.min(message.bytes + length, Number.MAX_SAFE_INTEGER);
    this.#counts.largest = Math.max(this.#counts.largest, message.bytes);
    const isUnbounded = message.bytes === Number.MAX_SAFE_INTEGER;
    const max = this.#options.maxMessageBytes ?? Number.MAX_SAFE_INTEGER;
    if (!isUnbounded && (message.bytes <= max || message.tooBig)) return undefined;
    message.tooBig = true;
    return { code: 1009, why: 'MESSAGE_TOO_BIG' };
  }

  #judge(frame: FrameHead, byte: number): Violation | undefined {
    if (frame.opcode === OPCODE.close) return this.#close.take(byte);
    return this.#text.take(byte) ? undefined : { code: 1007, why: 'NOT_UTF8' };
  }

  /** What a close says and what a text is made of are checked; everything else is only counted. */
  #isJudged({ opcode }: FrameHead): boolean {
    if (isControl(opcode)) return opcode === OPCODE.close;
    return this.#message?.opcode === OPCODE.text;
  }

  #ended(at: number, marks: FrameMark[]): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    const problem = this.#end(frame);
    if (problem !== undefined) {
      this.#violated(problem, at, marks);
      return;
    }
    this.#frame = undefined;
    this.#counts.frames += 1;
    marks.push({ kind: 'end', at });
  }

  #end({ opcode, final }: FrameHead): Violation | undefined {
    if (opcode === OPCODE.close) {
      const problem = this.#close.end();
      this.#isClosing ||= problem === undefined;
      return problem;
    }
    if (isControl(opcode) || !final) return undefined;
    const isText = this.#message?.opcode === OPCODE.text;
    if (isText && !this.#text.isWhole) return { code: 1007, why: 'NOT_UTF8' };
    this.#message = undefined;
    this.#counts.messages += 1;
    return undefined;
  }

  #goesOnBehind(problem: Violation): boolean {
    return this.#options.goesOn === true && problem.why === 'MESSAGE_TOO_BIG';
  }

  #note(violation: Violation, at: number, marks: FrameMark[]): void {
    this.#counts.violations += 1;
    marks.push({ kind: 'violation', at, violation });
  }

  #violated(violation: Violation, at: number, marks: FrameMark[]): number {
    this.#note(violation, at, marks);
    this.#isOver = true;
    return at;
  }
}

function unmasked(byte: number, { mask }: FrameHead, place: number): number {
  return mask === undefined ? byte : byte ^ (mask[place % 4] ?? 0);
}
