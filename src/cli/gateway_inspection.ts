import type { Settings } from '../config/settings.ts';
import { type Inspector, openInspector } from '../inspect/inspector.ts';
import type { CheckDependencies } from '../server/dependencies.ts';
import { Admission } from '../server/inspect/admission.ts';
import { type InspectService, inspectService } from '../server/inspect/service.ts';
import type { RecorderPort } from '../server/ports.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { checkVerdict } from './gateway_check.ts';
import { priceList } from './price_list.ts';

const US_PER_S = 1_000_000;

/** Where one gateway looks at bodies. */
export interface GatewayInspection {
  readonly inspection: InspectService;
  readonly inspector: Inspector;
}

/** Judges as Checks do, with the threads that look at bodies and this gateway's part of the room for them. */
export async function openInspection(
  judging: CheckDependencies,
  parts: {
    readonly settings: Settings;
    readonly recorder: Pick<RecorderPort, 'append' | 'inspect'>;
    readonly log: Logger;
    readonly metrics: Metrics;
  },
): Promise<GatewayInspection> {
  const { settings, recorder, log } = parts;
  const metrics = parts.metrics.inspection;
  const { workers, bytes_max } = settings.inspect;
  const inspector = await openInspector({ workers, prices: priceList(settings.ai.prices), log });
  const admission = new Admission(Math.floor(bytes_max / settings.gateways));
  metrics.watchBytes(() => admission.taken);
  const inspection = inspectService({
    ...{ ...judging, recorder, inspector, admission },
    metrics: {
      ...judging.metrics,
      inspected(reason, recorded, durationUs) {
        metrics.inspected.inc({ verdict: checkVerdict(reason, recorded), reason });
        metrics.seconds.observe(durationUs / US_PER_S);
      },
      repaired: () => metrics.repaired.inc(),
      ended: (part, state) => metrics.ended.inc({ part, state }),
      used: ({ input, output }, costMicroUsd = 0) => {
        metrics.tokens.inc({ direction: 'input' }, input);
        metrics.tokens.inc({ direction: 'output' }, output);
        metrics.cost.inc(costMicroUsd);
      },
    },
  });
  return { inspection, inspector };
}
