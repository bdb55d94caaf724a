import type { AiReading } from '../core/ai/ai_request.ts';
import { unknown } from '../core/ai/facts.ts';
import type { BuiltValue } from '../core/body/value_builder.ts';
import { readAi } from './ai_facts.ts';
import type { WholeJob } from './jobs.ts';

/**
 * What a body of records is as traffic of AI. One record is for most servers a text like any other; calls among several are
 * none that anybody can tell apart.
 */
export class RecordedCalls {
  readonly #job: WholeJob;
  #count = 0;
  /** Of the first record. */
  #first: AiReading | undefined;
  #hasCall = false;

  constructor(job: WholeJob) {
    this.#job = job;
  }

  take(value: BuiltValue): void {
    this.#count += 1;
    // What the first one shows is enough to refuse all of them.
    if (this.#hasCall) return;
    const reading = readAi(this.#job, this.#job.body.length, value);
    this.#first ??= reading;
    this.#hasCall = reading.kind !== 'none';
  }

  reading(): AiReading {
    if (this.#first === undefined) return readAi(this.#job, this.#job.body.length);
    if (this.#count === 1) return this.#first;
    return this.#hasCall ? unknown('BATCH') : this.#first;
  }
}
