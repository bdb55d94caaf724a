import type { Feed } from '../feed/ports.ts';
import type { RecorderStatus } from '../recorder/status.ts';

/** What is live and for how long, as `/ready` says it. */
export function policyFacts(feed: Feed): {
  readonly digest: string;
  readonly registry_digest: string;
  readonly age_s: number;
  /** A newer document on disk is refused; the last good one is in force. */
  readonly refused: boolean;
  /** Of a signed bundle. */
  readonly version?: number;
  readonly valid_until?: string;
  /** Nobody vouches for the bundle any more: everything is denied, or goes on by setting. */
  readonly lapse?: 'deny' | 'loud';
} {
  const { policy, registry } = feed.status();
  return {
    digest: policy.digest,
    registry_digest: registry.digest,
    age_s: Math.max(0, Math.round((Date.now() - policy.loaded_ms) / 1000)),
    refused: policy.refused !== undefined || registry.refused !== undefined,
    ...(policy.bundle ? { version: policy.bundle.version, valid_until: policy.bundle.valid_until } : {}),
    ...(policy.lapse ? { lapse: policy.lapse } : {}),
  };
}

export function policyGauges(feed: Feed) {
  const { bundle, lapse } = feed.status().policy;
  const { age_s, refused } = policyFacts(feed);
  return {
    policy_age_s: age_s,
    policy_version: bundle?.version ?? 0,
    policy_valid_until_s: bundle ? Math.floor(Date.parse(bundle.valid_until) / 1000) : 0,
    policy_lapsed: lapse ? 1 : 0,
    policy_refused: refused ? 1 : 0,
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
    clock_held_back_s: (status.clock_held_back_ms ?? 0) / 1_000,
    heads_file_failed: status.heads_file_failed === true ? 1 : 0,
    disk_free_bytes: status.disk_free_bytes,
    disk_full: status.disk_full ? 1 : 0,
    storage_problem: status.storage_problem === undefined ? 0 : 1,
  };
}
