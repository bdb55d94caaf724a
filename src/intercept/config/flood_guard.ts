import type { FloodLimit } from './input.ts';
import { extension, type Message } from './typed.ts';

const FILTER = 'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit';
const ENTRY = 'masked_remote_address';
/** Buckets kept at once; the one idle longest goes first, and its source then starts again with a full burst. */
const SOURCES_MAX = 8192;
/** An IPv6 host owns at least a /64: anything finer would give it 2^64 buckets. */
const IPV6_SOURCE_BITS = 64;
const ALWAYS: Message = { default_value: { numerator: 100, denominator: 'HUNDRED' } };

/**
 * Refuses what one source sends beyond its bucket before it costs a Check. A belt for the gateway, not a limit of
 * policy: it writes no receipt, only an access log line that becomes part of a gap record.
 */
export function floodGuard(limit: FloodLimit): Message {
  const bucket = {
    max_tokens: limit.burst,
    tokens_per_fill: limit.requests_per_second,
    fill_interval: '1s',
  };
  return extension('cg.flood', FILTER, {
    stat_prefix: 'flood',
    status: { code: 'TooManyRequests' },
    // Demanded by the schema, and never asked: every request has a source.
    token_bucket: bucket,
    always_consume_default_token_bucket: false,
    filter_enabled: ALWAYS,
    filter_enforced: ALWAYS,
    rate_limits: [
      {
        actions: [
          { masked_remote_address: { v4_prefix_mask_len: 32, v6_prefix_mask_len: IPV6_SOURCE_BITS } },
        ],
      },
    ],
    // A descriptor without a value stands for each value that turns up.
    descriptors: [{ entries: [{ key: ENTRY }], token_bucket: bucket }],
    max_dynamic_descriptors: SOURCES_MAX,
  });
}
