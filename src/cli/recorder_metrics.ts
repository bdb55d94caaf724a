import type { RecorderMetrics } from '../recorder/options.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const MS_PER_S = 1_000;
const USED_UP_PERCENT = 100;

/** What the recorder counts, in the registry of the process that holds it. */
export function recorderMetrics(metrics: Metrics): RecorderMetrics {
  return {
    committed({ types, latency_ms }) {
      metrics.commitSeconds.observe(latency_ms / MS_PER_S);
      metrics.batchRecords.observe(types.length);
      for (const type of types) metrics.records.inc({ type });
    },
    folded: (reason) => metrics.foldedDenials.inc({ reason }),
    nearLimit: ({ percent }) =>
      metrics.nearLimits.inc({ level: percent === USED_UP_PERCENT ? 'used_up' : 'near' }),
  };
}
