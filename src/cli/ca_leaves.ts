import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import type { Feed } from '../feed/ports.ts';
import { openLeafSource } from '../pki/leaf_source.ts';
import { openMinter } from '../pki/minter.ts';
import { type SecretService, secretService } from '../server/sds/service.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { authorityStore } from './ca_store.ts';

interface Parts {
  readonly settings: Settings;
  readonly layout: Layout;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly feed: Pick<Feed, 'current' | 'onChange'>;
}

/** What a gateway needs for interception; `secrets` goes to `listen`, `close` comes after the server has drained. */
export interface InterceptionSecrets {
  readonly secrets: SecretService;
  close(): Promise<void>;
}

/**
 * Certificates for the names that the policy in force may intercept, signed by the authority of the state folder. A
 * change of either reaches the leaves that Envoy holds. Throws when the authority is there and cannot be used.
 */
export function interceptionSecrets({ settings, layout, log, metrics, feed }: Parts): InterceptionSecrets {
  const { leaf_cache_max } = settings.interception;
  const leaf = (event: string) => () => metrics.leaves.inc({ event });
  const source = openLeafSource({
    authorities: authorityStore(layout),
    minter: openMinter({ onDown: (why) => log.error({ why }, 'the thread that mints certificates ended') }),
    mayIntercept: (host) => feed.current().policy.mayIntercept(host),
    cacheMax: leaf_cache_max,
    on: {
      minted: leaf('minted'),
      cached: leaf('cached'),
      authority: (fingerprint) => sayWhoSigns(log, fingerprint),
      trouble: (error) => log.error({ err: error }, 'the authorities of interception cannot be read'),
    },
  });
  const secrets = secretService(source, {
    leafCacheMax: leaf_cache_max,
    events: {
      refused: leaf('refused'),
      evicted: leaf('evicted'),
      rejected: () => log.error({}, 'Envoy could not use a certificate that it was sent'),
    },
  });
  metrics.watchLeaves(() => secrets.held());
  const unfollow = feed.onChange(() => source.recheck());
  return {
    secrets,
    async close() {
      unfollow();
      await source.close();
    },
  };
}

function sayWhoSigns(log: Logger, fingerprint: string | undefined): void {
  if (fingerprint !== undefined) log.info({ fingerprint }, 'authority of intercepted names');
  else log.warn({}, 'no authority can sign: intercepted names are refused; see `clawgress ca show`');
}
