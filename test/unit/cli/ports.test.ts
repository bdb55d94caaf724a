import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, before, test } from 'node:test';
import { CliError } from '../../../src/cli/exit.ts';
import { autoPorts, refuseBusyPorts, tryPort } from '../../../src/cli/ports.ts';
import { withPorts } from '../../../src/config/assemble.ts';
import { loadSettings } from '../../../src/config/load.ts';

let taken: Server;
let port = 0;
/** Of nobody else: what is free there stays free. On 127.0.0.1 every connection of this machine takes a port. */
const ADDRESS = '127.91.80.81';
const values = ['explicit_proxy', 'base_url', 'metrics'].map(
  (listener) => [`${listener}.address`, { flag: '--x', text: ADDRESS }] as const,
);
const settings = loadSettings('/nonexistent', {}, { values: new Map(values) });

async function listening(address: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

before(async () => {
  taken = await listening(ADDRESS);
  port = portOf(taken);
});
after(() => taken.close());

const portsOf = (from: typeof settings) => [from.explicit_proxy.port, from.base_url.port, from.metrics.port];

test('automatic ports are free, different, and kept when they are still free', async () => {
  const first = portsOf(await autoPorts(settings, []));
  assert.equal(new Set(first).size, 3);
  for (const one of first) assert.equal(await tryPort(ADDRESS, one), undefined);
  assert.deepEqual(portsOf(await autoPorts(settings, first)), first);
});

test('automatic ports are none that the kernel gives away meanwhile, nor those of other parts', async () => {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/);
  const [first = 0, last = 0] = range.map(Number);
  const picked = portsOf(await autoPorts(settings, []));
  if (first > 20_000)
    for (const one of picked) assert.ok(one < first || one > last, `${one} is outside ${range}`);
  const [redirect_port = 0] = picked;
  const redirected = { ...settings, transparent: { ...settings.transparent, redirect_port } };
  assert.ok(!portsOf(await autoPorts(redirected, [])).includes(redirect_port), `${redirect_port} is in use`);
});

test('a port of the last run that somebody took is replaced', async () => {
  const again = portsOf(await autoPorts(settings, [port, 1, 1]));
  assert.ok(!again.includes(port));
  assert.equal(new Set(again).size, 3);
});

test('a busy port is refused with its number and the way out', async () => {
  const [, baseUrl = 0, metrics = 0] = portsOf(await autoPorts(settings, []));
  const busy = withPorts(settings, { explicit: port, baseUrl, metrics });
  await assert.rejects(refuseBusyPorts(busy), (error: unknown) => {
    assert.ok(error instanceof CliError);
    assert.equal(error.exitCode, 3);
    assert.match(error.message, new RegExp(`port ${port} for the explicit proxy .* is taken`));
    assert.match(error.nextStep ?? '', /--ports auto.*--explicit-port/);
    return true;
  });
});

test('a busy port of redirected connections is refused, and not replaced: the firewall names it', async (t) => {
  const ports = await autoPorts(settings, []);
  const loopback = await listening('127.0.0.1');
  t.after(() => loopback.close());
  const port = portOf(loopback);
  for (const [busy, key] of [
    [{ ...ports, transparent: { ...ports.transparent, redirect_port: port } }, 'transparent.redirect_port'],
    [{ ...ports, resolver: { ...ports.resolver, port } }, 'resolver.port'],
  ] as const)
    await assert.rejects(refuseBusyPorts(busy), (error: unknown) => {
      assert.ok(error instanceof CliError, String(error));
      assert.match(error.message, new RegExp(`port ${port} .* is taken`));
      assert.match(error.nextStep ?? '', new RegExp(`another ${key}, and apply the rules`));
      assert.equal(error.exitCode, 3);
      return true;
    });
});
