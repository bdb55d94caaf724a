import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import type { Keyring } from '../keys/keyring.ts';
import { openRecorder } from '../recorder/opening.ts';
import type { Recorder } from '../recorder/recorder.ts';
import { type AccessLogTail, tailAccessLogs } from '../server/access_log.ts';
import { closePending } from '../server/inspect/close_pending.ts';
import { sentReceipts } from '../server/known_receipts.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AccessLogLag } from './access_log_lag.ts';
import { engine } from './package_root.ts';
import { recorderMetrics } from './recorder_metrics.ts';

/** A recorder that cannot go on ends the process; the next start rebuilds everything from disk. */
export const FATAL_EXIT = 75;

/** Opens the recorder for the life of this process. */
export function startRecorder(parts: {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly keyring: Keyring;
  readonly log: Logger;
  readonly metrics: Metrics;
}): Promise<Recorder> {
  const { settings, layout, keyring, log, metrics } = parts;
  return openRecorder({
    layout,
    settings: settings.recorder,
    issuer: settings.issuer,
    engine: engine(),
    keyring,
    checkTimeoutMs: settings.check_timeout_ms,
    genesis: { tenant_mode: 'single', isolation: 'same_uid', capture: 'voluntary' },
    log,
    metrics: recorderMetrics(metrics),
    sentReceipts: (from) => sentReceipts(layout.envoy_dir, from),
    onFatal: (error) => {
      log.error({ err: error }, 'the journal cannot be continued in this process; restarting from disk');
      process.exit(FATAL_EXIT);
    },
  });
}

const timestamp = (ms: number): string => new Date(ms).toISOString();

/** What the reader of Envoy's log asks of a recorder, here or elsewhere. */
export interface LogRecorder extends Pick<Recorder, 'append' | 'close' | 'sweep' | 'recordGap'> {
  logPosition(fileId: string): number | Promise<number>;
  gapPosition(fileId: string): number | Promise<number>;
  decided(requestId: string): boolean | Promise<boolean>;
}

/** Closes decisions from the access logs of the Envoy on this host. */
export function followAccessLog(parts: {
  readonly layout: Layout;
  readonly keyring: Pick<Keyring, 'hmac'>;
  readonly recorder: LogRecorder;
  readonly lag: AccessLogLag;
  readonly log: Logger;
  /** Where a gateway reads the log, for a recorder elsewhere. */
  readonly gatewayId?: string;
}): AccessLogTail {
  const { recorder, lag, log, keyring } = parts;
  const envoyDir = parts.layout.envoy_dir;
  return tailAccessLogs({
    envoyDir,
    sink: {
      close: (closure) => {
        lag.note(closure.source);
        return recorder.close(closure);
      },
      logPosition: (fileId) => recorder.logPosition(fileId),
      sweep: async (epoch) => void (await recorder.sweep(epoch)),
      gapPosition: (fileId) => recorder.gapPosition(fileId),
      decided: (requestId) => recorder.decided(requestId),
      late: (pending, epoch) => closePending(recorder, keyring.hmac, pending, epoch, parts.gatewayId),
      gap: ({ from_ms, to_ms, ...gap }) =>
        recorder.recordGap({ ...gap, from_ts: timestamp(from_ms), to_ts: timestamp(to_ms) }),
    },
    onError: (error) => log.warn({ err: error }, 'an outcome could not be recorded yet'),
  });
}
