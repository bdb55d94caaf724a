import { NO_USAGE } from '../ai/usage.ts';
import type { InspectionFinding } from '../receipt/inspection_facts.ts';
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
import type { ModelFindings } from './model_reading.ts';

/** The request timed out, or its client went: something may have been done until then. */
const UNSURE_STATUSES = [408, 499];

/** An answer that nobody reads: it is counted and hashed as it passes. */
export class PassedAnswer implements AnswerPipe {
  readonly #job: AnswerJob;
  readonly #tally: ByteTally;
  readonly #record: AnswerRecord;
  readonly #state: 'complete' | 'bypassed';
  #isOver = false;

  constructor(
    job: AnswerJob,
    parts: AnswerParts,
    way: {
      readonly format: InspectionFinding['format'];
      readonly reading: 'read' | 'unread' | 'bypassed';
      readonly problem?: AnswerProblem;
    },
  ) {
    this.#job = job;
    this.#tally = new ByteTally(parts.newDigest);
    this.#record = new AnswerRecord(way.format, this.#tally, false);
    this.#record.problem = way.problem;
    this.#state = way.reading === 'bypassed' ? 'bypassed' : 'complete';
  }

  feed(chunk: Uint8Array, isLast: boolean): AnswerStep {
    if (this.#isOver) return { forward: NOTHING, facts: [] };
    const { max_bytes, on_violation } = this.#job.demands;
    const room = Math.max(0, max_bytes - this.#tally.bytesIn);
    // An error is no answer that the rule speaks of; what is bypassed is not measured, either.
    const isMeasured = this.#job.status < 300 && this.#state !== 'bypassed';
    if (isMeasured && chunk.length > room) {
      this.#record.problem ??= { code: 'ANSWER_TOO_LARGE' };
      if (on_violation !== 'alert') return this.#cut(chunk, room);
    }
    this.#tally.both(chunk);
    if (!isLast) return { forward: chunk, facts: [] };
    this.#end(this.#state, this.#refused());
    return { forward: chunk, facts: this.#record.take(), end: 'complete' };
  }

  abort(by: 'client' | 'upstream'): AnswerStep {
    if (!this.#isOver) this.#end(`${by}_abort`, {});
    return { forward: NOTHING, facts: this.#record.take() };
  }

  #cut(chunk: Uint8Array, room: number): AnswerStep {
    const forward = chunk.subarray(0, room);
    this.#tally.both(forward);
    this.#tally.came(chunk.subarray(room, room + 1));
    this.#end('policy_cut', {});
    return { forward, facts: this.#record.take(), end: 'cut' };
  }

  /** A call of a model that the provider refuses is not charged, and nothing stays reserved for it. */
  #refused(): ModelFindings {
    const { ai, demands, status } = this.#job;
    const isRefusal = status >= 400 && status < 500 && !UNSURE_STATUSES.includes(status);
    if (!isRefusal || demands.usage !== true || ai?.kind !== 'llm') return {};
    return { usage: NO_USAGE, cost_micro_usd: 0 };
  }

  #end(state: Exclude<InspectionFinding['state'], 'mark'>, findings: ModelFindings): void {
    this.#isOver = true;
    this.#record.end(state, findings);
  }
}
