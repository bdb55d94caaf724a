import type { Sabotage } from './sabotage.ts';

const UNIT = 'test/unit/intercept/config/transparent.test.ts';
const WAYS_OUT = {
  file: 'test/unit/intercept/config/ways_out.test.ts',
  name: 'all pass the Check and the stamp guard',
};
const REAL = 'test/integration/intercept/transparent.test.ts';

/** Promises about connections that the firewall hands to Envoy. */
export const REDIRECTED: readonly Sabotage[] = [
  {
    name: 'redirected-unasked',
    breaks: 'a redirected connection goes on by a CONNECT that is judged, and by no other way',
    file: 'src/intercept/config/transparent_listeners.ts',
    find: 'cluster: TRANSPARENT_LISTENER,',
    replace: "cluster: 'dfp_tcp',",
    test: WAYS_OUT,
  },
  {
    name: 'redirected-from-anywhere',
    breaks: 'listeners of redirected connections are on this host alone',
    file: 'src/intercept/config/transparent_listeners.ts',
    find: "const LOOPBACKS = ['127.0.0.1', '::1'] as const;",
    replace: "const LOOPBACKS = ['0.0.0.0', '::'] as const;",
    test: WAYS_OUT,
  },
  {
    name: 'tls-without-an-agent',
    breaks: 'where only a request tells who is asking, no TLS passes unopened',
    file: 'src/intercept/config/transparent_listeners.ts',
    find: "if (listen.identity !== 'none')",
    replace: "if (listen.by === 'redirect' || listen.identity !== 'none')",
    test: { file: REAL, name: 'opens TLS at once where only requests tell who is asking \\(shared' },
  },
  {
    name: 'redirected-facts-by-a-client',
    breaks: 'a request cannot say how its connection came',
    file: 'src/intercept/config/transparent_connections.ts',
    find: "    scheme_header_transformation: { scheme_to_overwrite: 'http' },",
    replace:
      "    scheme_header_transformation: { scheme_to_overwrite: 'http' },\n    early_header_mutation_extensions: [],",
    test: { file: REAL, name: 'judges plain requests, and sends them where the name leads' },
  },
  {
    name: 'redirected-address-lost',
    breaks: 'requests in an opened redirected connection show the agent, and where it meant to go',
    file: 'src/intercept/config/transparent_listeners.ts',
    find: 'connectionLimit(TRANSPARENT_LISTENER), redirectedFacts(), redirectedTunnels(shared)',
    replace: 'connectionLimit(TRANSPARENT_LISTENER), redirectedTunnels(shared)',
    test: { file: REAL, name: 'opens TLS that the gateway wants opened' },
  },
  {
    name: 'silence-undecided',
    breaks: 'a connection whose server speaks first is judged too',
    file: 'src/intercept/config/transparent_listeners.ts',
    find: 'continue_on_listener_filters_timeout: true,',
    replace: 'continue_on_listener_filters_timeout: false,',
    test: { file: REAL, name: 'asks for a client that waits for its server to speak' },
  },
  {
    name: 'last-word-lost',
    breaks: 'a redirected connection carries the answer to a side that has ended',
    file: 'src/intercept/config/inner_clusters.ts',
    find: 'http2_protocol_options: {\n          initial_stream_window_size: WINDOW_BYTES,\n          initial_connection_window_size: WINDOW_BYTES,\n        },',
    replace: 'http_protocol_options: {},',
    test: { file: REAL, name: 'loses nothing when one side ends first' },
  },
  {
    name: 'source-by-tproxy',
    breaks: 'the setting decides whether an address names an agent',
    file: 'src/intercept/config/transparent_input.ts',
    find: "tproxy_identity === 'source' ? ('address' as const) : ('none' as const)",
    replace: "('address' as const)",
    test: { file: UNIT, name: 'follow the settings, one for each port' },
  },
  {
    name: 'rules-behind-their-watchdog',
    breaks: 'rules that are loaded after their watchdog has given up do not stay',
    file: 'src/intercept_host/nftables/apply.ts',
    find: 'if (wasRolledBack(pending))',
    replace: 'if (pending.path === undefined)',
    test: {
      file: 'test/unit/intercept_host/nftables/apply.test.ts',
      name: 'after their watchdog has given up',
    },
  },
  {
    name: 'marks-at-once',
    breaks: 'marks of an access log are written one after another',
    file: 'src/server/access_log_tail.ts',
    find: 'this.#marking = this.#marking\n      .then(settled)',
    replace: 'this.#marking = settled()',
    test: { file: 'test/unit/server/access_log.test.ts', name: 'writes marks one after another' },
  },
];
