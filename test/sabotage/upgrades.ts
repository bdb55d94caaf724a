import type { Sabotage } from './sabotage.ts';

const WAYS_OUT = {
  file: 'test/unit/intercept/config/ways_out.test.ts',
  name: 'all pass the Check and the stamp guard',
};
const UPGRADES_TEST = 'test/integration/intercept/upgrades.test.ts';
const RELAY_TEST = 'test/integration/intercept/relay.test.ts';

/** Promises about WebSockets, gRPC and what goes through a relay. */
export const UPGRADES: readonly Sabotage[] = [
  {
    name: 'plain-route-upgrades',
    breaks: 'a route of plain requests opens no WebSocket',
    file: 'src/intercept/config/upgrade_routes.ts',
    find: "{ upgrade_type: 'websocket', enabled: false }",
    replace: "{ upgrade_type: 'websocket', enabled: true }",
    test: WAYS_OUT,
  },
  {
    name: 'websocket-without-choice',
    breaks: 'an allowed handshake opens a WebSocket only when the gateway said so',
    file: 'src/intercept/config/upgrade_routes.ts',
    find: 'headers: [chosen(way), HANDSHAKE] },',
    replace: 'headers: [HANDSHAKE] },',
    test: { file: UPGRADES_TEST, name: 'asks for a handshake, and refuses it when no way was chosen' },
  },
  {
    name: 'connect-with-upgrade',
    breaks: 'a tunnel has the filters of a tunnel',
    file: 'src/intercept/config/tunnel.ts',
    find: "headers: [{ name: 'upgrade', present_match: true }] },",
    replace: "headers: [{ name: 'x-nothing', present_match: true }] },",
    test: { file: UPGRADES_TEST, name: 'refuses CONNECT with an upgrade before anything is judged' },
  },
  {
    name: 'unknown-way-as-plain',
    breaks: 'a request whose way is not known goes nowhere',
    file: 'src/intercept/config/upgrade_routes.ts',
    find: 'headers: [{ name: WAY_HEADER, present_match: true }] },',
    replace: "headers: [{ name: 'x-nothing', present_match: true }] },",
    test: { file: UPGRADES_TEST, name: 'sends nothing by a way that it does not know' },
  },
  {
    name: 'websocket-over-h2',
    breaks: 'a handshake leaves over HTTP/1.1, whatever the destination prefers',
    file: 'src/intercept/config/clusters.ts',
    find: '      ...protocol({ explicit_http_config: { http_protocol_options: {} } }),\n',
    replace:
      '      ...protocol({ auto_config: { http_protocol_options: {}, http2_protocol_options: {} } }),\n',
    test: { file: UPGRADES_TEST, name: 'opens what the gateway chose a way for' },
  },
  {
    name: 'relay-out-for-anyone',
    breaks: 'the second hop is for relays that know the stamp',
    file: 'src/intercept/config/relay_out.ts',
    find: 'http_filters: [relayStampGuard(input.stamp), ',
    replace: 'http_filters: [',
    test: { file: RELAY_TEST, name: 'lets nobody out who does not know the stamp' },
  },
  {
    name: 'relay-claims-before-the-stamp',
    breaks: 'the log of the second hop names receipts that a relay vouched for alone',
    file: 'src/intercept/config/relay_out.ts',
    find: '[relayStampGuard(input.stamp), relayClaims(),',
    replace: '[relayClaims(), relayStampGuard(input.stamp),',
    test: { file: RELAY_TEST, name: 'lets nobody out who does not know the stamp' },
  },
  {
    name: 'relay-out-without-strip',
    breaks: 'the stamp, and whatever else a relay says, reaches no destination',
    file: 'src/intercept/config/relay_out.ts',
    find: '...sendingFilters(shared)]',
    replace: "...sendingFilters(shared).filter((one) => one['name'] !== 'cg.egress_strip')]",
    test: { file: RELAY_TEST, name: 'takes a WebSocket to the relay and from there to the destination' },
  },
  {
    name: 'relay-out-to-any-address',
    breaks: 'the second hop looks at addresses like the first',
    file: 'src/intercept/config/relay_out.ts',
    find: '...sendingFilters(shared)]',
    replace: "...sendingFilters(shared).filter((one) => one['name'] !== 'cg.ipdeny')]",
    test: WAYS_OUT,
  },
  {
    name: 'relay-socket-for-all',
    breaks: 'only our own user reaches the second hop',
    file: 'src/intercept/config/relay_out.ts',
    find: 'const SOCKET_MODE = 0o600;',
    replace: 'const SOCKET_MODE = 0o666;',
    test: { file: RELAY_TEST, name: 'keeps its socket to our own user' },
  },
  {
    name: 'ticket-of-the-client',
    breaks: 'what a client says to the relay is not heard',
    file: 'src/intercept/config/headers.ts',
    find: "const OURS = ['x-clawgress-', 'x-cg-', 'x-envoy-', RELAY_PREFIX].map(byPrefix);",
    replace: "const OURS = ['x-clawgress-', 'x-cg-', 'x-envoy-'].map(byPrefix);",
    test: { file: RELAY_TEST, name: 'takes a WebSocket to the relay and from there to the destination' },
  },
  {
    name: 'grpc-without-a-message',
    breaks: 'a gRPC client learns in one line why its call was refused',
    file: 'src/intercept/config/local_replies.ts',
    find: '[grpcMapper(reply, receipt), mapper(reply, receipt)]',
    replace: '[mapper(reply, receipt)]',
    test: {
      file: 'test/integration/intercept/grpc.test.ts',
      name: 'shows what Envoy refuses itself as a status',
    },
  },
];
