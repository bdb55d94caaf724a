import { ENGINE, PUBLIC_KEY, RECORD_CAPS } from './common_fields.ts';
import type { LifecycleFacts } from './records.ts';
import {
  type Covers,
  DIGEST,
  integer,
  list,
  object,
  oneOf,
  optional,
  required,
  TIMESTAMP,
  visibleAscii,
} from './shape.ts';

type Life<K extends LifecycleFacts['lifecycle']> = Covers<Extract<LifecycleFacts, { lifecycle: K }>>;

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
  } satisfies Life<'recovery'>,
  clock: {
    lifecycle: required('derived', oneOf('clock')),
    wall_jump_ms: required('observed', integer(Number.MIN_SAFE_INTEGER)),
  } satisfies Life<'clock'>,
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
  } satisfies Life<'gap'>,
};
