import { assertOps } from '../core/ledger/op_bounds.ts';
import { RECORD_CAPS } from '../core/receipt/common_fields.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { AppendProblem, AppendResult, FoldedDenial, Proposal } from '../core/verdict/proposal.ts';
import type { Batch } from './batch.ts';
import type { DiskSpace } from './disk_space.ts';
import { FoldedDenials } from './folded_denials.ts';
import { answerBefore, judge, type RequestMark, requestMark } from './judge.ts';
import { isLateDenial } from './late_denial.ts';
import { reportNearLimits } from './near_limits.ts';
import type { RecorderSigner } from './options.ts';
import type { RecorderParts } from './parts.ts';
import { repeated } from './repeated.ts';
import type { RecordFacts } from './scribe.ts';
import type { Work } from './work.ts';

export type Decided = Result<AppendResult, AppendProblem | FoldedDenial>;

/** From a proposal to its record, or to why there is none. */
export class Deciding {
  readonly #parts: RecorderParts;
  readonly #space: DiskSpace;
  readonly #folded: FoldedDenials;

  constructor(parts: RecorderParts, space: DiskSpace) {
    this.#parts = parts;
    this.#space = space;
    this.#folded = new FoldedDenials(parts.options, () => this.#writeFolded());
  }

  /** Throws `RangeError` on operations out of bounds; `resolve` hears when the answer is durable, or that there is none. */
  workOf(proposal: Proposal, resolve: (answer: Decided) => void): Work {
    assertOps(proposal.ops, RECORD_CAPS);
    assertLate(proposal);
    const mark = requestMark(this.#parts.options.keyring, proposal);
    return {
      write: (batch, signer) => {
        const answer = this.#decide(proposal, mark, batch, signer);
        batch.whenDurable(() => resolve(answer));
      },
      refuse: () => resolve(fail('RECORDER_UNAVAILABLE')),
    };
  }

  /** Denials counted so far, as records; nothing is counted twice. */
  takeFolded(): RecordFacts[] {
    return this.#folded.take();
  }

  #decide(proposal: Proposal, mark: RequestMark, batch: Batch, signer: RecorderSigner): Decided {
    const { options, state } = this.#parts;
    const { now_us } = batch.moment;
    const known = answerBefore(state, proposal, mark, now_us);
    if (known !== undefined) return repeated(options.layout.journal_dir, proposal, known);
    const { receipt_id } = proposal.draft;
    // Each attempt has an id of its own: one that names an open decision would take it over, one that names any would be a second.
    if (state.hasReceipt(receipt_id) || state.ledger.findOpen(receipt_id, '') !== undefined)
      return fail('REQUEST_KEY_REUSED');
    if (this.#space.isFull) return fail('RECORDER_DISK_FULL');
    const again = this.#folded.answerBefore(mark, now_us);
    if (again !== undefined) return again;
    const context = { engine: options.engine, hmac_key_id: options.keyring.hmacKeyId };
    const { facts, limit } = judge(state, proposal, mark, context, now_us);
    // Who asks whether it was decided must find it.
    const folded = proposal.late === true ? undefined : this.#folded.fold(facts, mark, batch.moment);
    if (folded !== undefined) return fail(folded);
    const added = batch.add(facts, signer, limit);
    if (added.ok && added.value !== undefined) {
      batch.whenDurable(() => reportNearLimits(options, facts));
      return ok(added.value);
    }
    options.log.error({ at: added.ok ? '' : added.problem.at }, 'a decision does not fit the record');
    return fail('RECORD_TOO_LARGE');
  }

  /** Its counts are taken when the batch is built; until then they grow. */
  #writeFolded(): void {
    this.#parts.loop.enqueue({
      write: (batch, signer) => {
        for (const facts of this.#folded.take()) batch.addOwn(facts, signer);
      },
      refuse: () => undefined,
    });
  }
}

/** Only what grants nothing and charges nothing may come under a policy that is not live any more. */
function assertLate(proposal: Proposal): void {
  if (proposal.late === true && !isLateDenial(proposal))
    throw new RangeError('a late proposal that is more than a denial for want of a body');
}
