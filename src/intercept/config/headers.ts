import { RELAY_PREFIX } from './relay_ticket.ts';
import { extension, type Message } from './typed.ts';

const byName = (name: string): Message => ({ remove: name });
const byPrefix = (prefix: string): Message => ({ remove_on_match: { key_matcher: { prefix } } });

/**
 * Before the Check: what a client must not be able to say. `x-request-id` would let it choose the join key,
 * `x-envoy-*` steers Envoy itself (retries, time-outs, destinations). `x-clawgress-*` stays: the Check reads it.
 */
export function ingressStrip(): Message {
  const mutations = [
    ...['x-request-id', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-port'].map(byName),
    ...['x-envoy-', 'x-cg-', RELAY_PREFIX].map(byPrefix),
  ];
  return extension(
    'cg.ingress_strip',
    'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation',
    { mutations },
  );
}

const OURS = ['x-clawgress-', 'x-cg-', 'x-envoy-', RELAY_PREFIX].map(byPrefix);
const FILTER = 'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation';

/**
 * Just before the router: nothing about us or about the agent's address goes to a third party. `x-envoy-` covers
 * `x-envoy-external-address`, the agent's own IP.
 */
export function egressStrip(): Message {
  const request_mutations = [...OURS, byName('proxy-authorization'), byName('x-forwarded-proto')];
  return extension('cg.egress_strip', FILTER, {
    mutations: { request_mutations, request_trailers_mutations: OURS },
  });
}

/**
 * In the router's own chain, where only what really came from the upstream passes: a forged receipt id dies here, while
 * receipt headers of our own denials, which travel the listener's chain, are untouched. `alt-svc` would move the
 * client to a path around us.
 */
export function responseStrip(): Message[] {
  const response_mutations = [...OURS, byName('alt-svc')];
  return [
    extension('cg.response_strip', FILTER, {
      mutations: { response_mutations, response_trailers_mutations: OURS },
    }),
    extension(
      'envoy.filters.http.upstream_codec',
      'envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec',
    ),
  ];
}
