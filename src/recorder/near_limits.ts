import type { DecisionRecord } from '../core/receipt/records.ts';
import type { RecorderOptions } from './options.ts';
import type { RecordFacts } from './scribe.ts';

/** Tells metric and log what the record says: once for each crossing, because only the request that crossed carries it. */
export function reportNearLimits(options: RecorderOptions, facts: RecordFacts<DecisionRecord>): void {
  const { rate_limit_bucket_state: buckets = [], budget_state: budgets = [] } = facts;
  const { tenant_id, agent_id } = facts.identity ?? {};
  for (const { limit_id, unpriced } of budgets) {
    if (unpriced) options.log.warn({ limit_id, tenant_id, agent_id }, 'a budget cannot count a call');
  }
  for (const { limit_id, near } of [...buckets, ...budgets]) {
    if (near === undefined) continue;
    options.metrics?.nearLimit?.({ limit_id, percent: near });
    options.log.warn({ limit_id, percent: near, tenant_id, agent_id }, 'a limit is nearly used up');
  }
}
