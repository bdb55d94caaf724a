import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFirewall } from '../../../src/cli/doctor_firewall.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/config/settings.ts';
import type { KernelFacts } from '../../../src/intercept_host/nftables/kernel_facts.ts';

const base: Settings = loadSettings('/nonexistent', {}, { values: new Map() });
const nobody = { agent_uids: [], agent_gids: [], agent_interfaces: [], agent_cidrs: [] };
const settings = (held: object, more: Partial<Settings> = {}): Settings => ({
  ...base,
  interception_host: { ...base.interception_host, ...nobody, gateway_uid: 990, ...held },
  ...more,
});
const fine: KernelFacts = {
  sysctl: () => '0',
  interfaces: () => ['agents0', 'eth0'],
  knowsWay: () => true,
  routesVia: () => true,
};
const host = settings({ agent_uids: ['2001'] }, { resolver: { ...base.resolver, port: 15_053 } });
const transparent = { ...base.transparent, tproxy_port: 15_002 };
const behind = settings({ agent_interfaces: ['veth1.100'] }, { transparent });

test('the doctor names the switches that redirection does not survive', () => {
  const found = (of: Settings, facts: Partial<KernelFacts> = {}) =>
    checkFirewall({ settings: of }, { ...fine, ...facts });
  const only = (...wanted: string[]): Partial<KernelFacts> => ({
    sysctl: (...name) => (name.join('/') === wanted.join('/') ? '1' : '0'),
  });
  assert.match(found(base).detail, /holds nobody/);
  for (const of of [host, behind]) assert.equal(found(of).status, 'ok');
  assert.match(
    found(host, { knowsWay: (to) => to !== '198.18.0.0' }).detail,
    /no route to 198\.18\.0\.0\/15/,
  );
  assert.equal(found(behind, { knowsWay: () => false }).status, 'ok', 'diverted before a route is asked for');
  for (const place of ['all', 'veth1.100']) {
    assert.match(
      found(behind, only('conf', place, 'src_valid_mark')).detail,
      /src_valid_mark or that of veth1\.100/,
    );
    const strict = only('conf', place, 'rp_filter');
    assert.equal(found(behind, strict).status, 'ok', 'strict, and agents are reached where they come from');
    assert.match(
      found(behind, { ...strict, routesVia: () => false }).detail,
      /rp_filter is 1 and no IPv4 route/,
    );
    const loose = { ...strict, sysctl: () => '2', routesVia: () => false };
    assert.doesNotMatch(found(behind, loose).detail, /rp_filter/);
  }
  assert.match(found(behind, only('tcp_fwmark_accept')).detail, /tcp_fwmark_accept is 1/);
  assert.equal(found(host, { sysctl: () => '1' }).status, 'ok', 'none of them matters on a host');
});
