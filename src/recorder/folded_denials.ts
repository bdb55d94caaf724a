import { DenialFolding, type Denied } from '../core/ledger/denial_folding.ts';
import type { DecisionRecord } from '../core/receipt/records.ts';
import { fail, type Result } from '../core/result.ts';
import type { FoldedDenial } from '../core/verdict/proposal.ts';
import type { RequestMark } from './judge.ts';
import type { RecorderOptions } from './options.ts';
import type { Moment, RecordFacts } from './scribe.ts';

/** Folded denials wait no longer than this for their record; what a crash can lose. */
export const AGGREGATE_WINDOW_MS = 2_000;

/** Denials that came too often to be written one by one, until their counts are. */
export class FoldedDenials {
  readonly #options: RecorderOptions;
  readonly #folding: DenialFolding;
  readonly #flush: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** `flush` is called a while after the first count; it should have `take` called when it writes. */
  constructor(options: RecorderOptions, flush: () => void) {
    this.#options = options;
    this.#flush = flush;
    const window_us = 2 * options.checkTimeoutMs * 1_000;
    this.#folding = new DenialFolding(options.settings.denials_per_second, window_us);
  }

  /** The first answer of a repeated request that was folded. */
  answerBefore(
    mark: RequestMark,
    now_us: number,
  ): Result<never, FoldedDenial | 'REQUEST_KEY_REUSED'> | undefined {
    const recall = this.#folding.recall(mark.key, mark.digest, now_us);
    if (recall.kind === 'same') return fail(recall.result);
    return recall.kind === 'reused' ? fail('REQUEST_KEY_REUSED') : undefined;
  }

  /** Undefined: to be written like any other decision. */
  fold(facts: RecordFacts<DecisionRecord>, mark: RequestMark, moment: Moment): FoldedDenial | undefined {
    if (facts.verdict !== 'deny') return undefined;
    const { reason, identity, source, rule_id, retry_after_ms } = facts;
    const denied: Denied = identity ?? { source };
    if (!this.#folding.isTooMany(reason, denied, moment.now_us)) return undefined;
    const denial: FoldedDenial = {
      folded: true,
      reason,
      ...(rule_id === undefined ? {} : { rule_id }),
      ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
    };
    this.#folding.count(denial, denied, { ...mark, now_us: moment.now_us, ts: moment.ts });
    this.#options.metrics?.folded?.(reason);
    this.#timer ??= setTimeout(() => this.#begin(), AGGREGATE_WINDOW_MS).unref();
    return denial;
  }

  /** Everything counted so far, as records; nothing is counted twice. */
  take(): RecordFacts[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#folding.take().map((facts) => ({ type: 'lifecycle', ...facts }));
  }

  #begin(): void {
    this.#timer = undefined;
    if (!this.#folding.pending) return;
    this.#options.log.warn({}, 'repeated denials came too often to be written one by one; they are counted');
    this.#flush();
  }
}
