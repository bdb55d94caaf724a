import { AUTHZ_FILTER } from './ext_authz.ts';
import { ANOTHER_HOST, HOST_PICKS_MAX, INSPECTION_CLUSTER } from './gateway_cluster.ts';
import type { EnvoyConfigInput } from './input.ts';
import { extension, type Message, typed } from './typed.ts';

const FILTER = 'envoy.filters.http.ext_proc';
const PROC = 'envoy.extensions.filters.http.ext_proc.v3';
/** Where the gateway writes what became of an inspected request; nothing else may write there. */
export const INSPECTED = 'cg.inspected';

/**
 * Until the gateway has answered one message: a body of 16 MiB is read, judged and recorded meanwhile. A frozen gateway costs
 * a client as much.
 */
const ANSWER_WITHIN = '10s';
/** What the gateway may ask for instead, one message at a time, when its readers are busy. */
const ANSWER_AT_MOST = '60s';

/**
 * On the way in, what a body that was replaced needs, and the path in the spelling that was judged; on the way back also facts
 * of the decision, and what our own answers say: they are held to this list as well, and the first header beyond it would
 * cost them all that follow. Nothing can reroute a request.
 */
const MAY_CHANGE = `^(${[
  ...[':path', 'accept-encoding', 'content-[a-z]+'],
  // In full they would make more of an expression than Envoy takes.
  '(x-(clawgress|should)|ratelimit|proxy|retry|www|grpc)-[a-z-]+',
].join('|')})$`;

/** Nothing is sent where no route says otherwise, even if the filter were switched on. */
const NOTHING = mode({ answers: 'SKIP', request: 'NONE', response: 'NONE' });
/** Headers first; for which of the bodies it asks, and how, the gateway says in its answer to them. */
const HEADERS = mode({ answers: 'SEND', request: 'NONE', response: 'NONE' });

/**
 * Gives bodies to the gateway. Stands in every chain of requests and works on the `inspect` routes alone. An error or a stream
 * that breaks off ends the request: one that stands open already is cut.
 */
export function inspectFilter(input: EnvoyConfigInput, ticket: readonly Message[]): Message {
  return extension(FILTER, `${PROC}.ExternalProcessor`, {
    grpc_service: {
      envoy_grpc: { cluster_name: INSPECTION_CLUSTER },
      retry_policy: retryPolicy(input),
      initial_metadata: [
        { key: 'x-cg-node', value: input.node_id },
        { key: 'x-cg-epoch', value: input.epoch },
        ...ticket,
      ],
    },
    failure_mode_allow: false,
    status_on_error: { code: 'ServiceUnavailable' },
    processing_mode: NOTHING,
    allow_mode_override: true,
    allowed_override_modes: overrides(),
    message_timeout: ANSWER_WITHIN,
    max_message_timeout: ANSWER_AT_MOST,
    disable_immediate_response: false,
    // Routes were chosen by the Check and guarded by what it said.
    route_cache_action: 'RETAIN',
    request_attributes: ['request.id', 'xds.route_name', 'xds.virtual_host_name'],
    // Tells an answer of the destination from one that Envoy itself gave.
    response_attributes: ['response.code_details'],
    metadata_options: {
      forwarding_namespaces: { untyped: [AUTHZ_FILTER] },
      receiving_namespaces: { untyped: [INSPECTED] },
    },
    mutation_rules: {
      disallow_all: { value: true },
      allow_expression: { regex: MAY_CHANGE },
      // An answer of the gateway that tries more is a mistake, not something to be half done.
      disallow_is_error: { value: true },
    },
  });
}

/** Of every virtual host. */
export const NOT_INSPECTED: Message = { [FILTER]: typed(`${PROC}.ExtProcPerRoute`, { disabled: true }) };
/** Of the `inspect` routes. */
export const INSPECTING: Message = {
  [FILTER]: typed(`${PROC}.ExtProcPerRoute`, { overrides: { processing_mode: HEADERS } }),
};

type BodyMode = 'NONE' | 'BUFFERED' | 'STREAMED';

/** Trailers are asked for where their coming is the only sign that a streamed body has ended. */
function mode(of: { answers: 'SEND' | 'SKIP'; request: BodyMode; response: BodyMode }): Message {
  return {
    request_header_mode: of.answers === 'SKIP' ? 'SKIP' : 'SEND',
    response_header_mode: of.answers,
    request_body_mode: of.request,
    response_body_mode: of.response,
    request_trailer_mode: of.request === 'STREAMED' ? 'SEND' : 'SKIP',
    response_trailer_mode: of.response === 'STREAMED' ? 'SEND' : 'SKIP',
  };
}

/**
 * Everything that the gateway may ask for. Both ways of half duplex are left out, and `BUFFERED_PARTIAL`, which lets the rest of
 * a large body go on unread.
 */
function overrides(): Message[] {
  const bodies = ['NONE', 'BUFFERED', 'STREAMED'] as const;
  return bodies.flatMap((request) => [
    mode({ answers: 'SKIP', request, response: 'NONE' }),
    ...bodies.map((response) => mode({ answers: 'SEND', request, response })),
  ]);
}

/** A try that could not be begun goes to another gateway; what a gateway has begun to answer is never tried again. */
function retryPolicy({ authz_sockets }: EnvoyConfigInput): Message {
  const several = authz_sockets.length > 1;
  return {
    retry_on: 'unavailable,connect-failure,refused-stream,reset',
    num_retries: several ? 2 : 1,
    retry_back_off: { base_interval: '0.010s', max_interval: '1s' },
    ...(several
      ? { retry_host_predicate: [ANOTHER_HOST], host_selection_retry_max_attempts: HOST_PICKS_MAX }
      : {}),
  };
}
