import type { ReasonCode } from '../../core/verdict/reasons.ts';
import { envoy } from '../../gen/envoy.js';
import type { AllowAnswer, DenialAnswer, HeldAnswer, LimitState, ReceiptRef } from './answer.ts';
import { grpcStatus } from './grpc_denial.ts';

export type HeaderOption = envoy.config.core.v3.HeaderValueOption.$Properties;

const { APPEND_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS_OR_ADD } =
  envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;

/** Headers of the request as it is forwarded, and those by which Envoy chooses the route of a tunnel or a stream. */
export function rewriteHeaders({ rewrite, tunnel, way }: AllowAnswer): HeaderOption[] {
  return [
    ...(tunnel === undefined ? [] : [set('x-cg-tunnel-mode', tunnel.mode)]),
    ...(way === undefined ? [] : [set('x-cg-route', way.route)]),
    ...destination(rewrite),
  ];
}

/** The same of a request that goes by where bodies are looked at. */
export function inspectHeaders({ rewrite }: HeldAnswer): HeaderOption[] {
  return [set('x-cg-route', 'inspect'), ...destination(rewrite)];
}

function destination(rewrite: AllowAnswer['rewrite']): HeaderOption[] {
  return [
    ...(rewrite.authority === undefined ? [] : [set(':authority', rewrite.authority)]),
    ...(rewrite.path === undefined ? [] : [set(':path', rewrite.path)]),
  ];
}

/** Headers that are added to the destination's response. */
export function allowHeaders(allow: Pick<AllowAnswer, 'receipt' | 'limit'>): HeaderOption[] {
  return [...receiptHeaders(allow.receipt), ...limitHeaders(allow.limit)];
}

/** All headers of our own reply with this HTTP status. */
export function denialHeaders(denial: DenialAnswer, status: number): HeaderOption[] {
  return [
    // Envoy's own translation of the status would call a limit unavailable.
    denial.grpc === true
      ? set('grpc-status', grpcStatus(status))
      : set('content-type', 'application/problem+json'),
    set('proxy-status', proxyStatus(denial.reason, status)),
    ...(denial.receipt === undefined ? [] : receiptHeaders(denial.receipt)),
    ...(CHALLENGES.get(status) ?? []),
    ...(status === 429 ? [...retryHeaders(denial.retryAfterMs), ...limitHeaders(denial.limit)] : []),
    // The request was sent and charged; libraries of model providers would send it again by themselves.
    ...(denial.reason === 'RESPONSE_BLOCKED' ? [set('x-should-retry', 'false')] : []),
  ];
}

/** RFC 9209: the one place that can carry the code where clients hide the body of a refused CONNECT. */
function proxyStatus(reason: ReasonCode, status: number): string {
  const error = status === 503 ? 'proxy_internal_error' : 'http_request_denied';
  return `clawgress; error=${error}; details="${reason}"`;
}

function receiptHeaders(receipt: ReceiptRef): HeaderOption[] {
  return [set('x-clawgress-receipt', receipt.id), set('x-clawgress-leaf', receipt.leafHash)];
}

function limitHeaders(limit: LimitState | undefined): HeaderOption[] {
  if (limit === undefined) return [];
  return [
    set('ratelimit-limit', String(limit.quota)),
    set('ratelimit-remaining', String(limit.remaining)),
    set('ratelimit-reset', seconds(limit.resetMs)),
  ];
}

function retryHeaders(retryAfterMs: number | undefined): HeaderOption[] {
  return retryAfterMs === undefined ? [] : [set('retry-after', seconds(Math.max(1, retryAfterMs)))];
}

/** Whole seconds, rounded up: a client that waits exactly this long must not be refused again. */
function seconds(ms: number): string {
  return String(Math.ceil(ms / 1000));
}

/** Replaces; the default action would append to what the client or the destination sent. */
export function set(key: string, value: string): HeaderOption {
  return { header: { key, value }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD };
}

function add(key: string, value: string): HeaderOption {
  return { header: { key, value }, appendAction: APPEND_IF_EXISTS_OR_ADD };
}

const CHALLENGES: ReadonlyMap<number, readonly HeaderOption[]> = new Map([
  [
    407,
    [
      add('proxy-authenticate', 'Basic realm="clawgress"'),
      add('proxy-authenticate', 'Bearer realm="clawgress"'),
    ],
  ],
  // A scheme of our own: Basic or Bearer would make clients send the key in `authorization`, which is forwarded.
  [401, [set('www-authenticate', 'ClawgressKey realm="clawgress", header="x-clawgress-key"')]],
]);
