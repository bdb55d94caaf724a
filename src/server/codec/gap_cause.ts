import { handshakeCause } from '../../core/receipt/handshake_end.ts';
import type { AccessLogEntry } from './access_log_entry.ts';

/** Why a request that Envoy saw has no decision. */
export const GAP_CAUSES = [
  'gateway_unavailable',
  'decision_unproven',
  'flood_guard',
  'upgrade_refused',
  'client_left',
  'codec_error',
  'overload',
  'tls_name_refused',
  'tls_client_distrust',
  'tls_timeout',
  'tls_failed',
  'timeout',
  'log_damaged',
  'other',
] as const;
export type GapCause = (typeof GAP_CAUSES)[number];

/** For entries without a receipt id. */
export function gapCause({ end }: AccessLogEntry): GapCause {
  const tls = handshakeCause(end);
  if (tls !== undefined) return GAP_CAUSES.find((cause) => cause === tls) ?? 'other';
  const rule = RULES.find(([pattern]) => pattern.test(end.details));
  if (rule !== undefined) return rule[1];
  const flags = end.flags.split(',');
  if (flags.includes('DC')) return 'client_left';
  return flags.includes('DPE') ? 'codec_error' : 'other';
}

const RULES: readonly (readonly [RegExp, GapCause])[] = [
  [/^local_rate_limited/, 'flood_guard'],
  [/^ext_authz_error/, 'gateway_unavailable'],
  // The stamp guard without a receipt: the Check was skipped, for instance because no route matched.
  [/^rbac_access_denied/, 'decision_unproven'],
  [/^upgrade_failed/, 'upgrade_refused'],
  [/^downstream_(remote|local)_/, 'client_left'],
  [/^http[123]\./, 'codec_error'],
  [
    /^(low_version|missing_host_header|missing_path_rejected|absolute_path_rejected|path_normalization_failed|request_headers_too_large)/,
    'codec_error',
  ],
  [/^overload/, 'overload'],
  [/timeout/, 'timeout'],
];
