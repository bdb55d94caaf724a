import { SCHEMAS_MAX } from '../../core/contract/body_facts.ts';
import type { QuotaState } from '../../core/ledger/quota.ts';
import { AI_MEMBERS, PROBLEM, SCHEMA } from '../../core/receipt/body_fields.ts';
import type { BodyMistake } from '../../core/receipt/body_mistake.ts';
import { RECORD_CAPS } from '../../core/receipt/common_fields.ts';
import { DECISION, REQUEST } from '../../core/receipt/decision_fields.ts';
import { OUTCOME } from '../../core/receipt/fields.ts';
import { INSPECTION } from '../../core/receipt/inspection_fields.ts';
import {
  type ReceiptAsk,
  TOLD_INSPECTIONS_MAX,
  type ToldInspection,
  type ToldReceipt,
} from '../../core/receipt/recent_receipts.ts';
import {
  type Covers,
  ID,
  integer,
  list,
  object,
  optional,
  required,
  UUID_V7,
} from '../../core/receipt/shape.ts';
import { PROPOSAL } from './tables.ts';

// What agents ask the gateway about themselves.

export const QUOTA_ASK = { ops: PROPOSAL.ops };

const QUOTA = {
  cap: required('derived', integer()),
  remaining: required('derived', integer()),
  reset_ms: required('derived', integer()),
} satisfies Covers<QuotaState>;

export const QUOTAS = { states: required('derived', list(object(QUOTA), RECORD_CAPS.buckets)) };

export const RECEIPT_ASK = {
  receipt_id: required('asserted_by_client', UUID_V7),
  tenant_id: required('derived', ID),
  agent_id: required('derived', ID),
} satisfies Covers<ReceiptAsk>;

const OUTCOME_TOLD = {
  state: OUTCOME.state,
  status: OUTCOME.status,
  bytes_in: OUTCOME.bytes_in,
  bytes_out: OUTCOME.bytes_out,
  latency_ms: OUTCOME.latency_ms,
  cause: OUTCOME.cause,
} satisfies Covers<NonNullable<ToldReceipt['outcome']>>;

const INSPECTION_TOLD = {
  part: INSPECTION.part,
  state: INSPECTION.state,
  format: INSPECTION.format,
  problem: INSPECTION.problem,
  model: INSPECTION.model,
  usage: INSPECTION.usage,
  cost_micro_usd: INSPECTION.cost_micro_usd,
} satisfies Covers<ToldInspection>;

const REQUEST_TOLD = {
  mode: REQUEST.mode,
  method: REQUEST.method,
  authority: REQUEST.authority,
  port: REQUEST.port,
} satisfies Covers<ToldReceipt['request']>;

const BODY_TOLD = {
  problem: optional('derived', PROBLEM),
  schemas: optional('derived', list(SCHEMA, SCHEMAS_MAX)),
  unknown_reason: AI_MEMBERS.unknown_reason,
  price_unknown: AI_MEMBERS.price_unknown,
} satisfies Covers<BodyMistake>;

const TOLD = {
  receipt_id: DECISION.receipt_id,
  ts: DECISION.ts,
  verdict: DECISION.verdict,
  reason: DECISION.reason,
  rule_id: DECISION.rule_id,
  policy_hash: DECISION.policy_hash,
  retry_after_ms: DECISION.retry_after_ms,
  delay_ms: DECISION.delay_ms,
  request: required('observed', object(REQUEST_TOLD)),
  body: optional('derived', object(BODY_TOLD)),
  outcome: optional('derived', object(OUTCOME_TOLD)),
  inspections: optional('derived', list(object(INSPECTION_TOLD), TOLD_INSPECTIONS_MAX)),
} satisfies Covers<ToldReceipt>;

/** Without `receipt` there is none that this agent may be told of. */
export const WHY = { receipt: optional('derived', object(TOLD)) };
