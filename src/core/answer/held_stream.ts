import { joinBytes } from '../canonical/bytes.ts';
import { NO_ROOM } from '../contract/recorded_problem.ts';
import { EVENT_BYTES_MAX } from '../sse/event_reader.ts';
import type { AnswerJob, AnswerParts, AnswerPipe, AnswerProblem, AnswerStep } from './answer_job.ts';
import { AnswerRecord } from './answer_record.ts';
import { ByteTally } from './byte_tally.ts';
import type { AnswerCode } from './codes.ts';
import { cutBytes } from './cut_bytes.ts';
import { HeldBytes } from './held_bytes.ts';
import { linePieces } from './line_pieces.ts';
import { hasPlainLines } from './plain_lines.ts';
import { UnitJudge } from './unit_judge.ts';
import { type Unit, type UnitReader, unitReader } from './unit_reader.ts';

/** Bytes that wait for one stream: a call of 100 KB of arguments, in fragments of a word each. */
export const HELD_BYTES_MAX = 8_388_608;

/**
 * A stream that events can break. Each event is held until it is whole and was judged; from the first event of a call on,
 * everything is held until no call is open. What went on always ends between two events, so that a cut can be told.
 */
export class HeldStream implements AnswerPipe {
  readonly #job: AnswerJob;
  readonly #format: 'sse' | 'json_lines';
  readonly #reader: UnitReader;
  readonly #judge: UnitJudge;
  readonly #tally: ByteTally;
  readonly #record: AnswerRecord;
  readonly #held = new HeldBytes();
  /** The first event alone may begin with a BOM. */
  #isFirst = true;
  #isOver = false;

  constructor(job: AnswerJob, parts: AnswerParts, format: 'sse' | 'json_lines') {
    this.#job = job;
    this.#format = format;
    this.#reader = unitReader(format);
    this.#judge = new UnitJudge(job, parts);
    this.#tally = new ByteTally(parts.newDigest);
    this.#record = new AnswerRecord(format, this.#tally, job.demands.notarize === true);
  }

  feed(chunk: Uint8Array, isLast: boolean, now_ms: number, isCrowded = false): AnswerStep {
    const out: Uint8Array[] = [];
    if (this.#isOver) return this.#step(out);
    this.#record.at(now_ms);
    for (const piece of linePieces(chunk, this.#format)) {
      const problem = this.#take(piece, out, now_ms);
      if (problem !== undefined) return this.#cut(problem, out);
    }
    if (isCrowded && this.#kept > 0) return this.#cut({ code: NO_ROOM }, out);
    if (!isLast) return { ...this.#step(out), kept: this.#kept };
    const problem = this.#finish(out, now_ms);
    if (problem !== undefined) return this.#cut(problem, out);
    this.#end('complete');
    return { ...this.#step(out), end: 'complete' };
  }

  abort(by: 'client' | 'upstream'): AnswerStep {
    if (!this.#isOver) this.#end(`${by}_abort`);
    return this.#step([]);
  }

  get #kept(): number {
    return this.#held.bytes + this.#judge.kept;
  }

  #take(piece: Uint8Array, out: Uint8Array[], now_ms: number): AnswerProblem | undefined {
    const [room, code] = this.#room();
    if (piece.length > room) {
      this.#tally.came(piece.subarray(0, room + 1));
      return { code };
    }
    this.#tally.came(piece);
    this.#held.push(piece);
    const { units, safe, violation } = this.#reader.feed(piece);
    if (violation !== undefined) return { code: violation };
    const problem = this.#judged(units) ?? (safe > 0 ? this.#settle(out) : undefined);
    if (problem === undefined) for (const _ of units) this.#record.event(now_ms);
    return problem;
  }

  /** What may still come before something is too large, and what is, then. */
  #room(): readonly [bytes: number, code: AnswerCode] {
    const rooms: readonly (readonly [number, AnswerCode])[] = [
      [this.#job.demands.max_bytes - this.#tally.bytesIn, 'ANSWER_TOO_LARGE'],
      [EVENT_BYTES_MAX - this.#held.blockBytes, 'EVENT_TOO_BIG'],
      [HELD_BYTES_MAX - this.#held.bytes, 'HELD_TOO_LARGE'],
    ];
    return rooms.reduce((least, one) => (one[0] < least[0] ? one : least));
  }

  #judged(units: readonly Unit[]): AnswerProblem | undefined {
    for (const unit of units) {
      const problem = this.#judge.take(unit);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #settle(out: Uint8Array[]): AnswerProblem | undefined {
    const block = this.#held.settle();
    if (this.#format === 'sse' && !hasPlainLines(block, this.#isFirst))
      return { code: 'TOOL_CALL_UNREADABLE' };
    this.#isFirst = false;
    if (!this.#judge.isOpen) this.#forward(this.#held.release(), out);
    return undefined;
  }

  /** The end of the stream: some clients read the last event without its empty line, so it is judged like any other. */
  #finish(out: Uint8Array[], now_ms: number): AnswerProblem | undefined {
    const units = this.#reader.endAnyhow();
    const problem = this.#judged(units) ?? this.#judge.end() ?? this.#settle(out);
    if (problem === undefined)
      for (const _ of this.#format === 'sse' ? [] : units) this.#record.event(now_ms);
    return problem;
  }

  /** Nothing of what is held goes on; the notice stands between two events. */
  #cut(problem: AnswerProblem, out: Uint8Array[]): AnswerStep {
    const place = this.#tally.lastOut === 0x0d ? 'between_after_cr' : 'between';
    this.#forward(cutBytes(this.#job, this.#format, place, problem.code), out);
    this.#record.problem = problem;
    this.#end('policy_cut');
    return { ...this.#step(out), end: 'cut' };
  }

  #forward(bytes: Uint8Array, out: Uint8Array[]): void {
    if (bytes.length === 0) return;
    this.#tally.went(bytes);
    out.push(bytes);
  }

  #end(state: 'complete' | 'client_abort' | 'upstream_abort' | 'policy_cut'): void {
    this.#isOver = true;
    this.#record.end(state, this.#judge.findings(state === 'complete'));
  }

  #step(out: readonly Uint8Array[]): AnswerStep {
    return { forward: joinBytes(out), facts: this.#record.take() };
  }
}
