import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type AccessLogTail, tailAccessLogs } from '../../../src/server/access_log.ts';
import type { GapReport } from '../../../src/server/gap_counter.ts';
import type { Closure } from '../../../src/server/ports.ts';
import { ask, openTunnel, readAll, sendRaw } from './client.ts';
import { type Gateway, startGateway, waitFor } from './gateway.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

describe('outcomes from the log of the real Envoy', () => {
  let gateway: Gateway;
  let upstream: Upstream;
  let tail: AccessLogTail;
  const closures: Closure[] = [];
  const gaps: GapReport[] = [];
  const swept: string[] = [];
  before(async () => {
    upstream = await startUpstream();
    gateway = await startGateway();
    tail = tailAccessLogs({
      envoyDir: gateway.envoyDir,
      pollMs: 20,
      gapMs: 50,
      onError: (error) => assert.fail(error),
      sink: {
        close: async (closure) => void closures.push(closure),
        gap: async (report) => void gaps.push(report),
        sweep: async (epoch) => void swept.push(epoch),
        logPosition: () => undefined,
      },
    });
  });
  after(async () => {
    await tail.stop();
    await gateway.stop();
    await upstream.close();
  });

  const closed = (receipt: unknown): Promise<Closure> =>
    waitFor(() => closures.find((closure) => closure.receipt_id === receipt), `the outcome of ${receipt}`);
  const counted = (cause: string): Promise<GapReport> =>
    waitFor(() => gaps.find((gap) => gap.counts.some((count) => count.cause === cause)), `a gap ${cause}`);
  const get = (path: string, headers: Record<string, string> = {}, host = `${UPSTREAM}:${upstream.http}`) =>
    ask({ port: gateway.explicit, target: `http://${host}${path}`, headers: { host, ...headers } });

  it('joins what the client saw, what the Check saw and what was sent', async () => {
    const answer = await get('/hello-join');
    const { request_id, facts, source } = await closed(answer.headers['x-clawgress-receipt']);
    assert.equal(request_id, gateway.authz.checks('join')[0]?.requestId);
    assert.equal(request_id, upstream.hits('join')[0]?.headers['x-request-id']);
    assert.equal(source.log_file_id, `${gateway.epoch.id}.1`);
    const { latency_ms, upstream_latency_ms, ...rest } = facts;
    assert.ok(latency_ms >= (upstream_latency_ms ?? assert.fail('no upstream time')));
    assert.deepEqual(rest, {
      ...{ state: 'completed', status: 200, bytes_in: 0, bytes_out: 5, details: 'via_upstream' },
      ...{ upstream_address: `${UPSTREAM}:${upstream.http}`, attempts: 1 },
    });
  });

  const cases: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['a broken answer', async () => (await get('/middle')).headers['x-clawgress-receipt'], 'upstream_error'],
    ['no answer', async () => (await get('/before')).headers['x-clawgress-receipt'], 'upstream_error'],
    [
      'a refused address',
      async () => (await get('/x', {}, '127.0.0.2:1')).headers['x-clawgress-receipt'],
      'not_sent',
    ],
    [
      'a closed port',
      async () => (await get('/x', {}, `${UPSTREAM}:1`)).headers['x-clawgress-receipt'],
      'not_sent',
    ],
    [
      'no stamp',
      async () => (await get('/x', { 'x-clawgress-test': 'unstamped' })).headers['x-clawgress-receipt'],
      'not_sent',
    ],
    [
      'a refused tunnel',
      async () => (await openTunnel(gateway.explicit, `${UPSTREAM}:1`)).headers['x-clawgress-receipt'],
      'not_sent',
    ],
    ['a tunnel the upstream ended', () => tunnelled(`${UPSTREAM}:${upstream.tcp}`, false), 'completed'],
    ['a tunnel the client ended', () => tunnelled(`${UPSTREAM}:${upstream.http}`, true), 'completed'],
    ['a client that left', leaveMidway, 'client_abort'],
  ];
  for (const [name, act, state] of cases) {
    it(`${name}: ${state}`, async () => assert.equal((await closed(await act())).facts.state, state));
  }

  async function tunnelled(authority: string, hangUp: boolean): Promise<unknown> {
    const tunnel = await openTunnel(gateway.explicit, authority);
    const socket = tunnel.socket ?? assert.fail('no tunnel');
    if (hangUp) socket.destroy();
    else await readAll(socket);
    return tunnel.headers['x-clawgress-receipt'];
  }

  function leaveMidway(): Promise<unknown> {
    return new Promise((resolve) => {
      const socket = connect(gateway.explicit, '127.0.0.1', () => {
        socket.write(
          `GET http://${UPSTREAM}:${upstream.http}/forever HTTP/1.1\r\nHost: ${UPSTREAM}:${upstream.http}\r\n\r\n`,
        );
      });
      let got = '';
      socket.on('data', (part) => {
        got += part.toString();
        const receipt = /x-clawgress-receipt: (\S+)/.exec(got)?.[1];
        if (!got.includes('first') || receipt === undefined) return;
        socket.destroy();
        resolve(receipt);
      });
    });
  }

  it('joins the two lines of an opaque tunnel that was closed for what it carried', async () => {
    const tunnel = await openTunnel(gateway.explicit, `${UPSTREAM}:${upstream.http}`, {
      'x-clawgress-test': 'passthrough',
    });
    const socket = tunnel.socket ?? assert.fail('no tunnel');
    socket.write('GET / HTTP/1.1\r\n\r\n');
    assert.equal(await readAll(socket), '');
    const receipt = tunnel.headers['x-clawgress-receipt'];
    const { facts, request_id } = await closed(receipt);
    assert.deepEqual([facts.state, facts.cause, facts.attempts], ['not_sent', 'sni_mismatch', 0]);
    assert.ok(request_id !== undefined && request_id !== '', 'the request id of the CONNECT is lost');
    assert.equal(closures.filter((closure) => closure.receipt_id === receipt).length, 1);
  });

  it('joins a Check that the client did not wait for by its request id', async () => {
    const socket = connect(gateway.explicit, '127.0.0.1', () => {
      socket.write(
        `GET http://${UPSTREAM}:${upstream.http}/impatient HTTP/1.1\r\nHost: ${UPSTREAM}:${upstream.http}\r\nx-clawgress-test: hang\r\n\r\n`,
      );
    });
    const check = await waitFor(() => gateway.authz.checks('impatient')[0], 'the Check');
    socket.destroy();
    const { receipt_id, facts } = await waitFor(
      () => closures.find((closure) => closure.request_id === check.requestId),
      'the outcome',
    );
    assert.equal(receipt_id, undefined);
    assert.equal(facts.state, 'not_sent');
  });

  it('counts what never had a decision, by cause', async () => {
    await sendRaw(gateway.explicit, 'not http\r\n\r\n');
    await counted('codec_error');
    await get('/x', { 'x-clawgress-test': 'hang' });
    await counted('gateway_unavailable');
    await sendRaw(
      gateway.explicit,
      `GET http://${UPSTREAM}/ HTTP/1.1\r\nHost: ${UPSTREAM}\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n`,
    );
    await counted('upgrade_refused');
  });

  it('keeps paths, headers and host names out of the log', () => {
    const text = JSON.stringify(gateway.log());
    for (const secret of ['hello-join', '/middle', 'x-clawgress-test', 'hang'])
      assert.ok(!text.includes(secret), secret);
  });

  it('settles the epoch after Envoy has gone', async () => {
    await gateway.endEnvoy();
    await waitFor(() => (existsSync(join(gateway.epoch.dir, 'swept')) ? true : undefined), 'the sweep');
    assert.deepEqual(swept, [gateway.epoch.id]);
  });
});
