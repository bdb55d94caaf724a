import type { Feed } from '../feed/ports.ts';
import type { RecorderStatus } from '../recorder/recorder.ts';

/** What is live and for how long, as `/ready` says it. */
export function policyFacts(feed: Feed): {
  readonly digest: string;
  readonly registry_digest: string;
  readonly age_s: number;
  /** A newer document on disk is refused; the last good one is in force. */
  readonly refused: boolean;
} {
  const { policy, registry } = feed.status();
  return {
    digest: policy.digest,
    registry_digest: registry.digest,
    age_s: Math.max(0, Math.round((Date.now() - policy.loaded_ms) / 1000)),
    refused: policy.refused !== undefined || registry.refused !== undefined,
  };
}

/** `status` is what was heard last when the recorder cannot be reached. */
export function recorderFacts(
  reachable: boolean,
  status: Pick<RecorderStatus, 'phase' | 'log_id' | 'head_seq' | 'head_hash'> | undefined,
) {
  if (status === undefined) return { reachable };
  const { phase, log_id, head_seq, head_hash } = status;
  return { reachable, phase, log_id, head_seq, head_hash };
}

export function recorderGauges(status: RecorderStatus) {
  return {
    queue_records: status.queue_depth,
    open_decisions: status.open_decisions,
    journal_records: status.tree_size,
    checkpoint_records: status.checkpoint?.size ?? 0,
    disk_free_bytes: status.disk_free_bytes,
    disk_full: status.disk_full ? 1 : 0,
    storage_problem: status.storage_problem === undefined ? 0 : 1,
  };
}
