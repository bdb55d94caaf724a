import { recordedProblem } from '../contract/recorded_problem.ts';
import type { InspectionFinding } from '../receipt/inspection_facts.ts';
import type { AnswerProblem } from './answer_job.ts';
import type { ByteTally } from './byte_tally.ts';
import type { ModelFindings } from './model_reading.ts';

/** A mark stands at the end of an event: of every 256th, or of the first one after five seconds without. */
export const MARK_EVENTS = 256;
export const MARK_MS = 5_000;
/** Marks of one answer; beyond, only its end is recorded: records must not cost us more than events cost the sender. */
export const MARKS_MAX = 1_024;

/** The records of one answer, in their order. */
export class AnswerRecord {
  readonly #format: InspectionFinding['format'];
  readonly #tally: ByteTally;
  readonly #isMarked: boolean;
  #index = 0;
  #events: number | undefined;
  #sinceMark = 0;
  #markedAt: number | undefined;
  #facts: InspectionFinding[] = [];
  /** The first thing that was wrong. */
  problem: AnswerProblem | undefined;

  constructor(format: InspectionFinding['format'], tally: ByteTally, isMarked: boolean) {
    this.#format = format;
    this.#tally = tally;
    this.#isMarked = isMarked;
  }

  /** A piece came; the first one starts the clock. */
  at(now_ms: number): void {
    this.#markedAt ??= now_ms;
  }

  /** An event has ended, and what of it may go on is counted. */
  event(now_ms: number): void {
    this.#events = (this.#events ?? 0) + 1;
    this.#sinceMark += 1;
    const isDue = this.#sinceMark >= MARK_EVENTS || now_ms - (this.#markedAt ?? now_ms) >= MARK_MS;
    if (!this.#isMarked || !isDue || this.#index >= MARKS_MAX) return;
    this.#sinceMark = 0;
    this.#markedAt = now_ms;
    this.#push('mark', {});
  }

  end(state: Exclude<InspectionFinding['state'], 'mark'>, findings: ModelFindings): void {
    const problem = this.problem === undefined ? {} : { problem: recordedProblem(this.problem) };
    this.#push(state, { ...problem, ...findings });
  }

  /** Those that have not been taken yet. */
  take(): readonly InspectionFinding[] {
    const facts = this.#facts;
    this.#facts = [];
    return facts;
  }

  #push(state: InspectionFinding['state'], more: Partial<InspectionFinding>): void {
    const events = this.#events === undefined ? {} : { events: this.#events };
    const fixed = { part: 'response', state, index: this.#index, format: this.#format } as const;
    this.#facts.push({ ...fixed, ...this.#tally.facts, ...events, ...more });
    this.#index += 1;
  }
}
