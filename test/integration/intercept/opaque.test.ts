import assert from 'node:assert/strict';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { nonce, openTunnel, readAll } from './client.ts';
import { startGateway, waitFor } from './gateway.ts';
import { askHttp1, askInside, enter, handshake, type Way } from './in_tunnel.ts';
import { startTunnels, type Tunnels } from './tunnels.ts';

describe('opaque and raw tunnels through the real Envoy', () => {
  let world: Tunnels;
  before(async () => {
    world = await startTunnels();
  });
  after(() => world?.close());

  const way = (members?: Partial<Way>): Way => world.way(world.gateway, 'passthrough', members);
  const opaqueEntry = (receipt: unknown) =>
    waitFor(
      () => world.gateway.log().find((one) => one['listener'] === 'opaque' && one['receipt_id'] === receipt),
      `the opaque entry of ${receipt}`,
    );

  /** What came back in a tunnel until it was closed. */
  function say(socket: Socket, bytes: string): Promise<string> {
    const got = readAll(socket);
    socket.write(bytes);
    return got;
  }

  /** A tunnel of this kind and its receipt. */
  async function open(authority: string, wish: string): Promise<{ socket: Socket; receipt: string }> {
    const tunnel = await openTunnel(world.gateway.explicit, authority, { 'x-clawgress-test': wish });
    const socket = tunnel.socket ?? assert.fail(`CONNECT was answered ${tunnel.status}`);
    return { socket, receipt: String(tunnel.headers['x-clawgress-receipt']) };
  }

  for (const alpn of ['http/1.1', 'h2'] as const) {
    it(`passes TLS on unopened when its name is the judged one (${alpn})`, async () => {
      const id = nonce();
      // The certificate is the destination's own: it was verified against the destination's authority.
      const answer = await askInside(way({ alpn }), { path: `/${id}` });
      assert.equal(answer.status, 200);
      assert.equal(world.upstream.hits(id)[0]?.sni, 'api.example');
      // Nothing inside was seen, so nothing was asked and nothing was taken away.
      assert.equal(world.gateway.authz.checks(id).length, 0);
      assert.equal(answer.headers['x-clawgress-receipt'], 'forged');
    });
  }

  it('takes the name in any spelling', async () => {
    const id = nonce();
    const tls = await handshake(way({ authority: `API.example:${world.upstream.port}`, sni: 'Api.Example' }));
    assert.equal((await askHttp1(tls, world.authority, { path: `/${id}` })).status, 200);
    tls.destroy();
  });

  const greeting = (sni: string): Promise<unknown> =>
    handshake(way({ sni })).then(
      (tls) => tls.destroy(),
      (error: Error) => error.message,
    );
  const closed: Readonly<Record<string, () => Promise<unknown>>> = {
    'another name': () => greeting('other.example'),
    'a name below': () => greeting('www.api.example'),
    'no name': () => greeting(''),
    'plain HTTP': async () => say(await enter(way()), `GET / HTTP/1.1\r\nHost: ${world.authority}\r\n\r\n`),
    'raw bytes': async () => say(await enter(way()), '\x00\x01\x02\x03'),
    SSH: async () => say(await enter(way()), 'SSH-2.0-x\r\n'),
    'a greeting that breaks off': async () => {
      const socket = await enter(way());
      socket.end('\x16\x03\x01');
      return readAll(socket);
    },
    'no host from the gateway': () =>
      handshake(way({ wish: 'no-host' })).catch((error: Error) => error.message),
  };
  for (const [name, act] of Object.entries(closed)) {
    it(`closes a tunnel with ${name}, and dials nothing`, async () => {
      const before = world.upstream.accepts();
      const came = await act();
      assert.ok(typeof came === 'string' && !came.includes('HTTP/'), String(came));
      assert.equal(world.upstream.accepts(), before);
    });
  }

  it('refuses a destination inside', async () => {
    const before = world.upstream.accepts();
    await assert.rejects(handshake(way({ authority: `private.example:${world.upstream.port}` })));
    assert.equal(world.upstream.accepts(), before);
  });

  it('resolves no name that was not judged', async () => {
    await greeting('asked-of-the-resolver.example');
    assert.deepEqual(
      [...world.resolved].filter((name) => !['api.example', 'private.example'].includes(name)),
      [],
    );
  });

  describe('its log', () => {
    /** Of the connection in a tunnel of this authority after `act`. */
    async function entryAfter(authority: string, act: (socket: Socket) => void): Promise<unknown[]> {
      const { socket, receipt } = await open(authority, 'passthrough');
      const over = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
      act(socket.resume());
      await over;
      const { route } = await waitFor(
        () =>
          world.gateway.log().find((one) => one['receipt_id'] === receipt && one['listener'] === 'explicit'),
        receipt,
      );
      assert.equal(route, 'tunnel');
      const { details, flags, sni, attempts, upstream } = await opaqueEntry(receipt);
      return [details, flags, sni, attempts, upstream];
    }
    const greet = (servername: string) => (socket: Socket) => {
      const tls = connectTls({ socket, ca: world.upstreamCa, servername });
      tls.on('error', () => undefined).on('secureConnect', () => tls.destroy());
    };

    const DENIED = 'rbac_access_denied_matched_policy[none]';
    it('tells a tunnel that passed from one that was closed for its name', async () => {
      const upstream = `127.83.7.2:${world.upstream.port}`;
      assert.deepEqual(await entryAfter(world.authority, greet('api.example')), [
        null,
        '-',
        'api.example',
        1,
        upstream,
      ]);
      assert.deepEqual(await entryAfter(world.authority, greet('other.example')), [
        ...[DENIED, '-', 'other.example', 0, null],
      ]);
      assert.deepEqual(await entryAfter(world.authority, greet('')), [DENIED, '-', null, 0, null]);
    });

    it('tells what was no TLS', async () => {
      const plain = await entryAfter(world.authority, (socket) => socket.write('GET / HTTP/1.1\r\n\r\n'));
      assert.deepEqual(plain, [null, 'NR', null, 0, null]);
    });

    it('tells a refused address and a closed port', async () => {
      const refused = await entryAfter('private.example:443', greet('private.example'));
      assert.deepEqual(refused, [null, 'UH', 'private.example', 0, null]);
      const closedPort = await entryAfter('api.example:1', greet('api.example'));
      assert.deepEqual(closedPort, [null, 'UF,URX', 'api.example', 1, null]);
    });
  });

  it('passes anything through a raw tunnel', async () => {
    const { socket } = await open(`api.example:${world.upstream.plain}`, 'raw');
    const id = nonce();
    const got = await say(socket, `GET /${id} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(got, /^HTTP\/1\.1 200 /);
    assert.equal(world.upstream.hits(id).length, 1);
  });

  it('dials the address of a raw tunnel as it was written, IPv6 too', async (t) => {
    const server = createServer((socket) => socket.end('over six'));
    const bound = await new Promise<boolean>((resolve) =>
      server.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true)),
    );
    if (!bound) return t.skip('SKIPPED: this host has no IPv6');
    const six = await startGateway({ input: { allow_cidrs: ['::1/128'] } });
    try {
      const { port } = server.address() as AddressInfo;
      const tunnel = await openTunnel(six.explicit, `[::1]:${port}`);
      assert.equal(await readAll(tunnel.socket ?? assert.fail(`answered ${tunnel.status}`)), 'over six');
    } finally {
      await six.stop();
      server.close();
    }
  });
});
