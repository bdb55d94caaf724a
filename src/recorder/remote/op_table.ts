import type { BudgetOp } from '../../core/ledger/budget_operation.ts';
import type { GcraOp, LedgerOp, LimitMode } from '../../core/ledger/operation.ts';
import {
  BUCKET_ID,
  type Covers,
  integer,
  oneOf,
  optional,
  required,
  type Shape,
  unicodeText,
} from '../../core/receipt/shape.ts';

export const KEY_LENGTH_MAX = 4_096;

const MODES: { readonly [K in LimitMode]: true } = {
  hard_stop: true,
  throttle: true,
  soft_stop: true,
  alert_only: true,
};

const GCRA_OP = {
  op: required('derived', oneOf('gcra')),
  limit_id: required('derived', BUCKET_ID),
  key: required('derived', unicodeText(KEY_LENGTH_MAX)),
  period_us: required('derived', integer()),
  tolerance_us: required('derived', integer()),
  cost: required('derived', integer()),
  mode: required('derived', oneOf(...Object.keys(MODES))),
  near_percent: optional('derived', integer()),
  max_delay_us: optional('derived', integer()),
  grace_us: optional('derived', integer()),
  grace_calls: optional('derived', integer()),
} satisfies Covers<GcraOp>;

const BUDGET_OP = {
  op: required('derived', oneOf('budget')),
  limit_id: required('derived', BUCKET_ID),
  key: required('derived', unicodeText(KEY_LENGTH_MAX)),
  unit: required('derived', oneOf('tokens', 'micro_usd')),
  amount: required('derived', integer()),
  cap: required('derived', integer()),
  slot_us: required('derived', integer()),
  slots: required('derived', integer()),
  anchor_us: required('derived', integer()),
  mode: required('derived', oneOf('hard_stop', 'alert_only')),
  near_percent: optional('derived', integer()),
  unpriced: optional('derived', oneOf(true)),
} satisfies Covers<BudgetOp>;

/** One ledger operation. */
export const OP: Shape = {
  kind: 'variants',
  tag: 'op',
  options: { gcra: GCRA_OP, budget: BUDGET_OP } satisfies Record<LedgerOp['op'], object>,
};
