import type { Batch } from './batch.ts';
import type { OutcomeNotice } from './notices.ts';
import { RecorderError, type RecorderSigner } from './options.ts';
import type { JournalState } from './state.ts';

const SWEEP_CHUNK = 1_024;

/** A second outcome of one decision is nobody's: nothing is written. Returns why it cannot be recorded. */
export function addOutcome(
  state: JournalState,
  { receipt_id, request_id, facts, source }: OutcomeNotice,
  batch: Batch,
  signer: RecorderSigner,
): Error | undefined {
  const open = state.ledger.findOpen(receipt_id, request_id);
  if (open === undefined) return undefined;
  const streams = state.streams.links(open);
  const added = batch.add(
    { type: 'outcome', decision_ref: open.receipt_id, streams, source, ...facts },
    signer,
  );
  return added.ok
    ? undefined
    : new RecorderError(`the outcome does not fit the record at ${added.problem.at}`);
}

/** Gives every open decision that is meant the outcome `unknown`. Returns how many those were. */
export async function closeUnknown(
  { ledger }: JournalState,
  isMeant: (open: { envoy_epoch: string; ledger_ms: number }) => boolean,
  close: (notice: OutcomeNotice) => Promise<void>,
): Promise<number> {
  const meant = [...ledger.openDecisions()].filter(isMeant);
  const facts = { state: 'unknown', bytes_in: 0, bytes_out: 0, latency_ms: 0 } as const;
  for (let i = 0; i < meant.length; i += SWEEP_CHUNK) {
    const chunk = meant.slice(i, i + SWEEP_CHUNK);
    await Promise.all(
      chunk.map(({ receipt_id, request_id }) =>
        close({ receipt_id, request_id, facts, source: { kind: 'sweeper' } }),
      ),
    );
  }
  return meant.length;
}
