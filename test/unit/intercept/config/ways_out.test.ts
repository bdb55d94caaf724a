/**
 * Promise: no way out of Envoy without the Check and the stamp guard. Walks the generated configuration itself, for
 * every combination of settings, and knows nothing about how it was generated: a listener, chain, route or upgrade
 * that somebody adds later is judged as well.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envoyConfig } from '../../../../src/intercept/config/bootstrap.ts';
import type { EnvoyConfigInput } from '../../../../src/intercept/config/input.ts';
import { GOLDEN } from './golden_inputs.ts';
import { isReadingOverride, readingLeaks, readingRouteLeaks, rulesOf } from './inspect_leaks.ts';

type Node = Readonly<Record<string, unknown>>;
const CHECK = 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz';
const GUARD = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC';
const READER = 'type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const list = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const nodeOf = (value: unknown): Node => (isNode(value) ? value : {});

/** Every object of the tree with its path. */
function* walk(tree: unknown, path = ''): Generator<readonly [string, Node]> {
  if (!isNode(tree)) return;
  if (!Array.isArray(tree)) yield [path, tree];
  for (const [key, child] of Object.entries(tree)) yield* walk(child, `${path}/${key}`);
}

/** Why this list of HTTP filters would let something out unasked; empty when it does not. */
function leaksOf(filters: readonly Node[], stamp: string): string[] {
  const types = filters.map((filter) => nodeOf(filter['typed_config'])['@type']);
  const [check, guard, router] = [CHECK, GUARD, ROUTER].map((type) => types.indexOf(type)) as [
    number,
    number,
    number,
  ];
  const leaks: string[] = [];
  if (router !== types.length - 1) leaks.push('does not end in the router');
  if (check < 0) leaks.push('no Check');
  if (guard < 0 || guard < check) leaks.push('no guard after the Check');
  const authz = nodeOf(filters[check]?.['typed_config']);
  if (authz['failure_mode_allow'] !== false) leaks.push('fails open');
  if (filters.some((filter) => filter['disabled'] !== undefined || filter['is_optional'] !== undefined))
    leaks.push('a filter can be left out');
  const rules = nodeOf(nodeOf(filters[guard]?.['typed_config'])['rules']);
  const expected = rulesOf('envoy.filters.http.ext_authz', 'stamp', stamp);
  if (JSON.stringify(rules) !== JSON.stringify(expected)) leaks.push('the guard asks for something else');
  leaks.push(...readingLeaks(filters, stamp));
  return leaks;
}

const SNI_GUARD = 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC';
const TARGET = 'type.googleapis.com/envoy.extensions.filters.network.set_filter_state.v3.Config';
const RESOLVER =
  'type.googleapis.com/envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig';
const TCP_PROXY = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';

/** An expression of the configuration as text; what this does not know stays what it is, and then matches nothing. */
function expression(node: Node): string {
  const call = nodeOf(node['call_expr']);
  const args = list(call['args']).map(expression);
  if (call['function'] === '_&&_') return `${args[0]} && ${args[1]}`;
  if (call['function'] === '_==_') return `${args[0]} == ${args[1]}`;
  if (call['function'] === '_[_]') return `${args[0]}[${args[1]}]`;
  if (call['function'] === 'bytes') return `bytes(${args[0]})`;
  const select = nodeOf(node['select_expr']);
  if (select['field'] !== undefined) return `${expression(nodeOf(select['operand']))}.${select['field']}`;
  const text = nodeOf(node['const_expr'])['string_value'];
  if (text !== undefined) return `'${text}'`;
  return String(nodeOf(node['ident_expr'])['name'] ?? JSON.stringify(node));
}

/** Why this chain of network filters passes on bytes that nobody vouched for. */
function opaqueLeaks(listener: Node, chain: Node, stamp: string): string[] {
  const filters = list(chain['filters']);
  const types = filters.map((filter) => String(nodeOf(filter['typed_config'])['@type']));
  if (!types.some((type) => /_proxy/.test(type.replace('sni_dynamic_forward_proxy', '')))) return [];
  const tunnelling = nodeOf(filters[types.indexOf(TCP_PROXY)]?.['typed_config'])['tunneling_config'];
  if (tunnelling !== undefined) return redirectedLeaks(listener, chain);
  const leaks: string[] = [];
  const order = types.slice(types[0]?.endsWith('.ConnectionLimit') === true ? 1 : 0);
  if (JSON.stringify(order) !== JSON.stringify([SNI_GUARD, TARGET, RESOLVER, TCP_PROXY]))
    leaks.push('other filters, or another order');
  if (filters.some((filter) => filter['disabled'] !== undefined)) leaks.push('a filter can be left out');
  if (listener['internal_listener'] === undefined || listener['address'] !== undefined)
    leaks.push('reachable from outside');
  if (JSON.stringify(chain['filter_chain_match']) !== '{"transport_protocol":"tls"}')
    leaks.push('not for TLS alone');
  const config = (type: string): Node => nodeOf(filters[types.indexOf(type)]?.['typed_config']);
  const rules = nodeOf(config(SNI_GUARD)['rules']);
  const policies = Object.values(nodeOf(rules['policies'])).filter(isNode);
  if (rules['action'] !== 'ALLOW' || policies.length !== 1) leaks.push('the guard does not guard');
  const wanted = `bytes('${stamp}') == filter_state['cg.stamp'] && bytes(connection.requested_server_name) == filter_state['cg.host']`;
  if (expression(nodeOf(policies[0]?.['condition'])) !== wanted)
    leaks.push('the guard asks for something else');
  const proxy = config(TCP_PROXY);
  if (proxy['cluster'] !== 'dfp_tcp') leaks.push('passes on to somewhere else');
  if (proxy['upstream_connect_mode'] !== 'ON_DOWNSTREAM_DATA') leaks.push('dials before it is decided');
  return leaks;
}

/** What Envoy may ask for by a CONNECT of its own, and the chain that has to ask so. */
const ASKED_AS: Readonly<Record<string, readonly [carries: string, match: string]>> = {
  '%REQUESTED_SERVER_NAME%:%DOWNSTREAM_LOCAL_PORT%': ['tls', '{"transport_protocol":"tls"}'],
  '%DOWNSTREAM_LOCAL_ADDRESS%': ['other', 'null'],
};

/** Why a redirected connection could go on without its CONNECT, or the CONNECT tell something else about it. */
function redirectedLeaks(listener: Node, chain: Node): string[] {
  const leaks: string[] = [];
  const filters = list(chain['filters']);
  const types = filters.map((filter) => String(nodeOf(filter['typed_config'])['@type']));
  if (types[0]?.endsWith('.ConnectionLimit') !== true) leaks.push('without a limit');
  if (JSON.stringify(types.slice(1)) !== JSON.stringify([TARGET, TCP_PROXY]))
    leaks.push('other filters, or another order');
  const proxy = nodeOf(filters.at(-1)?.['typed_config']);
  if (proxy['cluster'] !== 'transparent_in' || proxy['weighted_clusters'] !== undefined)
    leaks.push('goes on without being asked about');
  const { hostname, headers_to_add, ...more } = nodeOf(proxy['tunneling_config']);
  if (Object.keys(more).length > 0) leaks.push('tunnels in another way');
  const [carries, match] = ASKED_AS[String(hostname)] ?? [];
  if (JSON.stringify(chain['filter_chain_match'] ?? null) !== match) leaks.push('asks for another chain');
  const said = Object.fromEntries(
    list(headers_to_add).map((one) => [nodeOf(one['header'])['key'], nodeOf(one['header'])['value']]),
  );
  const names = Object.keys(said).sort().join();
  if (names !== 'x-cg-carries,x-cg-source-identity,x-cg-transport' || said['x-cg-carries'] !== carries)
    leaks.push('tells something else');
  const places = [
    nodeOf(listener['address']),
    ...list(listener['additional_addresses']).map((one) => nodeOf(one['address'])),
  ];
  const addresses = places.map((place) => nodeOf(place['socket_address'])['address']).join();
  if (addresses !== '127.0.0.1,::1') leaks.push('reachable from elsewhere');
  return leaks;
}

/** The three routes of CONNECT that open something; each needs the header that only the gateway can set. */
const TUNNELS: Readonly<Record<string, string>> = {
  intercept: 'intercept_in',
  passthrough: 'opaque_in',
  raw: 'dfp_tcp',
};

function tunnelLeak(match: Node, action: Node): string | undefined {
  const { cluster } = action;
  // A refusal in the shape of a route: no upgrade, and no cluster that anybody could name.
  const refusal = {
    cluster_header: 'x-cg-nowhere',
    upgrade_configs: ['CONNECT', 'websocket'].map((upgrade_type) => ({ upgrade_type, enabled: false })),
  };
  if (JSON.stringify(action) === JSON.stringify(refusal)) return undefined;
  const [header, more] = list(match['headers']);
  const exact = String(nodeOf(header?.['string_match'])['exact']);
  const plain =
    JSON.stringify(header) === JSON.stringify({ name: 'x-cg-tunnel-mode', string_match: { exact } });
  if (!plain || more !== undefined) return 'a tunnel that the gateway did not choose';
  return TUNNELS[exact] === cluster ? undefined : `${exact} leads to ${String(cluster)}`;
}

const HANDSHAKE = { name: 'upgrade', string_match: { exact: 'websocket', ignore_case: true } };
const isHandshake = (match: Node): boolean =>
  list(match['headers']).some((header) => JSON.stringify(header) === JSON.stringify(HANDSHAKE));

/** What has to be said, by whom only the gateway or a relay can be, before a request goes this way. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  dfp_plain: ['', 'x-cg-route: inspect', 'x-cg-route: websocket, upgrade', 'cg-relay-scheme: http, upgrade'],
  dfp_plain_h2: ['grpc', 'x-cg-route: inspect, grpc', 'cg-relay-scheme: http'],
  dfp_tls: ['', 'x-cg-route: inspect', 'cg-relay-scheme: https'],
  dfp_tls_h1: ['x-cg-route: websocket, upgrade', 'cg-relay-scheme: https, upgrade'],
  cg_relay: ['x-cg-route: relay_websocket, upgrade'],
  cg_relay_h2: ['x-cg-route: relay_http'],
};

function requestLeak(match: Node, cluster: unknown): string | undefined {
  const said = list(match['headers']).map((header) =>
    isHandshake({ headers: [header] })
      ? 'upgrade'
      : `${String(header['name'])}: ${String(nodeOf(header['string_match'])['exact'])}`,
  );
  const need = [...said, ...(match['grpc'] === undefined ? [] : ['grpc'])].join(', ');
  const known = match['prefix'] === '/' && WAYS[String(cluster)]?.includes(need) === true;
  return known ? undefined : `a route to ${String(cluster)} for '${need}'`;
}

/** The hop behind a relay: no Check, because it was asked before; so the stamp comes first of all. */
function secondHopLeaks(filters: readonly Node[], stamp: string): string[] {
  const leaks: string[] = [];
  const [guard] = filters;
  const rules = nodeOf(nodeOf(guard?.['typed_config'])['rules']);
  const expected = {
    action: 'ALLOW',
    policies: {
      stamped: {
        permissions: [{ any: true }],
        principals: [{ header: { name: 'cg-relay-stamp', string_match: { exact: stamp } } }],
      },
    },
  };
  if (
    nodeOf(guard?.['typed_config'])['@type'] !== GUARD ||
    JSON.stringify(rules) !== JSON.stringify(expected)
  )
    leaks.push('does not begin with the guard');
  if (filters.some((filter) => filter['disabled'] !== undefined)) leaks.push('a filter can be left out');
  const names = filters.map((filter) => String(filter['name'])).slice(2);
  const rest = [
    'envoy.filters.http.dynamic_forward_proxy',
    'cg.ipdeny',
    'cg.egress_strip',
    'envoy.filters.http.router',
  ];
  if (JSON.stringify(names) !== JSON.stringify(rest)) leaks.push('other filters, or another order');
  return leaks;
}

/** Why this second hop could be reached by somebody who is no relay, or a way of the gateway could be left out. */
function hopLeaks(listener: Node): string[] {
  const { path, mode } = nodeOf(nodeOf(listener['address'])['pipe']);
  if (listener['name'] !== 'relay_out') return path === undefined ? [] : ['a socket nobody knows of'];
  return typeof path === 'string' && mode === 0o600 ? [] : ['open to others'];
}

/** A chosen way that no route knows must not end on the route of plain requests, nor an upgrade that was not chosen. */
function fallsThrough(host: Node): string | undefined {
  const kinds = list(host['routes']).map((route) => {
    const match = nodeOf(route['match']);
    const headers = JSON.stringify(match['headers'] ?? null);
    if (nodeOf(route['direct_response'])['status'] === 403 && match['prefix'] === '/') {
      if (headers === JSON.stringify([HANDSHAKE])) return 'unchosen';
      if (headers === '[{"name":"x-cg-route","present_match":true}]') return 'unknown';
    }
    const out = /^dfp_(plain|plain_h2|tls)$/.test(String(nodeOf(route['route'])['cluster']));
    return out && match['prefix'] === '/' && headers === 'null' ? 'plain' : 'other';
  });
  const plain = kinds.indexOf('plain');
  const before = plain < 0 ? kinds : kinds.slice(0, plain);
  return plain < 0 || (before.includes('unchosen') && before.includes('unknown'))
    ? undefined
    : 'plain requests come before what was chosen otherwise';
}

/** Every reason for which something could get out of this configuration unjudged. */
function leaks(config: unknown, stamp: string): string[] {
  const found: string[] = [];
  const listeners = list(nodeOf(nodeOf(config)['static_resources'])['listeners']);
  if (listeners.length === 0) found.push('no listeners: nothing was walked');
  for (const listener of listeners) {
    for (const leak of hopLeaks(listener)) found.push(`${String(listener['name'])}: ${leak}`);
    for (const chain of [...list(listener['filter_chains']), nodeOf(listener['default_filter_chain'])])
      for (const leak of opaqueLeaks(listener, chain, stamp))
        found.push(`${String(listener['name'])}: ${leak}`);
  }
  for (const [path, node] of walk(listeners)) {
    for (const host of list(node['virtual_hosts'])) {
      const leak = fallsThrough(host);
      if (leak !== undefined) found.push(`${path}: ${leak}`);
    }
    const type = String(node['@type'] ?? '');
    if (/udp_proxy|redis_proxy|generic_proxy/.test(type)) found.push(`${path}: ${type}`);
    if (
      type === TCP_PROXY &&
      !/^\/\d+\/(filter_chains\/\d+|default_filter_chain)\/filters\/\d+\/typed_config$/.test(path)
    )
      found.push(`${path}: a TCP proxy where no chain was looked at`);
    if (type.endsWith('.HttpConnectionManager')) {
      const second = listeners[Number(path.split('/')[1])]?.['name'] === 'relay_out';
      const judge = second ? secondHopLeaks : leaksOf;
      for (const leak of judge(list(node['http_filters']), stamp)) found.push(`${path}: ${leak}`);
      if (node['rds'] !== undefined || node['scoped_routes'] !== undefined)
        found.push(`${path}: routes from elsewhere`);
    }
    // An upgrade without filters of its own takes those of its connection manager.
    if (node['upgrade_type'] !== undefined && node['filters'] !== undefined)
      for (const leak of leaksOf(list(node['filters']), stamp)) found.push(`${path}: ${leak}`);
    if (node['match'] !== undefined || node['domains'] !== undefined)
      for (const leak of readingRouteLeaks(node, stamp)) found.push(`${path}: ${leak}`);
    for (const [name, override] of Object.entries(nodeOf(node['typed_per_filter_config']))) {
      if (isReadingOverride(name)) continue;
      // The second look at the address, where no address was resolved: on the way to a listener inside.
      const inside =
        ['intercept_in', 'opaque_in', 'cg_relay', 'cg_relay_h2'].includes(
          String(nodeOf(node['route'])['cluster']),
        ) || nodeOf(node['direct_response'])['status'] === 204;
      if (inside && name === 'cg.ipdeny' && Object.keys(nodeOf(override)).join() === '@type') continue;
      const { disabled, check_settings } = nodeOf(override);
      const only = Object.keys(nodeOf(override)).sort().join();
      if (disabled !== undefined || only !== '@type,check_settings' || check_settings === undefined)
        found.push(`${path}: a route overrides ${name}`);
    }
    const action = nodeOf(node['route']);
    const cluster = action['cluster'];
    const upgrades = list(action['upgrade_configs']);
    const tunnel = nodeOf(node['match'])['connect_matcher'] !== undefined;
    if (node['match'] !== undefined && node['route'] !== undefined) {
      const leak = tunnel
        ? tunnelLeak(nodeOf(node['match']), action)
        : requestLeak(nodeOf(node['match']), cluster);
      if (leak !== undefined) found.push(`${path}: ${leak}`);
    }
    if (node['match'] !== undefined && node['route'] !== undefined) {
      const closed = upgrades.filter((upgrade) => upgrade['enabled'] === false);
      const named = closed.map((upgrade) => upgrade['upgrade_type']).join();
      // The listener's CONNECT is also what `Upgrade: CONNECT` on a plain request asks for.
      const wanted = isHandshake(nodeOf(node['match'])) ? 'CONNECT' : 'CONNECT,websocket';
      if (!tunnel && (named !== wanted || upgrades.length > closed.length))
        found.push(`${path}: an upgrade of plain requests`);
    }
    for (const member of ['request_mirror_policies', 'internal_redirect_policy', 'retry_policy', 'redirect'])
      if (node['match'] !== undefined && action[member] !== undefined) found.push(`${path}: ${member}`);
  }
  return found;
}

/** A virtual host whose routes leave something over would let it skip the Check. */
function unrouted(config: unknown): string[] {
  const hosts = [...walk(config)].flatMap(([, node]) => list(node['virtual_hosts']));
  return hosts
    .filter((host) => {
      const matches = list(host['routes']).map((route) => nodeOf(route['match']));
      const takes = (test: (match: Node) => boolean) => matches.some(test);
      const plain = takes((match) => match['prefix'] === '/' && Object.keys(match).length === 1);
      const tunnel = takes(
        (match) => match['connect_matcher'] !== undefined && Object.keys(match).length === 1,
      );
      return (
        !plain || (!tunnel && host['name'] !== 'relay_out') || JSON.stringify(host['domains']) !== '["*"]'
      );
    })
    .map((host) => String(host['name']));
}

const LOCAL = GOLDEN['local'] as EnvoyConfigInput;
const TRANSPARENT = GOLDEN['transparent'] as EnvoyConfigInput;
const { flood_guard: flood, ...WITHOUT_FLOOD } = LOCAL;
const choices: readonly (readonly Partial<EnvoyConfigInput>[])[] = [
  [{}, { authz_sockets: ['/run/a.sock', '/run/b.sock'] }, { authz_sockets: Array(8).fill('/run/x.sock') }],
  [{}, ...(flood === undefined ? [] : [{ flood_guard: flood }])],
  [{}, { tracing: { otlp_endpoint: 'https://collector.example', sample_percent: 5 } }],
  [{}, { explicit_proxy: { address: '::', port: 1 }, base_url: { address: '0.0.0.0', port: 2 } }],
  [{}, { allow_cidrs: ['10.20.0.0/16', 'fd00::/32'] }],
];
const combinations = choices.reduce<EnvoyConfigInput[]>(
  (made, options) => made.flatMap((input) => options.map((option) => ({ ...input, ...option }))),
  [WITHOUT_FLOOD],
);

describe('ways out of Envoy', () => {
  it('all pass the Check and the stamp guard, for every combination of settings', () => {
    assert.equal(combinations.length, 48);
    for (const input of [...combinations, ...Object.values(GOLDEN)]) {
      assert.deepEqual(leaks(envoyConfig(input), input.stamp), []);
    }
  });

  it('leave no request without a route', () => {
    for (const input of [...combinations, ...Object.values(GOLDEN)])
      assert.deepEqual(unrouted(envoyConfig(input)), []);
  });

  it('would be noticed if one were open', () => {
    const open = (change: (node: Record<string, unknown>) => void, input = LOCAL): string[] => {
      const copy = structuredClone(envoyConfig(input));
      for (const [, node] of walk(copy)) change(node as Record<string, unknown>);
      return leaks(copy, LOCAL.stamp);
    };
    /** Makes a guard ask for another member of what the Check said. */
    const setKey = (guard: Record<string, unknown>, key: string): void => {
      for (const [, node] of walk(guard))
        if (nodeOf(node['metadata_matcher'])['path'] !== undefined)
          (node['metadata_matcher'] as Record<string, unknown>)['path'] = [{ key }];
    };
    const cut = (member: string, name: string) =>
      open((node) => {
        const filters = node[member];
        if (Array.isArray(filters) && filters.length > 3)
          node[member] = filters.filter((filter) => filter.name !== name);
      });
    const cases: Readonly<Record<string, string[]>> = {
      'no guard in the main chain': cut('http_filters', 'cg.stamp'),
      'no guard in the tunnel chain': cut('filters', 'cg.stamp'),
      'no guard in the opaque chain': cut('filters', 'cg.sni'),
      'no Check': cut('http_filters', 'envoy.filters.http.ext_authz'),
      'fail open': open((node) => {
        if (node['failure_mode_allow'] === false) node['failure_mode_allow'] = true;
      }),
      'another stamp': open((node) => {
        if (node['exact'] === LOCAL.stamp) node['exact'] = '';
      }),
      'a TCP proxy': open((node) => {
        if (Array.isArray(node['filter_chains']))
          node['filter_chains'].push({
            filters: [{ typed_config: { '@type': TCP_PROXY, cluster: 'dfp_tcp' } }],
          });
      }),
      'a TCP proxy for what is not TLS': open((node) => {
        if (node['internal_listener'] !== undefined)
          node['default_filter_chain'] = structuredClone(list(node['filter_chains'])[0]);
        if (isNode(node['default_filter_chain']))
          delete (node['default_filter_chain'] as Record<string, unknown>)['filter_chain_match'];
      }),
      'an opaque listener with an address': open((node) => {
        if (node['internal_listener'] !== undefined) node['address'] = {};
      }),
      'a guard that knows another name': open((node) => {
        if (node['field'] === 'requested_server_name') node['field'] = 'uri_san_peer_certificate';
      }),
      'a dial before the decision': open((node) => {
        delete node['upstream_connect_mode'];
      }),
      'a tunnel without the choice of the gateway': open((node) => {
        if (node['connect_matcher'] !== undefined) delete node['headers'];
      }),
      'a CONNECT with an upgrade': open((node) => {
        if (node['cluster_header'] !== undefined) delete node['upgrade_configs'];
      }),
      'a tunnel chosen for another': open((node) => {
        if (node['exact'] === 'intercept') node['exact'] = 'raw';
      }),
      'a disabled Check on a route': open((node) => {
        if (node['match'] !== undefined)
          node['typed_per_filter_config'] = { 'envoy.filters.http.ext_authz': { disabled: true } };
      }),
      'a plain route that upgrades': open((node) => {
        if (node['upgrade_type'] === 'CONNECT' && node['enabled'] === false) node['enabled'] = true;
      }),
      'a plain route that says nothing of upgrades': open((node) => {
        if (node['timeout'] === '0s') node['upgrade_configs'] = [];
      }),
      'a second hop without the stamp': open((node) => {
        const filters = node['http_filters'];
        if (list(filters)[0]?.['name'] === 'cg.relay_stamp') (filters as unknown[]).shift();
      }),
      'an inspecting route that takes a stamp': open((node) => {
        if (node['rules_stat_prefix'] === 'held_') setKey(node, 'stamp');
      }),
      'a plain route that takes what is held': open((node) => {
        if (node['rules_stat_prefix'] === 'stamp_') setKey(node, 'held');
      }),
      'an inspecting route without the second guard': open((node) => {
        const overrides = node['typed_per_filter_config'] as Record<string, unknown> | undefined;
        if (overrides !== undefined) delete overrides['cg.second_stamp'];
      }),
      'an inspecting route that reads nothing': open((node) => {
        const overrides = node['typed_per_filter_config'] as Record<string, unknown> | undefined;
        if (overrides?.['cg.stamp'] !== undefined) delete overrides['envoy.filters.http.ext_proc'];
      }),
      'a plain route that asks for nothing': open((node) => {
        if (nodeOf(node['match'])['prefix'] === '/' && node['typed_per_filter_config'] === undefined)
          node['typed_per_filter_config'] = { 'cg.stamp': { '@type': `${GUARD}PerRoute` } };
      }),
      'no second guard': cut('http_filters', 'cg.second_stamp'),
      'bodies that go on unread': open((node) => {
        if (node['@type'] === READER) node['failure_mode_allow'] = true;
      }),
      'a reader that speaks for the Check': open((node) => {
        if (node['receiving_namespaces'] !== undefined)
          node['receiving_namespaces'] = { untyped: ['cg.inspected', 'envoy.filters.http.ext_authz'] };
      }),
      'a reader that reroutes': open((node) => {
        if (node['disallow_all'] !== undefined) node['allow_expression'] = { regex: '.*' };
      }),
      'a second hop that passes on what it was told': cut('http_filters', 'cg.egress_strip'),
      'a second hop for anybody': open((node) => {
        if (node['pipe'] !== undefined) (node['pipe'] as Record<string, unknown>)['mode'] = 0o666;
      }),
      'a WebSocket that nobody chose': open((node) => {
        if (Array.isArray(node['headers']))
          node['headers'] = node['headers'].filter(
            (header: Node) =>
              nodeOf(header['string_match'])['exact'] !== 'websocket' || header['name'] === 'upgrade',
          );
      }),
      'a plain route before the others': open((node) => {
        const routes = node['routes'];
        if (Array.isArray(routes)) routes.unshift(...routes.splice(routes.length - 1, 1));
      }),
      'a way that is not known': open((node) => {
        if (Array.isArray(node['routes']))
          node['routes'] = node['routes'].filter((route: Node) => route['name'] !== 'no_way');
      }),
      'an upgrade that was not chosen, as a plain request': open((node) => {
        if (Array.isArray(node['routes']))
          node['routes'] = node['routes'].filter((route: Node) => route['name'] !== 'no_upgrade');
      }),
      'a redirected connection that nobody is asked about': open((node) => {
        if (node['cluster'] === 'transparent_in') node['cluster'] = 'dfp_tcp';
      }, TRANSPARENT),
      'a redirected connection that is no tunnel': open((node) => {
        delete node['tunneling_config'];
      }, TRANSPARENT),
      'unknown bytes under the name of TLS': open((node) => {
        if (node['key'] === 'x-cg-carries') node['value'] = 'tls';
      }, TRANSPARENT),
      'a redirected CONNECT without the stamp guard': open((node) => {
        if (node['upgrade_type'] === 'CONNECT' && Array.isArray(node['filters']))
          node['filters'] = node['filters'].filter(({ name }) => name !== 'cg.stamp');
      }, TRANSPARENT),
      'a listener of redirected connections for others': open((node) => {
        if (node['address'] === '127.0.0.1' && node['port_value'] === 15011) node['address'] = '0.0.0.0';
      }, TRANSPARENT),
      'a route to the gateway itself': open((node) => {
        if (node['match'] !== undefined && isNode(node['route'])) node['route'] = { cluster: 'cg_authz' };
      }),
    };
    for (const [name, found] of Object.entries(cases)) assert.notEqual(found.length, 0, name);
  });
});
