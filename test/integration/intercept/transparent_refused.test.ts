import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { fetchAs, greetAs, KNOWN } from './redirected/clients.ts';
import { GREETING_PORT } from './redirected/far_facts.ts';
import { missing, PORTS } from './redirected/spaces.ts';
import { openRedirected, type Redirected, type Who } from './redirected/world.ts';

const skip = missing() ?? false;

describe('redirected connections that are refused by the real Envoy', { skip }, () => {
  let world: Redirected;
  before(async () => {
    world = await openRedirected();
  });
  after(() => world?.close());

  /** The CONNECT of Envoy's own that came last for this authority. */
  const connectTo = (authority: string) =>
    world.checks(authority).findLast((check) => check.method === 'CONNECT') ?? assert.fail('no CONNECT');
  /** Nothing may arrive at a destination meanwhile. */
  async function arrivesNothing(act: () => Promise<void>): Promise<void> {
    const before = (await world.arrived()).accepts;
    await act();
    assert.equal((await world.arrived()).accepts, before);
  }

  describe('closes', () => {
    const closed = ['eof', 'reset'];
    const greeting = '\x16\x03\x01\x00\x05hello';
    const cases: Readonly<Record<string, (who: Who) => Promise<string>>> = {
      'unknown bytes': async (who) => {
        world.wishes.set('10.94.0.7', 'deny');
        const { got, end } = await world.dial(who, '10.94.0.7', 22, { bytes: 'SSH-2.0-x\r\n' });
        assert.deepEqual([got, closed.includes(end)], ['', true]);
        return '10.94.0.7:22';
      },
      silence: async (who) => {
        world.wishes.set('10.94.0.6', 'deny');
        const { got, end } = await world.dial(who, '10.94.0.6', 25);
        assert.deepEqual([got, closed.includes(end)], ['', true]);
        return '10.94.0.6:25';
      },
      'a greeting that stops in the middle': async (who) => {
        world.wishes.set('10.94.0.5', 'deny');
        const { got, end } = await world.dial(who, '10.94.0.5', 443, { bytes: greeting });
        assert.deepEqual([got, closed.includes(end)], ['', true]);
        return '10.94.0.5:443';
      },
      'a way that the gateway did not choose': async (who) => {
        world.wishes.set('10.94.0.4', 'unchosen');
        const { got, end } = await world.dial(who, '10.94.0.4', 22, { bytes: 'SSH-2.0-x\r\n' });
        assert.deepEqual([got, closed.includes(end)], ['', true]);
        return '10.94.0.4:22';
      },
      'an address that nobody may reach': async (who) => {
        const { got, end } = await world.dial(who, '10.94.0.8', GREETING_PORT, { bytes: 'SSH-2.0-x\r\n' });
        assert.deepEqual([got, closed.includes(end)], ['', true]);
        return `10.94.0.8:${GREETING_PORT}`;
      },
    };
    for (const [name, act] of Object.entries(cases)) {
      it(`${name}, asked for and logged`, async () => {
        for (const who of ['own', 'routed', 'shared'] as const)
          await arrivesNothing(async () => {
            const check = connectTo(await act(who));
            assert.equal(check.headers['x-cg-source-identity'], KNOWN[who].source_identity);
            const { listener, attempts } = await world.logged(check.receiptId);
            assert.deepEqual([listener, attempts], ['transparent', 0]);
          });
      });
    }

    it('TLS with a refused name, without a name, and with one that is no host name', async () => {
      const names = [
        ['refused.example', 'refused.example', ['-servername', 'refused.example']],
        ['-', '-', ['-noservername']],
        ['invalid:a_b_80.example', 'invalid:a_b_80.example', ['-servername', 'a b:80.example']],
      ] as const;
      for (const who of ['own', 'routed'] as const)
        for (const [host, shown, args] of names) {
          world.wishes.set(host, 'deny');
          await arrivesNothing(async () => {
            const { stdout } = await greetAs(world, who, ...args);
            assert.match(stdout, /no peer certificate available/);
          });
          const check = connectTo(`${shown}:443`);
          assert.deepEqual([check.headers['x-cg-carries'], check.destination], ['tls', '198.18.5.5:443']);
        }
    });

    it('TLS whose name is another than the judged one in the tunnel', async () => {
      // The name is read twice, by different listeners; here the gateway judges another than it was asked about.
      world.wishes.set('other.example', 'passthrough');
      const path = '/another-name';
      const ran = await fetchAs(world, {
        ...{ who: 'own', host: 'other.example', path, scheme: 'https', ca: world.upstreamCa },
      });
      // The destination shows a certificate for api.example.
      assert.equal(ran.code, 60, ran.stderr);
    });
  });

  it('shows a connection that nothing redirected as one to the listener itself', async () => {
    for (const [who, host, port] of [
      ['own', '127.0.0.1', PORTS.own],
      ['own', '::1', PORTS.own],
      ['own', '127.0.0.1', PORTS.shared],
    ] as const) {
      const path = `/direct-${port}-${host.length}`;
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
      await world.as(who, 'curl', '-sS', '-m', '60', '-H', 'host: api.example', url);
      assert.equal(world.checks(path)[0]?.destination, `${host}:${port}`);
      await world.dial(who, host, port, { bytes: 'SSH-2.0-x\r\n' });
      const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      assert.equal(connectTo(authority).destination, `${host}:${port}`);
    }
  });
});
