import type { LedgerOp } from '../../core/ledger/operation.ts';
import type { QuotaState } from '../../core/ledger/quota.ts';
import type { ReceiptAsk, ToldReceipt } from '../../core/receipt/recent_receipts.ts';
import type { Result } from '../../core/result.ts';
import type { AppendProblem, AppendResult, FoldedDenial, Proposal } from '../../core/verdict/proposal.ts';
import type { Checkpoint } from '../checkpointer.ts';
import type { InspectionNotice, OutcomeNotice } from '../notices.ts';
import type { Recorder } from '../recorder.ts';
import type { RecorderStatus } from '../status.ts';
import type { KnownHead } from './tables.ts';

/** What of a recorder is served to gateways in other processes. */
export interface RecorderService {
  append(proposal: Proposal): Promise<Result<AppendResult, AppendProblem | FoldedDenial>>;
  close(notice: OutcomeNotice): Promise<void>;
  inspect(notice: InspectionNotice): Promise<void>;
  /** The run of Envoy that a decision belongs to whose inspections are still taken; undefined when none is meant. */
  inspectedEpoch(receiptId: string): string | undefined;
  /** The run of Envoy that an open decision belongs to; undefined when none is meant. */
  openEpoch(ids: Pick<OutcomeNotice, 'receipt_id' | 'request_id'>): string | undefined;
  sweep(envoyEpoch: string): Promise<number>;
  recordGap: Recorder['recordGap'];
  logPosition(fileId: string): number;
  gapPosition(fileId: string): number;
  decided(requestId: string): boolean;
  /** How much is left of each limit now. */
  quota(ops: readonly LedgerOp[]): readonly QuotaState[];
  /** The run of Envoy that asked for one of the newest decisions; undefined when it is none of them. */
  receiptEpoch(receiptId: string): string | undefined;
  /** What an agent is told about a receipt of its own. */
  why(ask: ReceiptAsk): ToldReceipt | undefined;
  status(): RecorderStatus;
  checkpoint(): Promise<Checkpoint>;
  /** Looks at policy and registry now; resolves when what they hold is live in the journal, or refused. */
  sync(): Promise<void>;
  /** Whether a line that some gateway was answered with stands in the journal; false means that it was rolled back. */
  knows(head: KnownHead): boolean | Promise<boolean>;
}

/** A recorder as it is served; how often peers may have it checkpoint and look at its files is the caller's to say. */
export function recorderService(
  recorder: Recorder,
  paced: Pick<RecorderService, 'checkpoint' | 'sync'>,
): RecorderService {
  return {
    append: (proposal) => recorder.append(proposal),
    close: (notice) => recorder.close(notice),
    inspect: (notice) => recorder.inspect(notice),
    inspectedEpoch: (id) => recorder.inspectedEpoch(id),
    openEpoch: (ids) => recorder.openEpoch(ids),
    sweep: (epoch) => recorder.sweep(epoch),
    recordGap: (gap) => recorder.recordGap(gap),
    logPosition: (fileId) => recorder.logPosition(fileId),
    gapPosition: (fileId) => recorder.gapPosition(fileId),
    decided: (requestId) => recorder.decided(requestId),
    quota: (ops) => recorder.quota(ops),
    receiptEpoch: (id) => recorder.receiptEpoch(id),
    why: (ask) => recorder.why(ask),
    status: () => recorder.status(),
    knows: (head) => recorder.knows(head),
    ...paced,
  };
}

/** Who is at the other end, as far as the transport proves it. */
export interface Peer {
  /** Name of the client certificate; undefined on a socket that only our own user can open. */
  readonly name?: string;
  /** End of that certificate's validity, milliseconds since the epoch. */
  readonly expires_ms?: number;
  /** For the log. */
  readonly from: string;
}

export interface ServiceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
