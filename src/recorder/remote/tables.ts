import { RECORD_CAPS } from '../../core/receipt/common_fields.ts';
import { DECISION } from '../../core/receipt/decision_fields.ts';
import { OUTCOME } from '../../core/receipt/fields.ts';
import { LIFECYCLES } from '../../core/receipt/lifecycle_fields.ts';
import type { OutcomeFacts } from '../../core/receipt/records.ts';
import {
  BOOLEAN,
  BUCKET_ID,
  CODE,
  type Covers,
  type Field,
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
  type Shape,
  UUID_V7,
  unicodeText,
  visibleAscii,
} from '../../core/receipt/shape.ts';
import type {
  AppendProblem,
  AppendResult,
  DecisionDraft,
  FoldedDenial,
  OpDenial,
  Proposal,
} from '../../core/verdict/proposal.ts';
import type { OutcomeNotice } from '../notices.ts';
import { KEY_LENGTH_MAX, OP } from './op_table.ts';

const DIGEST_LENGTH_MAX = 128;
const MESSAGE_LENGTH_MAX = 512;

/** The decision members that a gateway fills in; all others are the recorder's. A new one of the draft must be named here. */
const DRAFT_NAMES: { readonly [K in keyof DecisionDraft]-?: true } = {
  receipt_id: true,
  request_id: true,
  parent_decision: true,
  envoy_node: true,
  envoy_epoch: true,
  gateway_id: true,
  source: true,
  identity: true,
  identity_problem: true,
  policy_id: true,
  policy_hash: true,
  registry_hash: true,
  request: true,
  verdict: true,
  reason: true,
  rule_id: true,
  response: true,
  stream: true,
  judged_ms: true,
  would_be: true,
  observed_by: true,
  degraded: true,
  policy_lapse: true,
  enforcement_mode: true,
  decision_latency_us: true,
  replayable: true,
};

const DRAFT = picked(DECISION, Object.keys(DRAFT_NAMES));

const OPS_MAX = RECORD_CAPS.buckets + RECORD_CAPS.budgets;

const DENIAL = {
  reason: required('derived', CODE),
  rule_id: required('derived', ID_OR_PAIR),
} satisfies Covers<OpDenial>;

export const PROPOSAL = {
  draft: required('derived', object(DRAFT)),
  ops: required('derived', list(OP, OPS_MAX)),
  denials: required('derived', list(object(DENIAL), OPS_MAX)),
  request_key: required('derived', unicodeText(KEY_LENGTH_MAX)),
  request_digest: required('derived', unicodeText(DIGEST_LENGTH_MAX)),
  delay_max_ms: optional('derived', integer()),
  late: optional('derived', oneOf(true)),
} satisfies Covers<Proposal>;

const LIMIT = {
  limit_id: required('derived', BUCKET_ID),
  remaining: required('derived', integer()),
  reset_ms: required('derived', integer()),
} satisfies Covers<NonNullable<AppendResult['limit']>>;

export const APPENDED = {
  receipt_id: required('derived', UUID_V7),
  seq: required('derived', integer()),
  line_hash: required('derived', HEX_32_BYTES),
  leaf_hash: required('derived', HEX_32_BYTES),
  verdict: required('derived', oneOf('allow', 'deny')),
  reason: required('derived', CODE),
  rule_id: optional('derived', ID_OR_PAIR),
  retry_after_ms: optional('derived', integer()),
  delay_ms: optional('derived', integer()),
  limit: optional('derived', object(LIMIT)),
} satisfies Covers<AppendResult>;

const PROBLEMS: { readonly [K in AppendProblem]: true } = {
  RECORDER_UNAVAILABLE: true,
  RECORDER_BUSY: true,
  RECORDER_DISK_FULL: true,
  RECORD_TOO_LARGE: true,
  STALE_SNAPSHOT: true,
  REQUEST_KEY_REUSED: true,
};

/** An answer is one of the two; which one, `ok` says. */
export const APPEND_OK = {
  ok: required('derived', oneOf(true)),
  value: required('derived', object(APPENDED)),
};
export const APPEND_PROBLEM = {
  ok: required('derived', oneOf(false)),
  problem: required('derived', oneOf(...Object.keys(PROBLEMS))),
};

const FOLDED = {
  folded: required('derived', oneOf(true)),
  reason: required('derived', CODE),
  rule_id: optional('derived', ID_OR_PAIR),
  retry_after_ms: optional('derived', integer()),
} satisfies Covers<FoldedDenial>;

/** A denial that is counted in an aggregate record to come: answered, and nowhere written by itself. */
export const APPEND_FOLDED = {
  ok: required('derived', oneOf(false)),
  problem: required('derived', object(FOLDED)),
};

const OUTCOME_NAMES: { readonly [K in keyof OutcomeFacts]-?: true } = {
  state: true,
  status: true,
  bytes_in: true,
  bytes_out: true,
  latency_ms: true,
  upstream_latency_ms: true,
  flags: true,
  details: true,
  upstream_address: true,
  attempts: true,
  cause: true,
  frames: true,
};

export const NOTICE = {
  receipt_id: optional('derived', UUID_V7),
  request_id: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)),
  facts: required('observed', object(picked(OUTCOME, Object.keys(OUTCOME_NAMES)))),
  source: OUTCOME.source,
} satisfies Covers<OutcomeNotice>;

export const GAP = picked(LIFECYCLES.gap, ['log_file_id', 'from_ts', 'to_ts', 'counts', 'offset']);

/** The last line that a gateway was answered with: what a recorder restored from an older copy cannot know. */
export interface KnownHead {
  readonly log_id: string;
  readonly seq: number;
  /** Hex SHA-256 of the line. */
  readonly line_hash: string;
}

const HEAD = {
  log_id: required('observed', HEX_16_BYTES),
  seq: required('observed', integer()),
  line_hash: required('observed', HEX_32_BYTES),
} satisfies Covers<KnownHead>;

export interface Hello {
  readonly protocol: number;
  readonly gateway_id: string;
  readonly last_head?: KnownHead;
}

export const HELLO = {
  protocol: required('observed', integer()),
  gateway_id: required('observed', ID),
  last_head: optional('observed', object(HEAD)),
} satisfies Covers<Hello>;

export const SWEEP = { envoy_epoch: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)) };
export const LOG_FILE = { file_id: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)) };
export const REQUEST = { request_id: required('observed', visibleAscii(RECORD_CAPS.wire_id_length)) };
export const DECIDED = { decided: required('derived', BOOLEAN) };
export const OFFSET = { offset: required('derived', integer()) };
export const COUNT = { count: required('derived', integer()) };
export const NOTHING = {};

/** What a gateway needs to know about the recorder; part of its status. */
export interface PeerStatus {
  readonly phase: 'running' | 'failed' | 'stopped';
  readonly log_id: string;
  readonly head_seq: number;
  readonly head_hash: string;
  readonly tree_size: number;
  readonly queue_depth: number;
  readonly open_decisions: number;
  readonly policy_hash?: string;
  readonly registry_hash?: string;
  /** Of the signed bundle that is live; absent for local policy. */
  readonly bundle_digest?: string;
}

export const PEER_STATUS = {
  phase: required('derived', oneOf('running', 'failed', 'stopped')),
  log_id: required('derived', HEX_16_BYTES),
  head_seq: required('derived', integer(-1)),
  head_hash: required('derived', HEX_32_BYTES),
  tree_size: required('derived', integer()),
  queue_depth: required('derived', integer()),
  open_decisions: required('derived', integer()),
  policy_hash: { ...DECISION.policy_hash, presence: 'optional' },
  registry_hash: { ...DECISION.registry_hash, presence: 'optional' },
  bundle_digest: { ...DECISION.policy_hash, presence: 'optional' },
} satisfies Covers<PeerStatus>;

/** A signed note: lines of text, and an em dash before each signature. */
const NOTE: Shape = {
  kind: 'text',
  form: 'signed note',
  pattern: /^[\n -~\u2014]{1,4096}$/,
  length_max: KEY_LENGTH_MAX,
  bytes_per_unit: 3,
};

export const CHECKPOINT = {
  size: required('derived', integer()),
  root: required('derived', HEX_32_BYTES),
  note: required('derived', NOTE),
};

export interface Fault {
  readonly code: FaultCode;
  readonly message: string;
}

/**
 * `FRAME`, `HELLO`, `NAME`, `HEAD` end the connection; `REFUSED` is an operation that could not be done.
 */
export type FaultCode = 'FRAME' | 'HELLO' | 'NAME' | 'HEAD' | 'REFUSED';
const FAULTS: { readonly [K in FaultCode]: true } = {
  FRAME: true,
  HELLO: true,
  NAME: true,
  HEAD: true,
  REFUSED: true,
};

export const FAULT = {
  code: required('derived', oneOf(...Object.keys(FAULTS))),
  message: required('derived', unicodeText(MESSAGE_LENGTH_MAX)),
} satisfies Covers<Fault>;

/** Text of an error as a fault may carry it. */
export function faultText(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : 'failed';
  const plain = text.replaceAll(/[^ -~]/g, ' ').slice(0, MESSAGE_LENGTH_MAX);
  return plain === '' ? 'failed' : plain;
}

function picked(table: Readonly<Record<string, Field>>, names: readonly string[]): Record<string, Field> {
  return Object.fromEntries(
    names.map((name) => {
      const field = table[name];
      if (field === undefined) throw new Error(`invariant: no field ${name}`);
      return [name, field];
    }),
  );
}
