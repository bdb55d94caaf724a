import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { envoyConfig, renderConfig } from '../../../../src/intercept/config/bootstrap.ts';
import type { EnvoyConfigInput } from '../../../../src/intercept/config/input.ts';
import { GOLDEN } from './golden_inputs.ts';

const render = (input: EnvoyConfigInput): string => renderConfig(envoyConfig(input));

/** What asks the gateway before a request goes on. */
const checkServices = (tree: unknown) =>
  members(tree, 'grpc_service').filter(
    (service) => JSON.stringify(members(service, 'cluster_name')) === '["cg_authz"]',
  ) as { timeout: string; retry_policy: Record<string, unknown> }[];

/** Every object of the tree that has this member. */
function holders(tree: unknown, member: string): Record<string, unknown>[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const below = Object.values(tree).flatMap((child) => holders(child, member));
  return Object.hasOwn(tree, member) ? [tree as Record<string, unknown>, ...below] : below;
}

const members = (tree: unknown, member: string): unknown[] =>
  holders(tree, member).map((holder) => holder[member]);
const allSame = (values: readonly unknown[]): boolean =>
  new Set(values.map((value) => JSON.stringify(value))).size === 1;

const local = GOLDEN['local'] as EnvoyConfigInput;
const config = envoyConfig(local);

describe('generated configuration', () => {
  for (const [name, input] of Object.entries(GOLDEN)) {
    it(`equals the committed envoy/${name}.json`, () => {
      const file = new URL(`../../../../envoy/${name}.json`, import.meta.url);
      // UPDATE_GOLDEN=1 rewrites the file; the diff is then read by a person.
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, render(input));
      assert.equal(render(input), readFileSync(file, 'utf8'));
    });
  }

  it('lets no stream outlive what the recorder waits for, and an opaque tunnel a quarter of an hour', () => {
    // An open allow is taken for lost after 65 minutes; its last log line needs some of them.
    const longestS = 60 * 60;
    const seconds = (value: unknown) => Number(/^(\d+)s$/.exec(String(value))?.[1] ?? Number.NaN);
    const managers = holders(config, 'common_http_protocol_options').filter((one) => 'http_filters' in one);
    assert.equal(managers.length, 4);
    for (const { common_http_protocol_options: options } of managers) {
      const { max_stream_duration } = options as Record<string, unknown>;
      assert.ok(seconds(max_stream_duration) > 0 && seconds(max_stream_duration) <= longestS);
    }
    const routes = holders(config, 'route').map(({ route }) => route as Record<string, unknown>);
    const own = routes.flatMap((route) =>
      route['max_stream_duration'] === undefined ? [] : [[route['cluster'], route['max_stream_duration']]],
    );
    const hour = { max_stream_duration: '3600s' };
    assert.deepEqual(own, [
      ['intercept_in', hour],
      ['opaque_in', { max_stream_duration: '900s' }],
      ['dfp_tcp', { max_stream_duration: '900s' }],
      ...[...['dfp_plain', 'cg_relay'], ...['dfp_tls_h1', 'cg_relay'], ...['dfp_tls_h1', 'cg_relay']].map(
        (cluster) => [cluster, hour],
      ),
    ]);
    assert.deepEqual(members(config, 'max_downstream_connection_duration'), ['900s']);
  });

  it('depends on nothing but its input', () => {
    assert.equal(render(local), render(structuredClone(local)));
  });

  it('holds floods back, asks, proves, reads bodies and proves that, resolves, checks the address, strips, sends, in every chain', () => {
    const lists = [
      ...members(config, 'http_filters'),
      ...holders(config, 'upgrade_type').map((one) => one['filters']),
    ]
      .filter(Array.isArray)
      // Behind a relay; judged with the ways out.
      .filter((filters) => filters[0].name !== 'cg.relay_stamp');
    assert.equal(lists.length, 4);
    for (const list of lists) {
      const named = list.map((filter: { name: string }) => filter.name);
      // Of CONNECT alone, and after the guard: what was not vouched for crosses nowhere.
      if (named.includes('cg.tunnel_facts')) assert.equal(named[3], 'cg.tunnel_facts');
      const names = named.filter((name) => name !== 'cg.tunnel_facts');
      const order = [
        'cg.flood',
        'envoy.filters.http.ext_authz',
        'cg.stamp',
        // A CONNECT has no body.
        ...(named.includes('cg.tunnel_facts') ? [] : ['envoy.filters.http.ext_proc', 'cg.second_stamp']),
        'envoy.filters.http.dynamic_forward_proxy',
        'cg.ipdeny',
        'cg.egress_strip',
        'envoy.filters.http.router',
      ];
      assert.deepEqual(names, order);
    }
  });

  it('opens CONNECT on the explicit listener alone, WebSocket where requests are judged, and no other upgrade', () => {
    const open = (tree: unknown) => holders(tree, 'upgrade_type').filter((one) => one['enabled'] !== false);
    const { listeners } = config['static_resources'] as { listeners: { name: string }[] };
    const opened = listeners.map((listener) => [
      listener.name,
      members(open(listener), 'upgrade_type').sort(),
    ]);
    assert.deepEqual(Object.fromEntries(opened), {
      // One of the listener, three of the routes that a tunnel can take.
      explicit: ['CONNECT', 'CONNECT', 'CONNECT', 'CONNECT', 'websocket'],
      base_url: ['websocket'],
      intercept_in: ['websocket'],
      opaque_in: [],
      relay_out: ['websocket'],
    });
    assert.deepEqual(members(config, 'allow_connect'), []);
  });

  it('never fails open and never touches paths', () => {
    assert.deepEqual(new Set(members(config, 'failure_mode_allow')), new Set([false]));
    assert.deepEqual(new Set(members(config, 'normalize_path')), new Set([false]));
    assert.deepEqual(new Set(members(config, 'merge_slashes')), new Set([false]));
    assert.deepEqual(members(config, 'internal_address_config'), []);
  });

  it('names one DNS cache, the same bytes everywhere, with the address filter', () => {
    const caches = members(config, 'dns_cache_config');
    assert.equal(caches.length, 11);
    assert.ok(allSame(caches));
    const [{ ranges }] = members(config, 'resolved_address_filter') as [{ ranges: unknown[] }];
    const guarded = members(config, 'upstream_ip');
    assert.equal(guarded.length, ranges.length * 5);
    assert.deepEqual(guarded.slice(0, ranges.length), ranges);
  });

  it('verifies upstreams by name and bundle, and speaks TLS 1.2 and 1.3 on both sides', () => {
    assert.deepEqual(new Set(members(config, 'auto_san_validation')), new Set([true]));
    assert.deepEqual(members(config, 'trusted_ca'), Array(2).fill({ filename: local.ca_bundle }));
    assert.deepEqual(members(config, 'tls_minimum_protocol_version'), Array(3).fill('TLSv1_2'));
    assert.deepEqual(members(config, 'tls_maximum_protocol_version'), Array(3).fill('TLSv1_3'));
  });

  it('bounds a try of the Check by the Check time-out', () => {
    const input = { ...local, check_timeout_ms: 250 };
    const services = checkServices(envoyConfig(input));
    assert.equal(services.length, 4);
    for (const service of services) {
      assert.equal(service.timeout, '0.250s');
      assert.deepEqual(service.retry_policy, {
        retry_on: 'unavailable,connect-failure,refused-stream,reset',
        num_retries: 1,
        retry_back_off: { base_interval: '0.010s', max_interval: '0.250s' },
      });
    }
  });

  it('asks another gateway within the Check time-out, and no dead one', () => {
    const fleet = GOLDEN['fleet'] as EnvoyConfigInput;
    const tree = envoyConfig(fleet);
    for (const service of checkServices(tree)) {
      const { num_retries, retry_back_off, retry_host_predicate, retry_on } = service.retry_policy;
      const { max_interval } = retry_back_off as { max_interval: string };
      const tries = Number(num_retries) + 1;
      assert.ok(tries > 1 && tries * Number.parseFloat(max_interval) * 1000 <= fleet.check_timeout_ms);
      assert.equal(retry_on, 'unavailable,connect-failure,refused-stream,reset');
      const [predicate] = retry_host_predicate as { name: string }[];
      assert.equal(predicate?.name, 'envoy.retry_host_predicates.previous_hosts');
    }
    const clusters = holders(tree, 'health_checks');
    assert.deepEqual(
      clusters.map((cluster) => cluster['name']),
      ['cg_authz', 'cg_sds', 'cg_inspection', 'cg_relay', 'cg_relay_h2'],
    );
    const { authz_sockets: own } = fleet;
    const wanted = [own, own, own, fleet.relay_sockets, fleet.relay_h2_sockets];
    for (const [i, cluster] of clusters.entries()) {
      assert.deepEqual(cluster['common_lb_config'], {
        healthy_panic_threshold: { value: 0 },
        update_merge_window: '0s',
      });
      const sockets = members(cluster, 'pipe').map((pipe) => (pipe as { path: string }).path);
      assert.deepEqual(sockets, wanted[i]);
    }
    assert.deepEqual(members(config, 'health_checks'), []);
  });

  it('carries the stamp in the guards alone', () => {
    const text = render({ ...local, stamp: 'SECRET' });
    // Two guards in each of three chains of requests, one in that of CONNECT, two on each of four inspecting routes; the guard
    // of names and that of relays.
    assert.equal(text.split('SECRET').length - 1, 2 * 3 + 1 + 2 * 4 + 2);
    assert.equal(members(config, 'sourced_metadata').length, 2 * 3 + 1 + 2 * 4);
    assert.equal(members(config, 'condition').length, 1);
  });

  it('logs no path, header or host name, but the name that the TLS of a tunnel asked for', () => {
    const formats = members(config, 'log_format');
    assert.equal(formats.length, 6);
    const text = JSON.stringify(formats);
    assert.deepEqual(
      [...text.matchAll(/%REQ\(([^)]*)\)/g)].map((match) => match[1]),
      Array(6).fill('X-REQUEST-ID'),
    );
    assert.doesNotMatch(text, /PATH|AUTHORITY|RESP\(|UPSTREAM_HOST/);
    const naming = formats.filter((format) => JSON.stringify(format).includes('SERVER_NAME'));
    assert.deepEqual(members(naming, 'listener'), ['handshake', 'opaque']);
  });

  it('gives every kind of entry the members that close a receipt', () => {
    const formats = members(members(config, 'log_format'), 'json_format') as Record<string, string>[];
    assert.deepEqual(
      formats.map((format) => format['listener']),
      ['explicit', 'base_url', 'handshake', 'intercepted', 'opaque', 'relay_out'],
    );
    const own = [
      'route',
      'pending',
      'inspected',
      'sni',
      'relay_end',
      'tls',
      'tls_cipher',
      'tls_agreed_ms',
      'tls_failure',
    ];
    const shared = formats.map((format) => Object.keys(format).filter((name) => !own.includes(name)));
    assert.ok(allSame(shared), 'the entries differ in more than what is their own');
  });

  it('tells the gateway how credentials travelled', () => {
    const facts = (input: EnvoyConfigInput): unknown[] => members(envoyConfig(input), 'context_extensions');
    assert.deepEqual(facts(local), [
      { mode: 'explicit', transport: 'loopback' },
      { mode: 'base_url', transport: 'loopback' },
      { mode: 'intercepted', transport: 'tls' },
    ]);
    assert.deepEqual(facts(GOLDEN['network'] as EnvoyConfigInput), [
      { mode: 'explicit', transport: 'plaintext' },
      { mode: 'base_url', transport: 'plaintext' },
      { mode: 'intercepted', transport: 'tls' },
    ]);
  });

  it('shows the ticket of a tunnel and the name of its handshake inside alone', () => {
    const { listeners } = config['static_resources'] as { listeners: { name: string }[] };
    for (const listener of listeners) {
      const inside = listener.name === 'intercept_in';
      assert.equal(members(listener, 'include_tls_session').length, inside ? 1 : 0, listener.name);
      const said = JSON.stringify(members(listener, 'initial_metadata'));
      assert.equal(said.includes('"x-cg-tunnel"'), inside, listener.name);
    }
  });

  it('gives each tunnel a connection of its own inside', () => {
    const [shared = []] = members(config, 'on_request_headers') as Record<string, unknown>[][];
    const unique = shared.filter((one) => ['cg.tunnel', 'cg.receipt'].includes(String(one['object_key'])));
    assert.deepEqual(
      unique.map((one) => [one['factory_key'], one['shared_with_upstream']]),
      Array(2).fill(['envoy.hashable_string', 'ONCE']),
    );
    assert.ok(
      shared.every((one) => one['shared_with_upstream'] === 'ONCE'),
      'a fact of the tunnel goes further than the listener inside',
    );
  });

  it('asks for certificates over connections of its own, from the same processes', () => {
    const tree = envoyConfig(GOLDEN['fleet'] as EnvoyConfigInput);
    const { clusters } = tree['static_resources'] as { clusters: Record<string, unknown>[] };
    const [checks, secrets] = ['cg_authz', 'cg_sds'].map((name) =>
      JSON.stringify(clusters.find((cluster) => cluster['name'] === name)).replaceAll(name, ''),
    );
    assert.equal(checks, secrets);
    assert.deepEqual(members(members(tree, 'api_config_source'), 'cluster_name'), ['cg_sds']);
  });
});
