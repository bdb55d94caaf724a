import { joinBytes } from '../canonical/bytes.ts';
import { NO_ROOM } from '../contract/recorded_problem.ts';
import {
  type AnswerJob,
  type AnswerParts,
  type AnswerPipe,
  type AnswerProblem,
  type AnswerStep,
  NOTHING,
} from './answer_job.ts';
import { AnswerRecord } from './answer_record.ts';
import { ByteTally } from './byte_tally.ts';
import { cutBytes } from './cut_bytes.ts';
import { UnitJudge } from './unit_judge.ts';
import { type Unit, type UnitReader, unitReader } from './unit_reader.ts';

/**
 * A stream that is read as it passes: every byte goes on at once. For demands that no event can break, and for those that only
 * ask for an alert. It is cut behind `max_bytes` bytes, wherever that is.
 */
export class WatchedStream implements AnswerPipe {
  readonly #job: AnswerJob;
  readonly #format: 'sse' | 'json_lines';
  #reader: UnitReader;
  readonly #parts: AnswerParts;
  #judge: UnitJudge;
  readonly #tally: ByteTally;
  readonly #record: AnswerRecord;
  /** An event was too big: what comes is not read any more. */
  #isLost = false;
  /** Bytes of the event under way. */
  #waiting = 0;
  #isOver = false;

  constructor(
    job: AnswerJob,
    parts: AnswerParts,
    format: 'sse' | 'json_lines',
    problem: AnswerProblem | undefined,
  ) {
    this.#job = job;
    this.#parts = parts;
    this.#format = format;
    this.#reader = unitReader(format);
    this.#judge = new UnitJudge(job, parts);
    this.#tally = new ByteTally(parts.newDigest);
    this.#record = new AnswerRecord(format, this.#tally, job.demands.notarize === true);
    this.#record.problem = problem;
  }

  feed(chunk: Uint8Array, isLast: boolean, now_ms: number, isCrowded = false): AnswerStep {
    if (this.#isOver) return { forward: NOTHING, facts: [] };
    this.#record.at(now_ms);
    const room = this.#job.demands.max_bytes - this.#tally.bytesIn;
    const isBeyond = chunk.length > room;
    if (isBeyond && this.#job.demands.on_violation !== 'alert') return this.#cut(chunk, room, now_ms);
    if (isBeyond) this.#note({ code: 'ANSWER_TOO_LARGE' });
    this.#read(chunk, now_ms);
    if (isCrowded && this.#kept > 0) this.#lose();
    if (!isLast) return { forward: chunk, facts: this.#record.take(), kept: this.#kept };
    this.#units(this.#reader.end(), now_ms);
    this.#note(this.#judge.end());
    this.#end('complete');
    return { forward: chunk, facts: this.#record.take(), end: 'complete' };
  }

  abort(by: 'client' | 'upstream'): AnswerStep {
    if (!this.#isOver) this.#end(`${by}_abort`);
    return { forward: NOTHING, facts: this.#record.take() };
  }

  get #kept(): number {
    return this.#waiting + this.#judge.kept;
  }

  /** Nothing of what was read so far is kept, and nothing more is read. */
  #lose(): void {
    this.#isLost = true;
    this.#note({ code: NO_ROOM });
    this.#waiting = 0;
    this.#reader = unitReader(this.#format);
    this.#judge = new UnitJudge(this.#job, this.#parts);
  }

  #read(chunk: Uint8Array, now_ms: number): void {
    const fed = this.#isLost ? undefined : this.#reader.feed(chunk);
    let from = 0;
    for (const unit of fed?.units ?? []) {
      this.#tally.both(chunk.subarray(from, unit.end));
      from = unit.end;
      this.#units([unit], now_ms);
    }
    this.#tally.both(chunk.subarray(from));
    this.#waiting = (fed?.safe ?? 0) > 0 ? chunk.length - (fed?.safe ?? 0) : this.#waiting + chunk.length;
    if (this.#isLost) this.#waiting = 0;
    if (fed?.violation === undefined) return;
    this.#isLost = true;
    this.#note({ code: fed.violation });
  }

  #units(units: readonly Unit[], now_ms: number): void {
    for (const unit of units) {
      this.#note(this.#judge.take(unit));
      this.#record.event(now_ms);
    }
  }

  #cut(chunk: Uint8Array, room: number, now_ms: number): AnswerStep {
    const last = chunk.subarray(0, Math.max(0, room));
    this.#read(last, now_ms);
    this.#tally.came(chunk.subarray(last.length, last.length + 1));
    const code = 'ANSWER_TOO_LARGE';
    const notice = cutBytes(this.#job, this.#format, this.#isLost ? 'inside' : this.#reader.place, code);
    this.#tally.went(notice);
    this.#note({ code });
    this.#end('policy_cut');
    return { forward: joinBytes([last, notice]), facts: this.#record.take(), end: 'cut' };
  }

  #note(problem: AnswerProblem | undefined): void {
    this.#record.problem ??= problem;
  }

  #end(state: 'complete' | 'client_abort' | 'upstream_abort' | 'policy_cut'): void {
    this.#isOver = true;
    this.#record.end(state, this.#judge.findings(state === 'complete' && !this.#isLost));
  }
}
