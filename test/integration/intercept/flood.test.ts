import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { parseAccessLogLine } from '../../../src/server/codec/access_log_entry.ts';
import { gapCause } from '../../../src/server/codec/gap_cause.ts';
import { type Answer, ask, openTunnel } from './client.ts';
import { type Gateway, type GatewayOptions, startGateway, waitFor } from './gateway.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

const BURST = 20;
const FLOOD = '127.0.0.5';
const HONEST = '127.0.0.6';
/** Where a Check may get lost with a connection that Node closes for its resets, the next try comes this soon. */
const SOON_REFUSED: GatewayOptions = { input: { check_timeout_ms: 500 } };

describe('floods', () => {
  let upstream: Upstream;
  let gateway: Gateway;
  before(async () => {
    upstream = await startUpstream();
  });
  after(() => upstream.close());
  afterEach(() => gateway.stop());

  const start = async (options: GatewayOptions = {}): Promise<void> => {
    gateway = await startGateway(options);
  };
  const guarded = (): Promise<void> =>
    start({ input: { flood_guard: { requests_per_second: 1, burst: BURST } } });
  const get = (from: string, path: string, headers: Record<string, string> = {}): Promise<Answer> => {
    const host = `${UPSTREAM}:${upstream.http}`;
    return ask({
      port: gateway.explicit,
      target: `http://${host}${path}`,
      headers: { host, ...headers },
      from,
    });
  };
  const many = <T>(count: number, act: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, act));

  it('from one address cost neither Checks nor the requests of another', async () => {
    await guarded();
    const answers = await many(BURST * 4, () => get(FLOOD, '/hello-flood'));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length >= BURST * 2, `${refused.length} refused`);
    assert.ok(answers.every(({ status }) => status === 200 || status === 429));
    assert.equal(gateway.authz.checks('flood').length, answers.length - refused.length);
    assert.equal(upstream.hits('flood').length, answers.length - refused.length);
    const [one] = refused;
    const body = JSON.parse(one?.body ?? '') as Record<string, unknown>;
    assert.equal(body['code'], 'FLOOD_GUARD');
    assert.equal(body['status'], 429);
    assert.match(String(body['request_id']), /^[0-9a-f-]{36}$/);
    assert.equal(body['receipt_id'], undefined);
    assert.equal(one?.headers['retry-after'], '1');
    assert.equal(one?.headers['content-type'], 'application/problem+json');
    for (const answer of await many(BURST / 2, () => get(HONEST, '/hello-honest')))
      assert.equal(answer.status, 200);
  });

  it('are told apart in the access log and counted under a cause of their own', async () => {
    await guarded();
    const answers = await many(BURST * 2, () => get(FLOOD, '/hello-counted'));
    const refused = answers.filter(({ status }) => status === 429).length;
    await waitFor(() => (gateway.log().length >= answers.length ? true : undefined), 'the last line');
    const lines = readFileSync(join(gateway.epoch.dir, 'access.log'), 'utf8').trim().split('\n');
    const causes = lines
      .map((line) => parseAccessLogLine(Buffer.from(line)))
      .flatMap((entry) => (entry.ok && entry.value.receipt_id === undefined ? [gapCause(entry.value)] : []));
    assert.deepEqual(causes, Array(refused).fill('flood_guard'));
  });

  it('of tunnels and on the base URL port are held back as well', async () => {
    await guarded();
    const tunnels = await many(BURST * 2, () => openTunnel(gateway.explicit, `${UPSTREAM}:${upstream.tcp}`));
    for (const tunnel of tunnels) tunnel.socket?.destroy();
    assert.ok(tunnels.filter(({ status }) => status === 429).length >= BURST / 2);
    const host = `${UPSTREAM}:${upstream.https}`;
    const base = await many(BURST * 2, () =>
      ask({ port: gateway.baseUrl, target: '/hello-base', headers: { host } }),
    );
    assert.ok(base.filter(({ status }) => status === 429).length >= BURST / 2);
  });

  it('are nothing that a client can talk its way out of', async () => {
    await guarded();
    const said = (n: number) => ({
      'x-forwarded-for': `203.0.113.${n}`,
      'x-envoy-external-address': `198.51.100.${n}`,
    });
    const answers = await Promise.all(
      Array.from({ length: BURST * 2 }, (_, n) => get(FLOOD, '/hello-disguised', said(n))),
    );
    assert.ok(answers.filter(({ status }) => status === 429).length >= BURST / 2);
  });

  it('are let through when the guard is off', async () => {
    await start();
    const answers = await many(BURST * 4, () => get(FLOOD, '/hello-off'));
    assert.ok(answers.every(({ status }) => status === 200));
  });

  it('of clients that reset harm nobody else', async () => {
    await start(SOON_REFUSED);
    let storming = true;
    let sent = 0;
    const storm = async (path: string): Promise<void> => {
      while (storming) {
        await new Promise<void>((resolve) => {
          const socket = connect({ port: gateway.explicit, host: '127.0.0.1', localAddress: FLOOD }, () => {
            const host = `${UPSTREAM}:${upstream.http}`;
            socket.write(`GET http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
            sent += 1;
            setTimeout(() => socket.resetAndDestroy(), sent % 12);
          });
          socket.on('error', () => undefined).on('close', () => resolve());
        });
      }
    };
    const storms = Array.from({ length: 32 }, (_, n) =>
      storm(n % 2 === 0 ? '/forever-storm' : '/hello-storm'),
    );
    const answers: Answer[] = [];
    while (sent < 2_000 || answers.length < 30) answers.push(await get(HONEST, '/hello-calm'));
    storming = false;
    await Promise.all(storms);
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(gateway.exits.length, 0);
  });

  it('of HTTP/2 streams that are reset at once harm nobody else', async () => {
    await start(SOON_REFUSED);
    const session = connectHttp2(`http://127.0.0.1:${gateway.explicit}`, {
      createConnection: () => connect({ port: gateway.explicit, host: '127.0.0.1', localAddress: FLOOD }),
    });
    session.on('error', () => undefined);
    const host = `${UPSTREAM}:${upstream.http}`;
    const answers: Answer[] = [];
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 100 && !session.closed && !session.destroyed; n++) {
        const stream = session.request({ ':authority': host, ':path': '/hello-rapid', ':scheme': 'http' });
        stream.on('error', () => undefined).close(constants.NGHTTP2_CANCEL);
      }
      answers.push(await get(HONEST, '/hello-beside'));
    }
    session.destroy();
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(gateway.exits.length, 0);
  });
});
