import type { LedgerOp } from '../../core/ledger/operation.ts';
import type { QuotaState } from '../../core/ledger/quota.ts';
import type { ReceiptAsk, ToldReceipt } from '../../core/receipt/recent_receipts.ts';

/** What of a recorder answers for agents. Both look and change nothing; both reject when it cannot be reached. */
export interface SelfRecorder {
  /** One state for each operation, in their order. */
  quota(ops: readonly LedgerOp[]): readonly QuotaState[] | Promise<readonly QuotaState[]>;
  /** Undefined: none of the newest receipts of this agent has that id. */
  why(ask: ReceiptAsk): ToldReceipt | undefined | Promise<ToldReceipt | undefined>;
}
