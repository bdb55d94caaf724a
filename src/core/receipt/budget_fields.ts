import type { BudgetSettlement, BudgetState } from '../ledger/budget_operation.ts';
import { BUCKET_ID, type Covers, HEX_32_BYTES, integer, object, oneOf, optional, required } from './shape.ts';

const UNIT = oneOf('tokens', 'micro_usd');

/** One item of `budget_state` in a decision. */
export const BUDGET = object({
  limit_id: required('derived', BUCKET_ID),
  key_commitment: required('derived', HEX_32_BYTES),
  unit: required('derived', UNIT),
  now: required('derived', integer()),
  until: required('derived', integer()),
  used_before: required('derived', integer()),
  used_after: required('derived', integer()),
  amount: required('derived', integer()),
  cap: required('derived', integer(1)),
  exceeded: optional('derived', oneOf(true)),
  near: optional('derived', integer(1, 100)),
  unpriced: optional('derived', oneOf(true)),
} satisfies Covers<BudgetState>);

/** One item of `settled` in an inspection. */
export const SETTLEMENT = object({
  limit_id: required('derived', BUCKET_ID),
  key_commitment: required('derived', HEX_32_BYTES),
  unit: required('derived', UNIT),
  until: required('derived', integer()),
  reserved: required('derived', integer()),
  settled: required('derived', integer()),
} satisfies Covers<BudgetSettlement>);
