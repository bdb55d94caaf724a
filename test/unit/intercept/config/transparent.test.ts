import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envoyConfig, renderConfig } from '../../../../src/intercept/config/bootstrap.ts';
import type { EnvoyConfigInput } from '../../../../src/intercept/config/input.ts';
import { transparentListens } from '../../../../src/intercept/config/transparent_input.ts';
import { GOLDEN } from './golden_inputs.ts';

type Node = Record<string, unknown>;
const input = GOLDEN['transparent'] as EnvoyConfigInput;
const { listeners } = envoyConfig(input)['static_resources'] as { listeners: Node[] };
const redirected = listeners.filter((one) => /^transparent_(uid|tproxy)/.test(String(one['name'])));
const tunnels = listeners.filter((one) => one['name'] === 'transparent_in');

/** Values of this member anywhere below. */
function members(tree: unknown, member: string): unknown[] {
  if (typeof tree !== 'object' || tree === null) return [];
  const below = Object.values(tree).flatMap((child) => members(child, member));
  return Object.hasOwn(tree, member) ? [(tree as Node)[member], ...below] : below;
}

describe('listeners of redirected connections', () => {
  it('follow the settings, one for each port', () => {
    const uid_listeners = [
      { uid: 2001, port: 15011 },
      { uid: 2002, port: 15012 },
    ];
    const all = { redirect_port: 15001, uid_listeners, tproxy_port: 15002 };
    const named = transparentListens({ ...all, tproxy_identity: 'source' });
    assert.deepEqual(
      named.map(({ name, port, by, identity }) => [name, port, by, identity]),
      [
        ['transparent', 15001, 'redirect', 'none'],
        ['transparent_uid_2001', 15011, 'redirect', 'uid:2001'],
        ['transparent_uid_2002', 15012, 'redirect', 'uid:2002'],
        ['transparent_tproxy', 15002, 'tproxy', 'address'],
      ],
    );
    const header = transparentListens({ uid_listeners: [], tproxy_port: 15002, tproxy_identity: 'header' });
    assert.deepEqual(
      header.map(({ identity }) => identity),
      ['none'],
    );
  });

  it('are not there without a port, nor anything that leads to them', () => {
    assert.deepEqual(transparentListens({ uid_listeners: [], tproxy_identity: 'source' }), []);
    const off = renderConfig(envoyConfig(GOLDEN['local'] as EnvoyConfigInput));
    assert.doesNotMatch(off, /transparent/);
  });

  it('listen on this host alone, in both families, and keep the destination as the rules do', () => {
    assert.equal(redirected.length, 2);
    for (const listener of redirected) {
      const addresses = members([listener['address'], listener['additional_addresses']], 'socket_address');
      const port_value = listener['name'] === 'transparent_tproxy' ? 15002 : 15011;
      assert.deepEqual(addresses, [
        { address: '127.0.0.1', port_value },
        { address: '::1', port_value },
      ]);
      const tproxy = listener['name'] === 'transparent_tproxy';
      assert.equal(listener['transparent'], tproxy ? true : undefined);
      const inspectors = (listener['listener_filters'] as Node[]).map((one) => one['name']);
      assert.deepEqual(
        inspectors,
        ['original_dst', 'tls_inspector', 'http_inspector'].map((one) => `envoy.filters.listener.${one}`),
      );
    }
  });

  it('do without IPv6 where there is none', () => {
    const tree = envoyConfig({ ...input, without_ipv6: true });
    assert.deepEqual(
      members(members(tree, 'address'), 'socket_address').filter((one) => (one as Node)['address'] === '::1'),
      [],
    );
    assert.deepEqual(members(tree, 'additional_addresses'), [[], []]);
  });

  it('come to a decision about silence too', () => {
    for (const listener of redirected) {
      assert.equal(listener['continue_on_listener_filters_timeout'], true);
      assert.equal(listener['listener_filters_timeout'], '3s');
      assert.ok(listener['default_filter_chain'] !== undefined, 'unknown bytes have no chain');
    }
  });

  it('tell the gateway how the connection came', () => {
    assert.deepEqual(members(redirected, 'context_extensions'), [
      { mode: 'transparent', transport: 'loopback', source_identity: 'uid:2001' },
      { mode: 'transparent', transport: 'plaintext', source_identity: 'none' },
      { mode: 'transparent', transport: 'tls', source_identity: 'none' },
    ]);
    assert.deepEqual(members(tunnels, 'context_extensions'), [{ mode: 'transparent', inner: 'true' }]);
    assert.deepEqual(
      members(members(redirected, 'tunneling_config'), 'headers_to_add').map((list) =>
        (list as { header: { value: string } }[]).map(({ header }) => header.value),
      ),
      [
        ['uid:2001', 'loopback', 'tls'],
        ['uid:2001', 'loopback', 'other'],
        ['none', 'plaintext', 'other'],
      ],
    );
  });

  it('believe what only Envoy can have said, and nobody else', () => {
    const text = (list: Node[]) => JSON.stringify(members(list, 'early_header_mutation_extensions'));
    assert.equal(text(tunnels), '[[]]');
    assert.equal(members(redirected, 'early_header_mutation_extensions').length, 3);
    assert.equal(text(redirected).split('"prefix":"x-cg-"').length - 1, 3);
  });

  it('pass the filters of other ways in, in their order', () => {
    const names = (list: unknown) => (list as Node[]).map((filter) => filter['name']);
    const chains = (tree: unknown) =>
      [...members(tree, 'http_filters'), ...members(members(tree, 'upgrade_configs'), 'filters')].map(names);
    const explicit = listeners.filter((one) => one['name'] === 'explicit');
    const [plain = [], tunnel = []] = chains(explicit);
    assert.equal(plain[0], 'cg.flood');
    assert.deepEqual(chains(redirected), Array(3).fill(plain));
    assert.deepEqual(chains(tunnels), [plain, tunnel]);
  });

  it('hand addresses on one step at a time', () => {
    const chains = [...redirected, ...tunnels];
    const facts = members(chains, 'on_new_connection') as Node[][];
    // Each chain that leads to another listener inside, and that listener itself.
    assert.equal(facts.length, 4);
    for (const fact of facts)
      assert.deepEqual(
        fact.map((one) => [one['object_key'], one['shared_with_upstream']]),
        ['remote_ip', 'local_ip'].map((name) => [`envoy.filters.listener.original_dst.${name}`, 'ONCE']),
      );
    const [tunnelled = []] = members(tunnels, 'on_request_headers') as Node[][];
    assert.ok(
      !tunnelled.some((one) => String(one['object_key']).startsWith('envoy.')),
      'an address set twice',
    );
  });

  it('have the bounds of tunnels that clients open themselves', () => {
    for (const proxy of members(redirected, 'tunneling_config')) assert.ok(proxy !== undefined, 'no tunnel');
    assert.deepEqual(members(redirected, 'max_downstream_connection_duration'), Array(3).fill('3600s'));
    const durations = (tree: unknown) =>
      (members(tree, 'route') as Node[]).flatMap((route) =>
        route['max_stream_duration'] === undefined ? [] : [[route['cluster'], route['max_stream_duration']]],
      );
    const tunnelled = ['intercept_in', 'opaque_in', 'dfp_tcp'];
    const own = (list: Node[]) => durations(list).filter(([cluster]) => tunnelled.includes(String(cluster)));
    assert.deepEqual(own(tunnels), own(listeners.filter((one) => one['name'] === 'explicit')));
    const limits = members([redirected, tunnels], 'max_connections');
    assert.deepEqual(limits, Array(7).fill(15_000));
  });

  it('log redirected requests and CONNECTs under one name', () => {
    const logs = members(members([redirected, tunnels], 'log_format'), 'json_format') as Node[];
    assert.deepEqual(
      logs.map((one) => one['listener']).filter((name) => name !== 'unasked_handshake'),
      Array(4).fill('transparent'),
    );
  });

  it('write down a handshake that came to nothing where, and only where, there is no CONNECT to tell of it', () => {
    for (const listener of [...redirected, tunnels] as Node[]) {
      const own = (listener['access_log'] ?? []) as Node[];
      const opens = JSON.stringify(listener).includes('on_demand_secret');
      assert.equal(own.length, opens ? 1 : 0, String(listener['name']));
      for (const log of own) {
        assert.deepEqual(
          members(log, 'expression').map((text) => /chain_name == '(\w+)'/.exec(String(text))?.[1]),
          (listener['filter_chains'] as Node[])
            .filter((chain) => JSON.stringify(chain).includes('on_demand_secret'))
            .map((chain) => chain['name']),
        );
        const [format = {}] = members(log, 'json_format') as Node[];
        // An id would be taken for that of a request.
        for (const id of ['receipt_id', 'request_id', 'stream_id']) assert.ok(!(id in format), id);
      }
    }
  });
});
