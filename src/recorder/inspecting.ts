import { type InspectionFinding, isEnd } from '../core/receipt/inspection_facts.ts';
import type { InspectionRecord } from '../core/receipt/records.ts';
import type { Batch } from './batch.ts';
import type { InspectionNotice } from './notices.ts';
import { RecorderError, type RecorderSigner } from './options.ts';
import type { RecorderParts } from './parts.ts';
import type { RecordFacts } from './scribe.ts';
import type { Work } from './work.ts';

/** Ends that may wait for a commit. */
export const ENDS_MAX = 8_192;
/** Marks that may wait for a commit, together with outcomes; and of one decision. */
const WAITING_MARKS_MAX = 65_536;
const MARKS_OF_ONE_MAX = 256;

/** From a finding to its record: marks ride like outcomes, an end is committed as soon as a decision would be. */
export class Inspecting {
  readonly #parts: RecorderParts;
  /** Marks that are not written yet, by decision: an end must not overtake them. */
  readonly #marks = new Map<string, Set<Work>>();
  #ends = 0;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** MUST settle only when the record is on stable storage. Rejects when it cannot be recorded. */
  record(notice: InspectionNotice): Promise<void> {
    if (isEnd(notice.facts) !== notice.is_end)
      return Promise.reject(new RangeError('a finding that is a mark and an end'));
    return notice.is_end ? this.#end(notice) : this.#mark(notice);
  }

  #end(notice: InspectionNotice): Promise<void> {
    if (this.#ends >= ENDS_MAX) return Promise.reject(new RecorderError('too many inspections wait'));
    const { loop } = this.#parts;
    this.#ends += 1;
    return new Promise<void>((resolve, reject) => {
      for (const mark of this.#marks.get(notice.receipt_id) ?? []) loop.enqueue(mark);
      loop.enqueue(this.#workOf(notice, resolve, reject));
    }).finally(() => {
      this.#ends -= 1;
    });
  }

  #mark(notice: InspectionNotice): Promise<void> {
    const { loop } = this.#parts;
    const marks = this.#marks.get(notice.receipt_id) ?? new Set();
    if (loop.outcomeDepth >= WAITING_MARKS_MAX || marks.size >= MARKS_OF_ONE_MAX)
      return Promise.reject(new RecorderError('too many inspections wait'));
    this.#marks.set(notice.receipt_id, marks);
    return new Promise((resolve, reject) => {
      const work = this.#workOf(notice, resolve, reject);
      const once: Work = {
        // In two queues once an end has come: the first to take it writes it.
        write: (batch, signer) => {
          if (marks.delete(once)) work.write(batch, signer);
          if (marks.size === 0) this.#marks.delete(notice.receipt_id);
        },
        refuse: (error) => work.refuse(error),
      };
      marks.add(once);
      loop.enqueueOutcome(once);
    });
  }

  #workOf(notice: InspectionNotice, resolve: () => void, reject: (error: Error) => void): Work {
    return {
      write: (batch, signer) => {
        const misfit = this.#write(notice, batch, signer);
        if (misfit === undefined) batch.whenDurable(resolve);
        else reject(misfit);
      },
      refuse: reject,
    };
  }

  /** Adds the line, or none for what stands already and for what nobody asked. Returns why it cannot be recorded. */
  #write(
    { receipt_id, facts }: InspectionNotice,
    batch: Batch,
    signer: RecorderSigner,
  ): RecorderError | undefined {
    const { state } = this.#parts;
    const place = state.inspections.placeOf(receipt_id, facts);
    if (place.kind === 'refused') return new RecorderError(`an inspection is refused: ${place.why}`);
    if (place.kind !== 'fits') return undefined;
    const streams = state.streams.links(place.owner);
    const settled = isSettling(facts)
      ? state.ledger.settlementOf(receipt_id, facts, batch.moment.now_us)
      : undefined;
    const record: RecordFacts<InspectionRecord> = {
      type: 'inspection',
      decision_ref: receipt_id,
      streams,
      ...facts,
      ...(settled === undefined ? {} : { settled }),
    };
    const added = batch.add(record, signer);
    if (added.ok) return undefined;
    return new RecorderError(`the inspection does not fit the record at ${added.problem.at}`);
  }
}

/** What the call comes to is known when its answer has ended. */
function isSettling(facts: InspectionFinding): boolean {
  return facts.part === 'response' && isEnd(facts);
}
