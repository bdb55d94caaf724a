import { INSPECTION_DETAILS } from '../../core/receipt/read_end.ts';
import { ADDRESS_POLICY } from './guards.ts';
import { RELAY_ROUTE, UNCHOSEN_ROUTE } from './upgrade_routes.ts';

/** One answer that Envoy gives without the gateway, told apart by `response_code_details`. */
export interface LocalReply {
  readonly code: GatewayCode;
  /** CEL over `d`, the details. First match wins. */
  readonly when: string;
  /** Absent: Envoy's own status stays. */
  readonly status?: number;
  readonly title: string;
  readonly detail: string;
  readonly next_step: string;
  /** Error type of RFC 9209, the only trace of the cause that a refused CONNECT can show. */
  readonly proxy_error: string;
  /** Only where the allow decision is known to be durable. */
  readonly receipt: boolean;
}

/** Codes of answers that are not decisions: nothing was judged, or the judged request could not be delivered. */
export const GATEWAY_CODES = [
  'ADDRESS_REFUSED',
  'BODY_TOO_LARGE',
  'DECISION_UNPROVEN',
  'FLOOD_GUARD',
  'GATEWAY_UNAVAILABLE',
  'INSPECTION_UNAVAILABLE',
  'RESPONSE_BLOCKED',
  'UPSTREAM_DNS',
  'UPSTREAM_TLS',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNREACHABLE',
  'UPSTREAM_RESET',
  'UPSTREAM_SILENT',
  'UPSTREAM_NO_UPGRADE',
  'UPGRADE_REFUSED',
  'HTTPS_NEEDS_CONNECT',
  'REQUEST_REFUSED',
] as const;
export type GatewayCode = (typeof GATEWAY_CODES)[number];

const REFUSED_ADDRESS = {
  code: 'ADDRESS_REFUSED',
  status: 403,
  title: 'The destination is a private or reserved address',
  detail: 'The destination resolves to an address that this gateway does not reach. Nothing was sent.',
  next_step: 'Ask the operator to add the address block to upstream.allow_cidrs.',
  proxy_error: 'destination_ip_prohibited',
  receipt: true,
} as const;

/** The gateway gone, silent, or an answer of it that does not fit. `upstream` is where the request was sent to, if it was. */
const UNREAD = [
  "d.startsWith('ext_proc_error')",
  "d.startsWith('spurious_message')",
  "d.startsWith('header_mutation_')",
  "d.startsWith('mismatch_between_content_length')",
].join(' || ');
const SENT = 'has(upstream.address)';
const UNSENT = `!${SENT}`;

const BEFORE = "d.startsWith('upstream_reset_before_response_started')";

/** First match wins. */
export const REPLIES: readonly LocalReply[] = [
  { ...REFUSED_ADDRESS, when: `d.startsWith('rbac_access_denied') && d.contains('${ADDRESS_POLICY}')` },
  { ...REFUSED_ADDRESS, when: "d.startsWith('dns_resolution_failure') && d.contains('address_denied')" },
  {
    code: 'UPGRADE_REFUSED',
    // The gateway allowed the handshake as a request, and not as what it asks for.
    when: `d.startsWith('direct_response') && xds.route_name == '${UNCHOSEN_ROUTE}'`,
    status: 403,
    title: 'This WebSocket is not open',
    detail: 'The gateway allowed the handshake and opened no WebSocket for it. Nothing was sent.',
    next_step: 'Tell the operator to run: clawgress doctor',
    proxy_error: 'http_upgrade_failed',
    receipt: true,
  },
  {
    code: 'DECISION_UNPROVEN',
    // A direct response is what a CONNECT gets whose tunnel the gateway allowed and did not choose, or a request
    // for which it chose a way that is not known here.
    when: "d.startsWith('rbac_access_denied') || d.startsWith('direct_response')",
    status: 503,
    title: 'No recorded decision stands behind this request',
    detail: 'The gateway did not vouch for the request. Nothing was sent.',
    next_step: 'Tell the operator to run: clawgress doctor',
    proxy_error: 'proxy_internal_error',
    receipt: false,
  },
  {
    code: 'FLOOD_GUARD',
    when: "d.startsWith('local_rate_limited')",
    status: 429,
    title: 'Too many requests from this address',
    detail:
      'The address sent more than the flood guard lets through. Nothing was judged and nothing was sent.',
    next_step: 'Slow down; the operator sets flood_guard.requests_per_second and flood_guard.burst.',
    proxy_error: 'http_request_denied',
    receipt: false,
  },
  {
    code: 'GATEWAY_UNAVAILABLE',
    when: "d.startsWith('ext_authz_error')",
    status: 503,
    title: 'The request could not be judged',
    detail: 'The gateway did not answer in time. Nothing was sent.',
    next_step: 'Try again in a second; if it stays, tell the operator to run: clawgress doctor',
    proxy_error: 'proxy_internal_error',
    receipt: false,
  },
  {
    code: 'INSPECTION_UNAVAILABLE',
    when: `(${UNREAD}) && ${UNSENT}`,
    status: 503,
    title: 'The body could not be inspected',
    detail: 'The gateway did not finish reading the body of this request. Nothing was sent.',
    next_step: 'Try again in a second; if it stays, tell the operator to run: clawgress doctor',
    proxy_error: 'proxy_internal_error',
    receipt: false,
  },
  {
    code: 'INSPECTION_UNAVAILABLE',
    when: UNREAD,
    status: 503,
    title: 'The body could not be inspected to its end',
    detail:
      'The request was allowed and may have been processed; the gateway stopped reading it or its answer.',
    next_step: 'Check the effect at the destination before trying again.',
    proxy_error: 'proxy_internal_error',
    receipt: true,
  },
  {
    code: 'BODY_TOO_LARGE',
    when: "d.startsWith('request_payload_too_large')",
    status: 413,
    title: 'The body is larger than what is inspected',
    detail: 'A rule asks for the whole body of this request, and at most 16 MiB are read. Nothing was sent.',
    next_step: 'Send less in one request.',
    proxy_error: 'http_request_error',
    receipt: false,
  },
  {
    code: 'RESPONSE_BLOCKED',
    when: "d.startsWith('response_payload_too_large')",
    status: 502,
    title: 'The answer is larger than what is inspected',
    detail: 'A rule asks for the whole answer, and at most 16 MiB are read. The request was processed.',
    next_step: 'Ask for less at once; check the effect at the destination before trying again.',
    proxy_error: 'http_response_body_size',
    receipt: true,
  },
  {
    // The answer of the gateway did not fit, which only a request with very many headers can cause.
    code: 'REQUEST_REFUSED',
    when: "d.startsWith('ext_authz_invalid')",
    status: 431,
    title: 'The request has too many headers',
    detail: 'The request was allowed, but leaves no room for the headers that are added. Nothing was sent.',
    next_step: 'Send fewer headers: at most 90.',
    proxy_error: 'http_request_error',
    receipt: true,
  },
  {
    code: 'GATEWAY_UNAVAILABLE',
    // On the way to a relay nothing has left yet; what a relay itself could not reach arrives as its answer.
    when: `xds.route_name == '${RELAY_ROUTE}' && (d.startsWith('no_healthy_upstream') || d.contains('connection_failure') || d.contains('connection_timeout'))`,
    status: 503,
    title: 'The relay of the gateway could not be reached',
    detail: 'The request was allowed, but its bytes could not be counted. Nothing was sent.',
    next_step: 'Try again in a second; if it stays, tell the operator to run: clawgress doctor',
    proxy_error: 'proxy_internal_error',
    receipt: true,
  },
  {
    code: 'UPSTREAM_DNS',
    when: "d.startsWith('dns_resolution_failure')",
    status: 502,
    title: 'The destination name was not resolved',
    detail: 'The request was allowed, but its host name has no usable address.',
    next_step: 'Check the host name and the resolver of the gateway.',
    proxy_error: 'dns_error',
    receipt: true,
  },
  {
    code: 'UPSTREAM_TLS',
    when: `${BEFORE} && d.contains('TLS_error')`,
    status: 502,
    title: 'The destination could not prove its identity',
    detail:
      'The request was allowed, but the TLS handshake with the destination failed. The request was not sent.',
    next_step: 'Check the certificate of the destination and upstream.ca_bundle.',
    proxy_error: 'tls_certificate_error',
    receipt: true,
  },
  {
    code: 'UPSTREAM_TIMEOUT',
    when: `${BEFORE} && d.contains('connection_timeout')`,
    status: 504,
    title: 'The destination did not answer the connection',
    detail: 'The request was allowed, but no connection was made in time. The request was not sent.',
    next_step: 'Check that the destination is up and reachable from the gateway.',
    proxy_error: 'connection_timeout',
    receipt: true,
  },
  {
    code: 'UPSTREAM_UNREACHABLE',
    when: `${BEFORE} && d.contains('connection_failure')`,
    status: 502,
    title: 'The destination refused the connection',
    detail: 'The request was allowed, but no connection could be made. The request was not sent.',
    next_step: 'Check that the destination is up and reachable from the gateway.',
    proxy_error: 'connection_refused',
    receipt: true,
  },
  {
    code: 'UPSTREAM_RESET',
    when: BEFORE,
    status: 502,
    title: 'The destination closed the connection before it answered',
    detail: 'The request was allowed and may have been processed; no answer came back.',
    next_step: 'Check the effect at the destination before trying again.',
    proxy_error: 'connection_terminated',
    receipt: true,
  },
  {
    code: 'UPSTREAM_SILENT',
    // Of a client that stops in the middle of its body as well: the destination was reached either way.
    when: `d.startsWith('stream_idle_timeout') && ${SENT}`,
    status: 504,
    title: 'Nothing moved between client and destination',
    detail: 'The request was allowed and may have been processed; for 15 minutes nothing came of an answer.',
    next_step: 'Check the effect at the destination before trying again.',
    proxy_error: 'http_response_timeout',
    receipt: true,
  },
  {
    code: 'UPSTREAM_NO_UPGRADE',
    // An answer that is neither 101 nor an error; an error of the destination reaches the client as it is.
    when: "d.startsWith('websocket_handshake_unsuccessful')",
    status: 502,
    title: 'The destination did not open the WebSocket',
    detail: 'The handshake was allowed and sent; the destination answered it like a plain request.',
    next_step: 'Check that the URL is the one of a WebSocket.',
    proxy_error: 'http_upgrade_failed',
    receipt: true,
  },
  {
    code: 'UPGRADE_REFUSED',
    when: "d.startsWith('upgrade_failed')",
    status: 403,
    title: 'This protocol upgrade is not open here',
    detail: 'WebSocket is the only upgrade there is, and CONNECT is for the proxy port. Nothing was sent.',
    next_step: 'Use a CONNECT tunnel through the proxy port that policy does not intercept.',
    proxy_error: 'http_upgrade_failed',
    receipt: false,
  },
  {
    code: 'HTTPS_NEEDS_CONNECT',
    when: "d.startsWith('http1.https_url_on_plaintext_connection')",
    status: 400,
    title: 'An https URL needs a CONNECT tunnel',
    detail: 'The client asked the proxy for an https URL in plain text. Nothing was sent.',
    next_step: 'Let the client open a CONNECT tunnel, or use the base URL listener.',
    proxy_error: 'http_request_error',
    receipt: false,
  },
  {
    code: 'REQUEST_REFUSED',
    // What the gateway itself answered is left alone, byte for byte.
    when: `!d.startsWith('ext_authz_denied') && !d.startsWith('via_upstream') && !d.startsWith('${INSPECTION_DETAILS}')`,
    title: 'The request could not be handled',
    detail: 'The request is malformed, too large, too slow, or the gateway is overloaded.',
    next_step: 'Check the request; look up the request id in the log of the gateway.',
    proxy_error: 'http_request_error',
    receipt: false,
  },
];
