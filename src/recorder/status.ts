import type { BundleRef } from '../core/receipt/records.ts';
import type { DiskSpace } from './disk_space.ts';
import { heldBack } from './ledger_clock.ts';
import type { RecorderParts } from './parts.ts';

export interface RecorderStatus {
  readonly phase: 'running' | 'failed' | 'stopped';
  readonly log_id: string;
  /** `<issuer>/<log_id>`: the origin line and key name of checkpoints. */
  readonly origin: string;
  readonly head_seq: number;
  readonly head_hash: string;
  readonly tree_size: number;
  readonly segment: string;
  readonly decisions: number;
  readonly open_decisions: number;
  readonly buckets: number;
  readonly queue_depth: number;
  readonly waiting_outcomes: number;
  readonly commits: number;
  readonly epoch_key_id: string;
  /** The wall clock is this far ahead of the ledger clock, and is not believed; absent when they agree. */
  readonly clock_held_back_ms?: number;
  /** The newest checkpoint is not in the heads file: a rollback would not be noticed. */
  readonly heads_file_failed?: true;
  readonly disk_free_bytes: number;
  /** Decisions are refused with RECORDER_DISK_FULL; everything else is recorded. */
  readonly disk_full: boolean;
  /** Why sealed segments are not packed or removed at the moment. */
  readonly storage_problem?: string;
  readonly policy_hash?: string;
  readonly registry_hash?: string;
  /** Of the signed bundle that is live; absent for local policy. */
  readonly bundle_digest?: string;
  /** The signed bundle of the highest version that the journal names. */
  readonly signed_policy?: BundleRef;
  readonly checkpoint?: { readonly size: number; readonly root: string };
}

/** As of now; what waits for its sync is in the counts already. */
export function statusOf(parts: RecorderParts, space: DiskSpace, isStopped: boolean): RecorderStatus {
  const { options, state, loop, upkeep, log_id, journal } = parts;
  const checkpoint = upkeep.lastCheckpoint;
  return {
    phase: loop.failure !== undefined ? 'failed' : isStopped ? 'stopped' : 'running',
    log_id,
    origin: `${options.issuer}/${log_id}`,
    head_seq: state.head_seq,
    head_hash: state.head_hash,
    tree_size: state.tree.size,
    segment: journal.name,
    decisions: state.decisions,
    open_decisions: state.ledger.openCount,
    buckets: state.ledger.bucketCount,
    queue_depth: loop.depth,
    waiting_outcomes: loop.outcomeDepth,
    commits: loop.commits,
    epoch_key_id: state.epochs.at(-1)?.key_id ?? '',
    ...heldBack(parts),
    ...(parts.elsewhere?.failing === true ? { heads_file_failed: true } : {}),
    disk_free_bytes: space.free,
    disk_full: space.isFull,
    ...(upkeep.storageProblem === undefined ? {} : { storage_problem: upkeep.storageProblem }),
    ...(state.policy === undefined
      ? {}
      : { policy_hash: state.policy.policy_hash, registry_hash: state.policy.registry_hash }),
    ...(state.policy?.bundle === undefined ? {} : { bundle_digest: state.policy.bundle.digest }),
    ...(state.signedPolicy === undefined ? {} : { signed_policy: state.signedPolicy }),
    ...(checkpoint === undefined ? {} : { checkpoint: { size: checkpoint.size, root: checkpoint.root } }),
  };
}
