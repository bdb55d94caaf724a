import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { transparentPorts } from '../config/transparent.ts';
import { commitmentSalt } from '../core/canonical/commitment.ts';
import type { ReasonCode } from '../core/verdict/reasons.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { CheckDependencies } from '../server/dependencies.ts';
import type { RecorderPort, Snapshot } from '../server/ports.ts';
import { receiptIds } from '../server/receipt_id.ts';
import type { SecretService } from '../server/sds/service.ts';
import type { SelfRecorder } from '../server/self/ports.ts';
import { Sleepers } from '../server/sleepers.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/traces.ts';

const US_PER_S = 1_000_000;
const MS_PER_S = 1_000;

/** What judging needs of this process: its clock, its keys, its recorder, its metrics. */
export function gatewayJudging(parts: {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly keyring: Keyring;
  /** Name of this gateway in receipts. */
  readonly gatewayId: string;
  readonly recorder: Pick<RecorderPort, 'append'>;
  /** Whom agents ask about themselves. */
  readonly asked: SelfRecorder;
  readonly feed: { current(): Snapshot };
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  readonly secrets: Pick<SecretService, 'used'>;
}): CheckDependencies {
  const { settings, keyring, recorder, feed, log, metrics, tracing, secrets } = parts;
  const hmac = (key: Uint8Array, message: Uint8Array) => createHmac('sha256', key).update(message).digest();
  return {
    snapshot: () => feed.current(),
    recorder,
    ids: { receiptId: receiptIds(Date.now) },
    clock: { nowMs: Date.now, monoUs: () => Math.floor(performance.now() * 1000) },
    salt: (receiptId, pointer) => commitmentSalt(hmac, keyring.commitSaltKey, receiptId, pointer),
    mac: keyring.hmac,
    intercepted: (node, sni) => secrets.used(node, sni),
    settings: {
      gatewayId: parts.gatewayId,
      stamp: readFileSync(parts.layout.stamp, 'utf8').trim(),
      selfPorts: [
        settings.explicit_proxy.port,
        settings.base_url.port,
        ...transparentPorts(settings).map(({ port }) => port),
      ],
      checkTimeoutMs: settings.check_timeout_ms,
    },
    sleepers: new Sleepers(),
    self: parts.asked,
    ...(tracing === undefined ? {} : { trace: (traceparent) => tracing.check(traceparent) }),
    log,
    metrics: {
      checked(reason, recorded, durationUs) {
        metrics.checks.inc({ verdict: checkVerdict(reason, recorded), reason });
        metrics.checkSeconds.observe(durationUs / US_PER_S);
      },
      held(durationUs) {
        metrics.checks.inc({ verdict: 'held', reason: 'BODY_NOT_COMPLETED' });
        metrics.checkSeconds.observe(durationUs / US_PER_S);
      },
      delayed: (ms) => metrics.delaySeconds.observe(ms / MS_PER_S),
      degraded: (what) => metrics.degradedChecks.inc({ what }),
    },
  };
}

/** The label of what was answered. */
export function checkVerdict(reason: ReasonCode, recorded: boolean): 'allow' | 'deny' | 'error' {
  if (!recorded) return 'error';
  return reason === 'POLICY_ALLOW' ? 'allow' : 'deny';
}
