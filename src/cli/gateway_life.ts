import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { askAdmin } from '../intercept/admin.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { underSupervisor } from './node_child.ts';
import { type Flags, layoutFor } from './options.ts';
import { PACKAGE_VERSION } from './package_root.ts';
import { childSettings } from './run_settings.ts';

/** What every process that `up` starts has. */
export interface ChildProcess {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export function childProcess(flags: Flags, name: (settings: Settings) => string): ChildProcess {
  const settings = childSettings(flags);
  const format = flags['logFormat'] === 'lines' ? 'lines' : 'json';
  return {
    settings,
    layout: layoutFor(settings),
    log: createLogger({ part: name(settings), level: settings.log_level, format }),
    metrics: createMetrics(PACKAGE_VERSION),
  };
}

export type StopCause = 'signal' | 'orphaned' | 'asked';

/**
 * Opens everything, says that it serves, waits until it is told to stop or left alone, and shuts down. `open` gets the
 * way to stop and returns the way to shut down, which learns when nobody has patience: at once, unless this process alone
 * was asked to go.
 */
export async function untilStopped(
  { log, layout }: Pick<ChildProcess, 'log' | 'layout'>,
  open: (stop: (why: StopCause) => void) => Promise<(urged: Promise<void>) => Promise<void>>,
): Promise<void> {
  let end: (why: StopCause) => void = () => {};
  const stopped = new Promise<StopCause>((resolve) => {
    end = resolve;
  });
  let urge: () => void = () => {};
  const urged = new Promise<void>((resolve) => {
    urge = resolve;
  });
  const stop = (why: StopCause): void => {
    end(why);
    if (why !== 'asked') urge();
  };
  const shutDown = await open(stop);
  const supervisor = underSupervisor(stop);
  supervisor.ready();
  const why = await stopped;
  if (why === 'orphaned') {
    log.warn({}, 'the supervisor is gone; stopping, Envoy too');
    await askAdmin(layout.envoy_admin_socket, 'POST', '/quitquitquit').catch(() => undefined);
  }
  await shutDown(urged);
}
