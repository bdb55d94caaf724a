import type { FramesSeen } from '../relay/relay_end.ts';
import { COMMON, RECORD_CAPS, STREAMS } from './common_fields.ts';
import { DECISION } from './decision_fields.ts';
import { INSPECTION } from './inspection_fields.ts';
import { LIFECYCLES } from './lifecycle_fields.ts';
import type { BundleRef, ControlRecord, OutcomeRecord, PolicyRecord, SealRecord } from './records.ts';
import {
  asciiText,
  type Covers,
  DIGEST,
  HEX_32_BYTES,
  ID,
  integer,
  type Members,
  object,
  oneOf,
  optional,
  required,
  TIMESTAMP,
  UUID_V7,
  visibleAscii,
} from './shape.ts';

export const OUTCOME = {
  ...COMMON,
  type: required('derived', oneOf('outcome')),
  decision_ref: required('derived', UUID_V7),
  state: required('derived', oneOf('completed', 'client_abort', 'upstream_error', 'not_sent', 'unknown')),
  status: optional('observed', integer(100, 999)),
  bytes_in: required('observed', integer()),
  bytes_out: required('observed', integer()),
  latency_ms: required('observed', integer()),
  upstream_latency_ms: optional('observed', integer()),
  flags: optional('observed', visibleAscii(RECORD_CAPS.flags_length)),
  details: optional('observed', asciiText(RECORD_CAPS.details_length)),
  upstream_address: optional('observed', visibleAscii(RECORD_CAPS.address_length)),
  attempts: optional('observed', integer()),
  cause: optional(
    'observed',
    oneOf(
      'sni_mismatch',
      'tls_missing',
      'tls_name_refused',
      'tls_client_distrust',
      'tls_timeout',
      'tls_failed',
      'tls_unused',
      'answer_blocked',
      'answer_cut',
      'request_cut',
      'stream_bytes',
      'stream_time',
      'frame_blocked',
      'relay_stopped',
    ),
  ),
  frames: optional(
    'observed',
    object({
      in: required('observed', integer()),
      out: required('observed', integer()),
      messages_in: required('observed', integer()),
      messages_out: required('observed', integer()),
      largest: required('observed', integer()),
      violations: required('observed', integer()),
    } satisfies Covers<FramesSeen>),
  ),
  streams: STREAMS,
  source: required(
    'observed',
    object({
      kind: required('observed', oneOf('live', 'reconciled', 'sweeper')),
      log_file_id: optional('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
      offset: optional('observed', integer()),
    }),
  ),
} satisfies Covers<OutcomeRecord>;

const POLICY = {
  ...COMMON,
  type: required('derived', oneOf('policy')),
  policy_id: required('derived', ID),
  policy_hash: required('derived', DIGEST),
  registry_hash: required('derived', DIGEST),
  trust: required('observed', oneOf('local', 'signed')),
  bundle: optional(
    'observed',
    object({
      version: required('observed', integer(1)),
      digest: required('derived', DIGEST),
      key_id: required('observed', HEX_32_BYTES),
      valid_until: required('observed', TIMESTAMP),
    } satisfies Covers<BundleRef>),
  ),
} satisfies Covers<PolicyRecord>;

const CONTROL = {
  ...COMMON,
  type: required('derived', oneOf('control')),
  control: required('derived', oneOf('registry')),
  registry_hash: required('derived', DIGEST),
  policy_hash: required('derived', DIGEST),
} satisfies Covers<ControlRecord>;

const SEAL = {
  ...COMMON,
  type: required('derived', oneOf('seal')),
  first_seq: required('derived', integer()),
  streams_root: required('derived', HEX_32_BYTES),
  stream_count: required('derived', integer()),
  counts: required(
    'derived',
    object({
      allow: required('derived', integer()),
      deny: required('derived', integer()),
      outcome: required('derived', integer()),
    } satisfies Covers<SealRecord['counts']>),
  ),
} satisfies Covers<SealRecord>;

const lifecycle = (members: Members): Members => ({
  ...COMMON,
  type: required('derived', oneOf('lifecycle')),
  ...members,
});

/** Every record of format version 0: by `type`, and `lifecycle.` with the `lifecycle` member. */
export const RECORD_TABLES: Readonly<Record<string, Members>> = {
  decision: DECISION,
  outcome: OUTCOME,
  inspection: INSPECTION,
  policy: POLICY,
  control: CONTROL,
  seal: SEAL,
  ...Object.fromEntries(
    Object.entries(LIFECYCLES).map(([name, members]) => [`lifecycle.${name}`, lifecycle(members)]),
  ),
};
