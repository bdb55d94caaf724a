import type { Engine, PublicKeyRef, RecordCommon, StreamLink } from './records.ts';
import {
  type Covers,
  DIGEST,
  ED25519_SPKI,
  HEX_16_BYTES,
  HEX_32_BYTES,
  ID,
  ID_OR_PAIR,
  integer,
  list,
  object,
  oneOf,
  optional,
  required,
  TIMESTAMP,
  visibleAscii,
} from './shape.ts';

/** Caps of the members that a request or a policy can grow. A decision beyond one is denied `RECORD_TOO_LARGE`. */
export const RECORD_CAPS = {
  path_length: 8_192,
  /** Each quote and each backslash takes two. */
  path_bytes: 8_194,
  query_names: 16,
  query_name_length: 128,
  query_names_bytes: 1_536,
  override_headers: 16,
  observed_by: 20,
  buckets: 20,
  budgets: 4,
  jwt_name_length: 256,
  jwt_name_bytes: 514,
  wire_id_length: 128,
  address_length: 64,
  flags_length: 128,
  details_length: 256,
  gap_causes: 32,
  aggregate_counts: 64,
  known_heads: 16,
  bypass_leaks: 32,
  errno_length: 32,
  file_name_length: 64,
  ext_bytes: 1_024,
} as const;

const LINK = {
  kind: required('derived', oneOf('tenant', 'agent', 'run')),
  id: required('derived', ID_OR_PAIR),
  seq: required('derived', integer()),
  prev: required('derived', HEX_32_BYTES),
} satisfies Covers<StreamLink>;
export const STREAMS = required('derived', list(object(LINK), 3));

export const ENGINE = object({
  version: required('observed', visibleAscii(64)),
  build_digest: required('observed', DIGEST),
  semantics: required('observed', integer()),
} satisfies Covers<Engine>);

export const PUBLIC_KEY = object({
  key_id: required('derived', HEX_32_BYTES),
  algorithm: required('observed', oneOf('ed25519')),
  spki_b64: required('observed', ED25519_SPKI),
} satisfies Covers<PublicKeyRef>);

/** In every record. `ext` is the only home of vendor data. */
export const COMMON = {
  v: required('derived', oneOf(0)),
  log_id: required('derived', HEX_16_BYTES),
  issuer: required('derived', visibleAscii(128)),
  key_id: required('derived', HEX_32_BYTES),
  seq: required('derived', integer()),
  prev: required('derived', HEX_32_BYTES),
  ts: required('observed', TIMESTAMP),
  mono_us: required('observed', integer()),
  boot_id: required('observed', ID),
  process_id: required('observed', integer()),
  ledger_ms: required('derived', integer()),
  ext: optional('observed', { kind: 'free_object', bytes_max: RECORD_CAPS.ext_bytes }),
} satisfies Covers<Omit<RecordCommon, 'type'> & { ext?: unknown }>;
