import type { RecordType } from '../core/receipt/records.ts';
import { ok, type Result } from '../core/result.ts';
import type { AppendResult } from '../core/verdict/proposal.ts';
import type { RecorderSigner } from './options.ts';
import type { Misfit, Moment, RecordFacts, Scribe } from './scribe.ts';
import type { JournalState } from './state.ts';

/** Lines of one commit. Each record is folded into the state as it is written, so the next one is judged on it. */
export class Batch {
  /** All records added from here on are judged at this moment. */
  moment: Moment;
  readonly lines: Uint8Array[] = [];
  readonly types: RecordType[] = [];
  bytes = 0;
  readonly #state: JournalState;
  readonly #scribe: Scribe;
  readonly #waiting: (() => void)[] = [];

  constructor(state: JournalState, scribe: Scribe, moment: Moment) {
    this.#state = state;
    this.#scribe = scribe;
    this.moment = moment;
  }

  /** A misfit leaves everything as it was. A decision's answer comes back, but is nobody's before the sync. */
  add(
    facts: RecordFacts,
    signer: RecorderSigner,
    limit?: AppendResult['limit'],
  ): Result<AppendResult | undefined, Misfit> {
    const at = { seq: this.#state.head_seq + 1, prev: this.#state.head_hash };
    const written = this.#scribe.write(facts, at, this.moment, signer);
    if (!written.ok) return written;
    const { record, line, line_hash } = written.value;
    this.lines.push(line);
    this.types.push(facts.type);
    this.bytes += line.length + 1;
    return ok(this.#state.fold(record, line, line_hash, limit));
  }

  /** For records of our own making, which fit by construction. */
  addOwn(facts: RecordFacts, signer: RecorderSigner): void {
    const added = this.add(facts, signer);
    if (!added.ok)
      throw new Error(`our own ${facts.type} record does not fit its table at ${added.problem.at}`);
  }

  whenDurable(settle: () => void): void {
    this.#waiting.push(settle);
  }

  /** MUST be called only when all lines are on stable storage. */
  answer(): void {
    for (const settle of this.#waiting) settle();
  }
}
