import { ENGINE, PUBLIC_KEY, RECORD_CAPS } from './common_fields.ts';
import type { DenialCount, LifecycleFacts, RestoreFacts } from './records.ts';
import {
  CODE,
  type Covers,
  DIGEST,
  HEX_16_BYTES,
  HEX_32_BYTES,
  ID,
  integer,
  list,
  object,
  oneOf,
  optional,
  required,
  TIMESTAMP,
  UUID_V7,
  visibleAscii,
} from './shape.ts';

type Life<K extends LifecycleFacts['lifecycle']> = Covers<Extract<LifecycleFacts, { lifecycle: K }>>;

const DENIAL_COUNT = {
  reason: required('derived', CODE),
  count: required('derived', integer()),
  tenant_id: optional('derived', ID),
  agent_id: optional('derived', ID),
  source: optional('observed', visibleAscii(RECORD_CAPS.address_length)),
} satisfies Covers<DenialCount>;

export const LIFECYCLES = {
  genesis: {
    lifecycle: required('derived', oneOf('genesis')),
    suite: required('derived', oneOf('ed25519-sha256-1')),
    root_key: required('observed', PUBLIC_KEY),
    log_key: required('observed', PUBLIC_KEY),
    tenant_mode: required('observed', oneOf('single', 'multi')),
    isolation: required('observed', oneOf('same_uid', 'uid', 'netns', 'pod')),
    capture: required('observed', oneOf('voluntary', 'enforced')),
  } satisfies Life<'genesis'>,
  key_delegation: {
    lifecycle: required('derived', oneOf('key_delegation')),
    key: required('observed', PUBLIC_KEY),
    purpose: required('derived', oneOf('receipt')),
    first_seq: required('derived', integer()),
    not_after: required('derived', TIMESTAMP),
  } satisfies Life<'key_delegation'>,
  start: {
    lifecycle: required('derived', oneOf('start')),
    engine: required('observed', ENGINE),
  } satisfies Life<'start'>,
  stop: {
    lifecycle: required('derived', oneOf('stop')),
    clean: required('observed', oneOf(true)),
  } satisfies Life<'stop'>,
  heartbeat: {
    lifecycle: required('derived', oneOf('heartbeat')),
    decisions: required('derived', integer()),
    pending_outcomes: required('derived', integer()),
  } satisfies Life<'heartbeat'>,
  recovery: {
    lifecycle: required('derived', oneOf('recovery')),
    cut_bytes: required('observed', integer()),
    cut_digest: optional('derived', DIGEST),
    open_decisions: required('derived', integer()),
    aggregate_window_ms: optional('derived', integer()),
  } satisfies Life<'recovery'>,
  clock: {
    lifecycle: required('derived', oneOf('clock')),
    wall_jump_ms: required('observed', integer(Number.MIN_SAFE_INTEGER)),
    accepted: optional('observed', oneOf(true)),
  } satisfies Life<'clock'>,
  restore: {
    lifecycle: required('derived', oneOf('restore')),
    previous_log_id: optional('observed', HEX_16_BYTES),
    previous_seq: optional('observed', integer()),
    previous_hash: optional('observed', HEX_32_BYTES),
    known_elsewhere: required(
      'observed',
      list(
        object({
          source: required(
            'observed',
            oneOf('heads_file', 'checkpoint', 'ledger_snapshot', 'access_log', 'gateway'),
          ),
          records: optional('observed', integer()),
          root: optional('observed', HEX_32_BYTES),
          line_hash: optional('observed', HEX_32_BYTES),
          receipt_id: optional('observed', UUID_V7),
        } satisfies Covers<RestoreFacts['known_elsewhere'][number]>),
        RECORD_CAPS.known_heads,
      ),
    ),
    single_use: required('derived', oneOf('voided')),
    limits: required('derived', oneOf('exhausted')),
  } satisfies Life<'restore'>,
  storage_failure: {
    lifecycle: required('derived', oneOf('storage_failure')),
    cause: required('observed', oneOf('disk_full', 'write_failed', 'sync_failed', 'size_mismatch', 'other')),
    errno: optional('observed', visibleAscii(RECORD_CAPS.errno_length)),
    failed_ts: required('observed', TIMESTAMP),
  } satisfies Life<'storage_failure'>,
  retention: {
    lifecycle: required('derived', oneOf('retention')),
    because: required('derived', oneOf('age', 'size')),
    segment: required('observed', visibleAscii(RECORD_CAPS.file_name_length)),
    first_seq: required('derived', integer()),
    last_seq: required('derived', integer()),
    digest: required('derived', DIGEST),
    bytes: required('observed', integer()),
  } satisfies Life<'retention'>,
  gap: {
    lifecycle: required('derived', oneOf('gap')),
    log_file_id: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
    from_ts: required('observed', TIMESTAMP),
    to_ts: required('observed', TIMESTAMP),
    counts: required(
      'derived',
      list(
        object({
          cause: required('derived', visibleAscii(RECORD_CAPS.wire_id_length)),
          count: required('derived', integer()),
        }),
        RECORD_CAPS.gap_causes,
      ),
    ),
    offset: optional('observed', integer()),
  } satisfies Life<'gap'>,
  aggregate: {
    lifecycle: required('derived', oneOf('aggregate')),
    from_ts: required('observed', TIMESTAMP),
    to_ts: required('observed', TIMESTAMP),
    counts: required('derived', list(object(DENIAL_COUNT), RECORD_CAPS.aggregate_counts)),
  } satisfies Life<'aggregate'>,
  bypass_probe: {
    lifecycle: required('derived', oneOf('bypass_probe')),
    nonce: required('asserted_by_client', HEX_16_BYTES),
    report_digest: required('derived', DIGEST),
    probed_ts: required('asserted_by_client', TIMESTAMP),
    held: required('asserted_by_client', integer()),
    leaked: required('asserted_by_client', integer()),
    not_tested: required('asserted_by_client', integer()),
    leaks: required('asserted_by_client', list(ID, RECORD_CAPS.bypass_leaks)),
    arrivals: optional('observed', integer()),
  } satisfies Life<'bypass_probe'>,
};
