import type { Settings } from '../config/settings.ts';
import type { Feed } from '../feed/ports.ts';
import { type RunningResolver, startResolver } from '../intercept_host/resolver/resolver.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { CliError, EXIT } from './exit.ts';

interface Parts {
  readonly settings: Settings;
  readonly feed: Pick<Feed, 'current'>;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The agents' resolver, where the settings ask for it: one for the whole host, so the first gateway has it. */
export async function openResolver(
  { settings, feed, log, metrics }: Parts,
  number: number,
): Promise<RunningResolver | undefined> {
  const { port, ...places } = settings.resolver;
  if (port === undefined || number !== 1) return undefined;
  return await startResolver({
    ...{ ...places, port },
    mayReach: (host) => feed.current().policy.mayReach(host),
    count: (answer) => metrics.resolverAnswers.inc({ answer }),
    warn: (fields, text) => log.warn(fields, text),
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      EXIT.unavailable,
      `the agents' resolver cannot listen on ${places.address} port ${port}: ${why}`,
      'set resolver.address or resolver.port to a free one; ports below 1024 need CAP_NET_BIND_SERVICE',
    );
  });
}
