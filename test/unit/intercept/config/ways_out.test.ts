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

type Node = Readonly<Record<string, unknown>>;
const CHECK = 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz';
const GUARD = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC';
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
  const expected = {
    action: 'ALLOW',
    policies: {
      stamped: {
        permissions: [{ any: true }],
        principals: [
          {
            sourced_metadata: {
              metadata_matcher: {
                filter: 'envoy.filters.http.ext_authz',
                path: [{ key: 'stamp' }],
                value: { string_match: { exact: stamp } },
              },
            },
          },
        ],
      },
    },
  };
  if (JSON.stringify(rules) !== JSON.stringify(expected)) leaks.push('the guard asks for something else');
  return leaks;
}

/** Every reason for which something could get out of this configuration unjudged. */
function leaks(config: unknown, stamp: string): string[] {
  const found: string[] = [];
  const listeners = list(nodeOf(nodeOf(config)['static_resources'])['listeners']);
  if (listeners.length === 0) found.push('no listeners: nothing was walked');
  for (const [path, node] of walk(listeners)) {
    const type = String(node['@type'] ?? '');
    if (/tcp_proxy|udp_proxy|redis_proxy|generic_proxy/.test(type)) found.push(`${path}: ${type}`);
    if (type.endsWith('.HttpConnectionManager')) {
      for (const leak of leaksOf(list(node['http_filters']), stamp)) found.push(`${path}: ${leak}`);
      if (node['rds'] !== undefined || node['scoped_routes'] !== undefined)
        found.push(`${path}: routes from elsewhere`);
    }
    // An upgrade without filters of its own takes those of its connection manager.
    if (node['upgrade_type'] !== undefined && node['filters'] !== undefined)
      for (const leak of leaksOf(list(node['filters']), stamp)) found.push(`${path}: ${leak}`);
    for (const [name, override] of Object.entries(nodeOf(node['typed_per_filter_config']))) {
      const { disabled, check_settings } = nodeOf(override);
      const only = Object.keys(nodeOf(override)).sort().join();
      if (disabled !== undefined || only !== '@type,check_settings' || check_settings === undefined)
        found.push(`${path}: a route overrides ${name}`);
    }
    const action = nodeOf(node['route']);
    const cluster = action['cluster'];
    if (node['match'] !== undefined && node['route'] !== undefined && !/^dfp_/.test(String(cluster)))
      found.push(`${path}: a route to ${String(cluster)}`);
    const upgrades = list(action['upgrade_configs']);
    const tunnel = nodeOf(node['match'])['connect_matcher'] !== undefined;
    if (node['match'] !== undefined && node['route'] !== undefined) {
      const open = upgrades.filter((upgrade) => upgrade['enabled'] !== false);
      // The listener's CONNECT is also what `Upgrade: CONNECT` on a plain request asks for.
      if (!tunnel && (upgrades.length === 0 || open.length > 0))
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
      return !plain || !tunnel || JSON.stringify(host['domains']) !== '["*"]';
    })
    .map((host) => String(host['name']));
}

const LOCAL = GOLDEN['local'] as EnvoyConfigInput;
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
    for (const input of combinations) assert.deepEqual(unrouted(envoyConfig(input)), []);
  });

  it('would be noticed if one were open', () => {
    const open = (change: (node: Record<string, unknown>) => void): string[] => {
      const copy = structuredClone(envoyConfig(LOCAL));
      for (const [, node] of walk(copy)) change(node as Record<string, unknown>);
      return leaks(copy, LOCAL.stamp);
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
            filters: [{ typed_config: { '@type': 'x.tcp_proxy.v3.TcpProxy', cluster: 'dfp_tcp' } }],
          });
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
      'a route to the gateway itself': open((node) => {
        if (node['match'] !== undefined && isNode(node['route'])) node['route'] = { cluster: 'cg_authz' };
      }),
    };
    for (const [name, found] of Object.entries(cases)) assert.notEqual(found.length, 0, name);
  });
});
