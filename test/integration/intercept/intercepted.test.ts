import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { nonce, openTunnel } from './client.ts';
import { edit } from './edits.ts';
import { askHttp1, askInside, enter, handshake, handshakeIn, type Inner, type Way } from './in_tunnel.ts';
import { LARGE_BYTES } from './tls_upstream.ts';
import { startTunnels, type Tunnels } from './tunnels.ts';

const REFUSED = /alert|closed|reset|hang up|disconnected/i;

interface Problem {
  readonly code: string;
  readonly receipt_id?: string;
}

describe('intercepted tunnels through the real Envoy', () => {
  let world: Tunnels;
  before(async () => {
    world = await startTunnels();
  });
  after(() => world?.close());

  const way = (members?: Partial<Way>): Way => world.way(world.gateway, 'intercept', members);
  const ask = (inner: Inner, members: Partial<Way> = {}) => askInside(way(members), inner);
  const checkOf = (id: string) => world.gateway.authz.checks(id)[0] ?? assert.fail('no Check');
  const hitOf = (id: string) => world.upstream.hits(id)[0] ?? assert.fail('nothing arrived');
  const problem = (answer: { body: string }): Problem => JSON.parse(answer.body) as Problem;

  for (const alpn of ['http/1.1', 'h2'] as const) {
    it(`judges and sends each request inside (${alpn})`, async () => {
      const id = nonce();
      const answer = await ask({ path: `/x-${id}?q=1` }, { alpn });
      assert.equal(answer.status, 200);
      const check = checkOf(id);
      const { mode, method, path, scheme, authority, transport, sni } = check;
      assert.deepEqual(
        { mode, method, path, scheme, authority, transport, sni },
        {
          ...{ mode: 'intercepted', method: 'GET', path: `/x-${id}?q=1`, scheme: 'https' },
          ...{ authority: world.authority, transport: 'tls', sni: 'api.example' },
        },
      );
      assert.match(check.source, /^127\.0\.0\.1:\d+$/);
      assert.equal(answer.headers['x-clawgress-receipt'], check.receiptId);
      assert.equal(answer.headers['alt-svc'], undefined);
      const hit = hitOf(id);
      assert.deepEqual([hit.sni, hit.authority, hit.url], ['api.example', world.authority, `/x-${id}?q=1`]);
      assert.equal(world.upstream.hits(id).length, 1);
    });
  }

  it('hands the ticket of the CONNECT, and no other, to the requests inside', async () => {
    const one = async (leaves: boolean): Promise<void> => {
      const id = nonce();
      const tunnel = await openTunnel(world.gateway.explicit, world.authority, {
        'x-clawgress-test': 'intercept',
      });
      const socket = tunnel.socket ?? assert.fail(`answered ${tunnel.status}`);
      if (leaves) {
        socket.destroy();
        return;
      }
      const tls = await handshakeIn(socket, { ca: world.interceptCa, servername: 'api.example' });
      const forged = { 'x-cg-tunnel': 'forged' };
      await askHttp1(tls, world.authority, { path: `/${id}`, headers: forged });
      tls.destroy();
      const receipt = String(tunnel.headers['x-clawgress-receipt']);
      assert.equal(checkOf(id).metadata['x-cg-tunnel'], `ticket.${receipt}.${world.authority}`);
      assert.ok(!checkOf(id).names.includes('x-cg-tunnel'), 'the client said it');
    };
    await Promise.all(Array.from({ length: 24 }, (_, index) => one(index % 3 === 0)));
  });

  it('asks for each request in a tunnel anew', async () => {
    const id = nonce();
    const tls = await handshake(way());
    const agent = new Agent({ keepAlive: true });
    agent.createConnection = () => tls;
    for (const wish of ['ok', 'deny', 'ok'])
      await askHttp1(tls, world.authority, { path: `/${id}`, headers: { 'x-clawgress-test': wish }, agent });
    tls.destroy();
    assert.equal(world.gateway.authz.checks(id).length, 3);
    assert.equal(world.upstream.hits(id).length, 2);
  });

  it('closes a handshake for which no certificate comes', async () => {
    const impatient = edit((node) =>
      node['transport_socket_connect_timeout'] === '5s'
        ? { ...node, transport_socket_connect_timeout: '0.4s' }
        : node,
    );
    const other = await world.start(impatient);
    await assert.rejects(handshake(way({ port: other.explicit, sni: 'silent.example' })), REFUSED);
  });

  it('keeps no counters for each name that was asked for', async () => {
    (await handshake(way())).destroy();
    await handshake(way({ sni: 'counted.example' })).catch(() => undefined);
    assert.ok(world.asked.includes('counted.example'), 'nobody was asked');
    const stats = await new Promise<string>((resolve, reject) => {
      get({ socketPath: world.gateway.adminSocket, path: '/stats' }, (response) => {
        let text = '';
        response.on('data', (part) => {
          text += part;
        });
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
    assert.match(stats, /^cluster\.cg_sds\./m);
    assert.doesNotMatch(stats, /\.example/);
  });

  it('gives requests inside no ticket when the gateway gave none', async () => {
    const id = nonce();
    await ask({ path: `/${id}` }, { wish: 'no-ticket' });
    assert.equal(checkOf(id).metadata['x-cg-tunnel'], undefined);
  });

  it('shows the gateway every name it has to compare', async () => {
    const id = nonce();
    const tls = await handshake(way({ sni: 'other.example' }));
    await askHttp1(tls, `private.example:${world.upstream.port}`, {
      path: `/${id}`,
      headers: { 'x-clawgress-test': 'deny' },
    });
    tls.destroy();
    const { sni, authority, metadata } = checkOf(id);
    assert.deepEqual(
      [sni, authority, String(metadata['x-cg-tunnel']).endsWith(`.${world.authority}`)],
      ['other.example', `private.example:${world.upstream.port}`, true],
    );
  });

  it('answers inside with the denial of the gateway', async () => {
    for (const alpn of ['http/1.1', 'h2'] as const) {
      const id = nonce();
      const answer = await ask({ path: `/${id}`, headers: { 'x-clawgress-test': 'deny' } }, { alpn });
      assert.deepEqual([answer.status, problem(answer).code], [403, 'POLICY_NO_MATCH']);
      assert.equal(answer.headers['x-clawgress-receipt'], checkOf(id).receiptId);
      assert.equal(world.upstream.hits(id).length, 0);
    }
  });

  it('sends nothing of ours to the destination', async () => {
    const id = nonce();
    const said = {
      'x-clawgress-key': 'secret',
      'x-cg-tunnel-mode': 'raw',
      'x-envoy-upstream-rq-timeout-ms': '1',
      'x-request-id': 'chosen',
      'x-forwarded-for': '203.0.113.9',
      'proxy-authorization': 'Basic c2VjcmV0',
      authorization: 'Bearer kept',
    };
    assert.equal((await ask({ path: `/${id}`, headers: said })).status, 200);
    const sent = Object.keys(hitOf(id).headers).filter((name) => !name.startsWith(':'));
    assert.deepEqual(sent.sort(), ['authorization', 'x-request-id']);
    assert.notEqual(hitOf(id).headers['x-request-id'], 'chosen');
  });

  it('refuses a destination whose certificate is for another name', async () => {
    const id = nonce();
    const answer = await ask({ path: `/${id}` }, { authority: `other.example:${world.upstream.port}` });
    assert.deepEqual([answer.status, problem(answer).code], [502, 'UPSTREAM_TLS']);
    assert.equal(world.upstream.hits(id).length, 0);
  });

  it('refuses a destination inside', async () => {
    const id = nonce();
    const answer = await ask({ path: `/${id}` }, { authority: `private.example:${world.upstream.port}` });
    assert.deepEqual([answer.status, problem(answer).code], [403, 'ADDRESS_REFUSED']);
    assert.equal(problem(answer).receipt_id, checkOf(id).receiptId);
  });

  it('carries large bodies both ways, and events as they come', async () => {
    const id = nonce();
    for (const alpn of ['http/1.1', 'h2'] as const) {
      const sent = await ask({ path: `/up-${id}`, body: Buffer.alloc(LARGE_BYTES) }, { alpn });
      assert.deepEqual([sent.status, sent.body], [200, `got ${LARGE_BYTES}`]);
      assert.equal((await ask({ path: `/large-${id}` }, { alpn })).body.length, LARGE_BYTES);
      assert.equal((await ask({ path: `/events-${id}` }, { alpn })).body, 'data: one\n\ndata: two\n\n');
    }
  });

  it('opens no upgrade and no tunnel inside', async () => {
    const before = world.upstream.accepts();
    for (const said of [
      `GET / HTTP/1.1\r\nHost: ${world.authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: ${world.authority}\r\nConnection: Upgrade\r\nUpgrade: CONNECT\r\n\r\n`,
      `CONNECT ${world.authority} HTTP/1.1\r\nHost: ${world.authority}\r\nx-cg-tunnel-mode: raw\r\n\r\n`,
    ]) {
      const tls = await handshake(way());
      const got = await new Promise<string>((resolve) => {
        tls.once('data', (part: Buffer) => resolve(part.toString()));
        tls.write(said);
      });
      tls.destroy();
      assert.match(got, /^HTTP\/1\.1 403 /);
      assert.match(got, /UPGRADE_REFUSED/);
    }
    assert.equal(world.upstream.accepts(), before);
  });

  it('refuses the handshake for a name without a certificate, and for no name', async () => {
    await assert.rejects(handshake(way({ sni: 'unknown.example' })), REFUSED);
    await assert.rejects(handshake(way({ sni: '' })), REFUSED);
    assert.ok(world.asked.includes('unknown.example'), 'nobody was asked');
  });

  it('closes what is not TLS, plain HTTP included', async () => {
    const before = world.upstream.accepts();
    for (const bytes of [
      `GET / HTTP/1.1\r\nHost: ${world.authority}\r\n\r\n`,
      'SSH-2.0-x\r\n',
      '\x00\x01\x02\x03',
    ]) {
      const socket = await enter(way());
      const got = await new Promise<string>((resolve) => {
        let text = '';
        socket.on('data', (part: Buffer) => {
          text += part.toString();
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(text));
        socket.write(bytes);
      });
      assert.equal(got, '');
    }
    assert.equal(world.upstream.accepts(), before);
  });

  it('writes an entry for the tunnel and one for each request inside', async () => {
    const id = nonce();
    const tunnel = await handshake(way());
    const inside = await askHttp1(tunnel, world.authority, { path: `/${id}` });
    tunnel.destroy();
    const entry = await world.gateway.logged(String(inside.headers['x-clawgress-receipt']));
    assert.deepEqual(
      [entry['listener'], entry['route'], entry['code'], entry['details'], entry['attempts']],
      ['intercepted', 'tls', 200, 'via_upstream', 1],
    );
    assert.equal(entry['request_id'], checkOf(id).requestId);
    const outer = String(checkOf(id).metadata['x-cg-tunnel']).split('.')[1] ?? '';
    const connect = await world.gateway.logged(outer);
    assert.deepEqual(
      [connect['listener'], connect['route'], connect['code']],
      ['explicit', 'intercept', 200],
    );
  });
});
