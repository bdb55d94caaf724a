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
import { judgeWhole } from './whole_judgement.ts';

/** Of an answer that passes at once, and is copied to be judged at its end. Whoever sends it chooses how long it is. */
export const COPY_BYTES_MAX = 16_777_216;

/**
 * An answer that is one text of JSON: held until all of it was judged, unless its rules only ask for an alert. Then it passes at
 * once, and a copy is judged at its end.
 */
export class WholeAnswer implements AnswerPipe {
  readonly #job: AnswerJob;
  readonly #parts: AnswerParts;
  readonly #tally: ByteTally;
  readonly #record: AnswerRecord;
  readonly #isHeld: boolean;
  #bytesMax: number;
  #pieces: Uint8Array[] = [];
  #isOver = false;

  constructor(job: AnswerJob, parts: AnswerParts, problem?: AnswerProblem) {
    this.#job = job;
    this.#parts = parts;
    this.#isHeld = job.demands.on_violation !== 'alert';
    const { max_bytes } = job.demands;
    this.#bytesMax = this.#isHeld ? max_bytes : Math.min(max_bytes, COPY_BYTES_MAX);
    this.#tally = new ByteTally(parts.newDigest);
    this.#record = new AnswerRecord('json', this.#tally, false);
    this.#record.problem = problem;
  }

  feed(chunk: Uint8Array, isLast: boolean, _now_ms = 0, isCrowded = false): AnswerStep {
    if (this.#isOver) return { forward: NOTHING, facts: [] };
    // One that is held was made room for as a whole.
    if (isCrowded && !this.#isHeld) {
      this.#bytesMax = 0;
      this.#record.problem ??= { code: NO_ROOM };
      this.#pieces = [];
    }
    const room = this.#bytesMax - this.#tally.bytesIn;
    if (chunk.length > room && this.#record.problem?.code !== 'ANSWER_TOO_LARGE') {
      this.#record.problem ??= { code: 'ANSWER_TOO_LARGE' };
      this.#pieces = [];
      if (this.#isHeld) {
        this.#tally.came(chunk.subarray(0, Math.max(0, room) + 1));
        return this.#end('blocked', NOTHING);
      }
    } else if (room >= chunk.length) this.#pieces.push(chunk.slice());
    if (!this.#isHeld) this.#tally.both(chunk);
    else this.#tally.came(chunk);
    if (isLast) return this.#isHeld ? this.#judgeHeld() : this.#judgePassed(chunk);
    if (this.#isHeld) return { forward: NOTHING, facts: [] };
    return { forward: chunk, facts: [], kept: this.#pieces.length === 0 ? 0 : this.#tally.bytesIn };
  }

  abort(by: 'client' | 'upstream'): AnswerStep {
    if (this.#isOver) return { forward: NOTHING, facts: [] };
    this.#isOver = true;
    this.#record.end(`${by}_abort`, {});
    return { forward: NOTHING, facts: this.#record.take() };
  }

  #judgeHeld(): AnswerStep {
    const bytes = joinBytes(this.#pieces);
    const { problem, stripped, findings } = judgeWhole(bytes, this.#job, this.#parts);
    this.#record.problem = problem ?? stripped?.problem;
    if (problem !== undefined) return this.#end('blocked', NOTHING, findings);
    const forward = stripped?.bytes ?? bytes;
    this.#tally.went(forward);
    return this.#end(stripped === undefined ? 'complete' : 'stripped', forward, findings);
  }

  #judgePassed(last: Uint8Array): AnswerStep {
    const isWhole = this.#tally.bytesIn <= this.#bytesMax;
    const judged = isWhole ? judgeWhole(joinBytes(this.#pieces), this.#job, this.#parts) : undefined;
    this.#record.problem ??= judged?.problem ?? judged?.stripped?.problem;
    return this.#end('complete', last, judged?.findings);
  }

  #end(
    state: 'blocked' | 'complete' | 'stripped',
    forward: Uint8Array,
    findings: Parameters<AnswerRecord['end']>[1] = {},
  ): AnswerStep {
    this.#isOver = true;
    this.#pieces = [];
    this.#record.end(state, findings);
    return { forward, facts: this.#record.take(), end: state === 'blocked' ? 'blocked' : 'complete' };
  }
}
