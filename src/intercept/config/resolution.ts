import { type Cidr, formatCidr } from './cidr.ts';
import { extension, type Message } from './typed.ts';

const HOSTS_MAX = 8192;

/**
 * The one DNS cache. Must be byte-identical wherever it is named. Answers inside the refused ranges count as no answer,
 * so a name that points inside, or rebinds to it, is never dialled; literals pass the same filter.
 */
export function dnsCache(refused: readonly Cidr[]): Message {
  return {
    name: 'egress',
    dns_lookup_family: 'V4_PREFERRED',
    max_hosts: HOSTS_MAX,
    dns_query_timeout: '3s',
    dns_min_refresh_rate: '1s',
    dns_failure_refresh_rate: { base_interval: '1s', max_interval: '2s' },
    dns_cache_circuit_breaker: { max_pending_requests: HOSTS_MAX },
    typed_dns_resolver_config: extension(
      'envoy.network.dns_resolver.cares',
      'envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
      // A search domain would turn `db` into a name of the operator's own network.
      { dns_resolver_options: { no_default_search_domain: true } },
    ),
    resolved_address_filter: { ranges: refused.map(formatCidr) },
  };
}

/** Resolves the authority the Check judged, and keeps the address for the second belt. */
export function resolveFilter(cache: Message): Message {
  return extension(
    'envoy.filters.http.dynamic_forward_proxy',
    'envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig',
    { dns_cache_config: cache, save_upstream_address: true },
  );
}
