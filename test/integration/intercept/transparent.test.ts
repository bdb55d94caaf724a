import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { waitFor } from './gateway.ts';
import { type Family, fetchAs, greetAs, KNOWN, SYNTHETIC } from './redirected/clients.ts';
import { GREETING, GREETING_PORT, LAST_WORD } from './redirected/far_facts.ts';
import { ALLOWED, missing } from './redirected/spaces.ts';
import { openRedirected, type Redirected, type Who } from './redirected/world.ts';

const skip = missing() ?? false;
const FAMILIES = ['four', 'six'] as const;
const bare = (place: string): string => place.replace(/:\d+$/, '');

describe('redirected connections through the real Envoy', { skip }, () => {
  let world: Redirected;
  before(async () => {
    world = await openRedirected();
  });
  after(() => world?.close());

  let count = 0;
  const nonce = (): string => `/n${process.pid}x${++count}x`;
  const only = (path: string) => {
    const [check, ...more] = world.checks(path);
    assert.equal(more.length, 0);
    return check ?? assert.fail('no Check');
  };
  /** The CONNECT of Envoy's own that came last for this authority. */
  const connectTo = (authority: string) =>
    world.checks(authority).findLast((check) => check.method === 'CONNECT') ?? assert.fail('no CONNECT');
  const hit = async (path: string) =>
    (await world.arrived()).hits.find((one) => one.url === path) ?? assert.fail('nothing arrived');
  const accepts = async (): Promise<number> => (await world.arrived()).accepts;
  /** Nothing may arrive at a destination meanwhile. */
  async function arrivesNothing(act: () => Promise<void>): Promise<void> {
    const before = await accepts();
    await act();
    assert.equal(await accepts(), before);
  }

  for (const who of ['own', 'routed', 'shared', 'header'] as const) {
    for (const family of FAMILIES) {
      const { from, ...facts } = KNOWN[who];
      it(`judges plain requests, and sends them where the name leads (${who}, IPv${family})`, async () => {
        const path = nonce();
        const said = [
          '-H',
          'x-cg-source-identity: uid:1',
          '-H',
          'x-cg-carries: tls',
          '-H',
          'x-clawgress-key: k',
        ];
        const ran = await fetchAs(world, { who, family, path, args: said });
        assert.deepEqual([ran.code, ran.stdout], [0, 'from afar']);
        const check = only(path);
        assert.deepEqual(check.listener, { mode: 'transparent', ...facts });
        assert.deepEqual([bare(check.source), check.destination], [from[family], `${SYNTHETIC[family]}:80`]);
        assert.deepEqual([check.method, check.authority, check.scheme], ['GET', 'api.example', 'http']);
        assert.deepEqual(
          Object.keys(check.headers).filter((name) => name.startsWith('x-cg-')),
          [],
        );
        // Ours stays ours.
        assert.deepEqual((await hit(path)).headers, ['host', 'user-agent', 'accept', 'x-request-id']);
        const { listener, route, code, upstream } = await world.logged(check.receiptId);
        assert.deepEqual([listener, route, code, upstream], ['transparent', 'plain', 200, '127.83.7.2:80']);
      });
    }
  }

  /** Check of the CONNECT and what it should be. */
  function assertConnect(who: Who, family: Family, authority: string, carries: string): string {
    const { from, source_identity, transport } = KNOWN[who];
    const check = connectTo(authority);
    const { headers, listener, source, receiptId } = check;
    assert.deepEqual(listener, { mode: 'transparent', inner: 'true' });
    assert.deepEqual(
      [headers['x-cg-source-identity'], headers['x-cg-transport'], headers['x-cg-carries'], bare(source)],
      [source_identity, transport, carries, from[family]],
    );
    return receiptId;
  }

  for (const who of ['own', 'routed'] as const) {
    for (const family of FAMILIES) {
      it(`opens TLS that the gateway wants opened (${who}, IPv${family})`, async () => {
        const path = nonce();
        world.wishes.set('api.example', 'intercept');
        const ran = await fetchAs(world, { who, family, path, scheme: 'https', ca: world.interceptCa });
        assert.deepEqual([ran.code, ran.stdout], [0, 'from afar']);
        const outer = assertConnect(who, family, 'api.example:443', 'tls');
        const inside = only(path);
        assert.deepEqual(
          [inside.listener, inside.ticket, inside.sni, bare(inside.source), inside.destination],
          [
            ...[{ mode: 'intercepted', transport: 'tls' }, `ticket.${outer}`, 'api.example'],
            ...[KNOWN[who].from[family], `${SYNTHETIC[family]}:443`],
          ],
        );
        assert.equal(connectTo('api.example:443').destination, `${SYNTHETIC[family]}:443`);
        assert.equal((await hit(path)).sni, 'api.example');
        const { listener, route, code } = await world.logged(outer);
        assert.deepEqual([listener, route, code], ['transparent', 'intercept', 200]);
      });

      it(`passes TLS on unopened that the gateway lets pass (${who}, IPv${family})`, async () => {
        const path = nonce();
        world.wishes.set('api.example', 'passthrough');
        const ran = await fetchAs(world, { who, family, path, scheme: 'https', ca: world.upstreamCa });
        assert.deepEqual([ran.code, ran.stdout], [0, 'from afar']);
        const outer = assertConnect(who, family, 'api.example:443', 'tls');
        assert.equal((await hit(path)).sni, 'api.example');
        assert.equal(world.checks(path).length, 0);
        const entriesOf = () => world.log().filter((one) => one['receipt_id'] === outer);
        const entries = await waitFor(
          () => (entriesOf().length > 1 ? entriesOf() : undefined),
          'both entries',
        );
        assert.deepEqual(entries.map((one) => [one['listener'], one['route']]).sort(), [
          ['opaque', undefined],
          ['transparent', 'tunnel'],
        ]);
      });
    }
  }

  for (const who of ['shared', 'header'] as const) {
    for (const family of FAMILIES) {
      it(`opens TLS at once where only requests tell who is asking (${who}, IPv${family})`, async () => {
        for (const version of ['--http1.1', '--http2']) {
          const path = nonce();
          const ran = await fetchAs(world, {
            ...{ who, family, path, scheme: 'https', ca: world.interceptCa },
            args: [version, '-H', 'x-clawgress-key: k', '-H', 'x-cg-source-identity: uid:1'],
          });
          assert.deepEqual([ran.code, ran.stdout], [0, 'from afar']);
          const check = only(path);
          const facts = { mode: 'transparent', transport: 'tls', source_identity: 'none' };
          assert.deepEqual(check.listener, facts);
          assert.deepEqual(
            [check.scheme, check.sni, bare(check.source), check.destination, check.ticket],
            ['https', 'api.example', KNOWN[who].from[family], `${SYNTHETIC[family]}:443`, ''],
          );
          assert.equal(check.headers['x-clawgress-key'], 'k');
          const arrived = await hit(path);
          assert.equal(arrived.sni, 'api.example');
          assert.ok(!arrived.headers.some((name) => /^x-(cg|clawgress)-/.test(name)), 'ours went out');
          const { listener, route } = await world.logged(check.receiptId);
          assert.deepEqual([listener, route], ['transparent', 'tls']);
        }
      });
    }

    it(`opens no TLS for a name that nothing could allow, or for none (${who})`, async () => {
      await arrivesNothing(async () => {
        const ran = await fetchAs(world, {
          who,
          host: 'other.example',
          path: '/',
          scheme: 'https',
          args: ['-k'],
        });
        assert.equal(ran.code, 35, ran.stderr);
        assert.ok(world.asked.includes('other.example'), 'nobody was asked');
        const { stdout } = await greetAs(world, who, '-noservername');
        assert.match(stdout, /no peer certificate available/);
      });
    });
  }

  it('takes HTTP/2 that the client knows of beforehand', async () => {
    const path = nonce();
    const ran = await fetchAs(world, { who: 'own', path, args: ['--http2-prior-knowledge'] });
    assert.deepEqual([ran.code, ran.stdout, only(path).listener['mode']], [0, 'from afar', 'transparent']);
  });

  for (const who of ['own', 'routed', 'shared', 'header'] as const) {
    it(`asks for whatever is neither, by its address (${who})`, async () => {
      for (const family of FAMILIES) {
        const address = ALLOWED[family];
        const said = { bytes: 'SSH-2.0-x\r\n', half: true };
        const { got, end } = await world.dial(who, address, GREETING_PORT, said);
        assert.deepEqual([got, end], [`${GREETING}${said.bytes}${LAST_WORD}`, 'eof']);
        const authority = `${family === 'six' ? `[${address}]` : address}:${GREETING_PORT}`;
        const check = connectTo(authority);
        assert.deepEqual(
          [check.headers['x-cg-carries'], check.headers['x-cg-source-identity'], check.destination],
          ['other', KNOWN[who].source_identity, `${address}:${GREETING_PORT}`],
        );
        const { listener, route } = await world.logged(check.receiptId);
        assert.deepEqual([listener, route], ['transparent', 'tunnel_raw']);
      }
    });
  }

  it('asks for a client that waits for its server to speak', async () => {
    const silent = await world.dial('own', ALLOWED.four, GREETING_PORT, { half: true });
    assert.deepEqual([silent.got, silent.end], [`${GREETING}${LAST_WORD}`, 'eof']);
  });

  it('loses nothing when one side ends first', async () => {
    const [bytes, times] = ['0123456789', 500_000];
    const {
      got,
      bytes: size,
      end,
    } = await world.dial('own', ALLOWED.four, GREETING_PORT, {
      ...{ bytes, times, half: true },
    });
    const whole = GREETING.length + bytes.length * times + LAST_WORD.length;
    assert.deepEqual([size, end, got.endsWith(`9${LAST_WORD}`)], [whole, 'eof', true]);
  });

  it('keeps the facts of connections apart in a crowd', async () => {
    world.wishes.set('api.example', 'intercept');
    const ways = Array.from({ length: 12 }, (_, index) => ({
      who: index % 2 === 0 ? ('own' as const) : ('routed' as const),
      path: nonce(),
    }));
    const ca = world.interceptCa;
    const all = await Promise.all(
      ways.map(({ who, path }) => fetchAs(world, { who, path, scheme: 'https', ca })),
    );
    assert.deepEqual(
      all.filter(({ code }) => code !== 0),
      [],
    );
    for (const { who, path } of ways) {
      const inside = only(path);
      const outer = world.gateway().seen.find((check) => `ticket.${check.receiptId}` === inside.ticket);
      assert.equal(outer?.source, inside.source);
      assert.equal(outer?.headers['x-cg-source-identity'], KNOWN[who].source_identity);
    }
    assert.equal(new Set(ways.map(({ path }) => only(path).ticket)).size, ways.length);
  });

  it('keeps no counters for each name, and finds no fault with itself', async () => {
    await fetchAs(world, {
      who: 'shared',
      host: 'counted.example',
      path: '/',
      scheme: 'https',
      args: ['-k'],
    });
    assert.ok(world.asked.includes('counted.example'), 'nobody was asked');
    assert.match(world.stats(), /^listener\.127\.0\.0\.1_15001\./m);
    assert.doesNotMatch(world.stats(), /\.example/);
    assert.match(world.stats(), /^server\.envoy_bug_failures: 0$/m);
  });
});
