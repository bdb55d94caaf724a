import type { Principal } from '../identity/principal.ts';
import type { BucketState } from '../ledger/operation.ts';
import type { StreamCaps } from '../verdict/stream_caps.ts';
import { BODY, RESPONSE_DEMANDS } from './body_fields.ts';
import { BUDGET } from './budget_fields.ts';
import { COMMON, ENGINE, RECORD_CAPS, STREAMS } from './common_fields.ts';
import type { RequestFacts } from './decision.ts';
import type { DecisionRecord } from './records.ts';
import {
  BASE64_32_BYTES,
  BOOLEAN,
  BUCKET_ID,
  CODE,
  type Covers,
  DIGEST,
  HEADER_NAME,
  HEX_32_BYTES,
  HOST,
  ID,
  ID_OR_PAIR,
  integer,
  list,
  METHOD,
  object,
  oneOf,
  optional,
  required,
  type Shape,
  SOURCE,
  UUID_V7,
  unicodeText,
  visibleAscii,
} from './shape.ts';

const BINDINGS = {
  api_key: { kind: required('derived', oneOf('api_key')), key_id: required('derived', ID) },
  jwt: {
    kind: required('derived', oneOf('jwt')),
    issuer: required('derived', unicodeText(RECORD_CAPS.jwt_name_length, RECORD_CAPS.jwt_name_bytes)),
    subject: required('derived', unicodeText(RECORD_CAPS.jwt_name_length, RECORD_CAPS.jwt_name_bytes)),
    jwk_id: required('derived', unicodeText(RECORD_CAPS.jwt_name_length, RECORD_CAPS.jwt_name_bytes)),
  },
  source: { kind: required('derived', oneOf('source')), source: required('observed', SOURCE) },
};

/** What proved an identity, by its kind. */
export const BINDING: Shape = { kind: 'variants', tag: 'kind', options: BINDINGS };

export const RUN: Shape = object({
  label: required('asserted_by_client', ID),
  asserted_by: required('observed', oneOf('header', 'basic_user', 'jwt')),
} satisfies Covers<NonNullable<Principal['run']>>);

const IDENTITY = {
  tenant_id: required('derived', ID),
  agent_id: required('derived', ID),
  team_id: required('derived', ID),
  project_id: required('derived', ID),
  environment: required('derived', ID),
  workload_fingerprint: optional('derived', visibleAscii(128)),
  status: required('derived', oneOf('active', 'disabled', 'quarantined')),
  auth_type: required('derived', oneOf('jwt', 'api_key', 'mtls', 'source')),
  binding: required('derived', BINDING),
  credential_transport: required('observed', oneOf('loopback', 'tls', 'plaintext')),
  run: optional('asserted_by_client', RUN),
} satisfies Covers<Principal>;

export const REQUEST = {
  mode: required('observed', oneOf('explicit', 'connect', 'base_url', 'intercepted', 'transparent')),
  visibility: required('observed', oneOf('full', 'headers', 'sni', 'authority')),
  protocol: required('observed', oneOf('http', 'connect', 'websocket', 'grpc')),
  method: optional('observed', METHOD),
  scheme: optional('observed', oneOf('http', 'https', 'tcp')),
  authority: optional('observed', HOST),
  host_kind: optional('derived', oneOf('name', 'ipv4', 'ipv6')),
  port: optional('observed', integer(0, 65_535)),
  sni: optional('observed', HOST),
  original_destination: optional('observed', visibleAscii(RECORD_CAPS.address_length)),
  tls: optional('derived', oneOf('intercept', 'passthrough', 'raw')),
  path: optional('observed', visibleAscii(RECORD_CAPS.path_length, RECORD_CAPS.path_bytes)),
  path_ambiguous: optional('derived', oneOf(true)),
  query_commitment: optional('derived', BASE64_32_BYTES),
  query_names: optional(
    'observed',
    list(visibleAscii(RECORD_CAPS.query_name_length), RECORD_CAPS.query_names, RECORD_CAPS.query_names_bytes),
  ),
  override_headers: optional('observed', list(HEADER_NAME, RECORD_CAPS.override_headers)),
  credential_forwarded: optional('observed', oneOf(true)),
  body_state: required('asserted_by_client', oneOf('none', 'absent', 'complete', 'streamed')),
  body: optional('observed', BODY),
  body_commitment: optional('observed', BASE64_32_BYTES),
  repaired_commitment: optional('derived', BASE64_32_BYTES),
  problem: optional('derived', CODE),
} satisfies Covers<RequestFacts>;

const BUCKET = {
  limit_id: required('derived', BUCKET_ID),
  key_commitment: required('derived', HEX_32_BYTES),
  tat_before: required('derived', integer()),
  now: required('derived', integer()),
  cost: required('derived', integer()),
  tat_after: required('derived', integer()),
  exceeded: optional('derived', oneOf(true)),
  near: optional('derived', integer(1, 100)),
} satisfies Covers<BucketState>;

const WOULD_BE = object({
  verdict: required('derived', oneOf('allow', 'deny')),
  reason: required('derived', CODE),
  rule_id: optional('derived', ID_OR_PAIR),
  policy_hash: optional('derived', DIGEST),
} satisfies Covers<NonNullable<DecisionRecord['would_be']>>);

const STREAM = object({
  max_bytes: optional('derived', integer(1)),
  max_seconds: optional('derived', integer(1)),
  max_message_bytes: optional('derived', integer(1)),
  frames: optional('derived', oneOf('observe', 'block')),
} satisfies Covers<StreamCaps>);

export const DECISION = {
  ...COMMON,
  type: required('derived', oneOf('decision')),
  receipt_id: required('derived', UUID_V7),
  request_id: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  parent_decision: optional('derived', UUID_V7),
  envoy_node: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  envoy_epoch: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  gateway_id: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  source: required('observed', visibleAscii(RECORD_CAPS.address_length)),
  identity: optional('derived', object(IDENTITY)),
  identity_problem: optional('derived', CODE),
  policy_id: required('derived', ID),
  policy_hash: required('derived', DIGEST),
  registry_hash: required('derived', DIGEST),
  request: required('observed', object(REQUEST)),
  verdict: required('derived', oneOf('allow', 'deny')),
  reason: required('derived', CODE),
  rule_id: optional('derived', ID_OR_PAIR),
  stream: optional('derived', STREAM),
  response: optional('derived', RESPONSE_DEMANDS),
  judged_ms: optional('observed', integer()),
  would_be: optional('derived', WOULD_BE),
  observed_by: optional('derived', list(ID_OR_PAIR, RECORD_CAPS.observed_by)),
  policy_lapse: optional('derived', oneOf('deny', 'loud')),
  degraded: optional('derived', list(oneOf('identity_freshness'), 4)),
  enforcement_mode: required('derived', oneOf('enforce')),
  decision_latency_us: required('observed', integer()),
  replayable: required('derived', BOOLEAN),
  streams: STREAMS,
  engine: required('observed', ENGINE),
  request_key: required('derived', HEX_32_BYTES),
  request_digest: required('derived', HEX_32_BYTES),
  hmac_key_id: required('derived', ID),
  rate_limit_bucket_state: optional('derived', list(object(BUCKET), RECORD_CAPS.buckets)),
  budget_state: optional('derived', list(BUDGET, RECORD_CAPS.budgets)),
  retry_after_ms: optional('derived', integer()),
  delay_ms: optional('derived', integer()),
  delay_max_ms: optional('observed', integer()),
} satisfies Covers<DecisionRecord>;
