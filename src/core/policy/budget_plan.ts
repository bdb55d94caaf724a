import type { Limit, Window } from '../../gen/policy_document.ts';
import type { BudgetOp } from '../ledger/budget_operation.ts';
import { SLOTS_PER_WINDOW, WINDOW_US_MAX } from '../ledger/budget_window.ts';
import { timestampMs } from '../receipt/timestamp.ts';

/** A limit on what calls of models come to; see `BudgetOp` for the arithmetic. */
export interface PlanBudget {
  readonly unit: BudgetOp['unit'];
  readonly cap: number;
  readonly slot_us: number;
  readonly slots: number;
  readonly anchor_us: number;
  /** A call that nobody can count or price is refused, or passes and is told of. */
  readonly unknown: 'deny' | 'alert';
  readonly default_output_tokens: number;
}

export const DEFAULT_OUTPUT_TOKENS = 4_096;
const MICRO_USD_PER_CENT = 10_000;
const UNITS_US: Readonly<Record<string, number>> = { m: 60_000_000, h: 3_600_000_000, d: 86_400_000_000 };

/** Undefined: it is a limit on requests. The limit has been checked. */
export function budgetOf(limit: Limit): PlanBudget | undefined {
  const { tokens, usd_cents, window, mode } = limit;
  if (tokens === undefined && usd_cents === undefined) return undefined;
  const slots = window && slotsOf(window);
  if (slots === undefined) throw new Error('a plan is built from a checked document');
  return {
    unit: tokens === undefined ? 'micro_usd' : 'tokens',
    cap: tokens ?? (usd_cents ?? 0) * MICRO_USD_PER_CENT,
    ...slots,
    // What never refuses does not refuse for this, either.
    unknown: mode === 'alert_only' ? 'alert' : (limit.unknown_price ?? 'deny'),
    default_output_tokens: limit.default_output_tokens ?? DEFAULT_OUTPUT_TOKENS,
  };
}

/** Undefined: no window that can be. */
export function slotsOf({
  sliding,
  fixed,
  anchor,
}: Window): Pick<PlanBudget, 'slot_us' | 'slots' | 'anchor_us'> | undefined {
  if (sliding !== undefined) {
    const span_us = spanUs(sliding);
    if (span_us === undefined) return undefined;
    // One more than the window has: the one that is only partly inside.
    return { slot_us: span_us / SLOTS_PER_WINDOW, slots: SLOTS_PER_WINDOW + 1, anchor_us: 0 };
  }
  const span_us = fixed === undefined ? undefined : spanUs(fixed);
  const anchor_us = anchor === undefined ? undefined : anchorUs(anchor);
  return span_us === undefined || anchor_us === undefined
    ? undefined
    : { slot_us: span_us, slots: 1, anchor_us };
}

/** Microseconds of `30m`, `1h`, `7d`; undefined beyond 366 days. */
export function spanUs(text: string): number | undefined {
  const span_us = Number(text.slice(0, -1)) * (UNITS_US[text.slice(-1)] ?? 0);
  return span_us > 0 && span_us <= WINDOW_US_MAX ? span_us : undefined;
}

/** Microseconds since 1970 of the midnight (UTC) with which a day of 1970 to 2095 begins. */
export function anchorUs(day: string): number | undefined {
  const ms = day >= '1970' && day < '2096' ? timestampMs(`${day}T00:00:00.000Z`) : undefined;
  return ms === undefined ? undefined : ms * 1_000;
}
