import type { DecisionRecord } from '../core/receipt/records.ts';
import type { RecorderOptions } from './options.ts';
import type { RecordFacts } from './scribe.ts';

/** Tells metric and log what the record says: once for each crossing, because only the request that crossed carries it. */
export function reportNearLimits(options: RecorderOptions, facts: RecordFacts<DecisionRecord>): void {
  for (const { limit_id, near } of facts.rate_limit_bucket_state ?? []) {
    if (near === undefined) continue;
    options.metrics?.nearLimit?.({ limit_id, percent: near });
    const { tenant_id, agent_id } = facts.identity ?? {};
    options.log.warn({ limit_id, percent: near, tenant_id, agent_id }, 'a limit is nearly used up');
  }
}
