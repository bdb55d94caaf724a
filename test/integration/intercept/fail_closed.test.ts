import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ask, openTunnel } from './client.ts';
import { edit, failOpen, without } from './edits.ts';
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

describe('failing closed', () => {
  let upstream: Upstream;
  let gateway: Gateway | undefined;
  before(async () => {
    upstream = await startUpstream();
  });
  after(() => upstream.close());

  /** One Envoy per case; ended whatever happens. */
  async function using(options: GatewayOptions, check: (gateway: Gateway) => Promise<void>): Promise<void> {
    gateway = await startGateway(options);
    try {
      await check(gateway);
    } finally {
      await gateway.stop();
    }
  }

  const plain = (to: Gateway, path: string, headers = {}) =>
    ask({
      port: to.explicit,
      target: `http://${UPSTREAM}:${upstream.http}${path}`,
      headers: { host: `${UPSTREAM}:${upstream.http}`, ...headers },
    });
  const base = (to: Gateway, path: string, headers = {}) =>
    ask({ port: to.baseUrl, target: path, headers: { host: `${UPSTREAM}:${upstream.https}`, ...headers } });

  /** All three ways out are shut, and the upstream saw nothing. */
  async function shut(to: Gateway, nonce: string, headers: Record<string, string> = {}): Promise<void> {
    const dials = upstream.dials();
    assert.equal((await plain(to, `/${nonce}`, headers)).status, 503);
    assert.equal((await base(to, `/${nonce}`, headers)).status, 503);
    assert.equal((await openTunnel(to.explicit, `${UPSTREAM}:${upstream.tcp}`, headers)).status, 503);
    assert.equal(upstream.hits(nonce).length + upstream.dials() - dials, 0);
  }

  it('answers 503 with the request id when the gateway is dead or silent, and never a receipt id', async () => {
    await using({ input: { check_timeout_ms: 500 } }, async (to) => {
      const silent = await plain(to, '/silent1', { 'x-clawgress-test': 'hang' });
      to.authz.stop();
      const dead = await plain(to, '/dead1');
      for (const answer of [silent, dead]) {
        assert.equal(answer.status, 503);
        const body = JSON.parse(answer.body) as Record<string, unknown>;
        assert.equal(body['code'], 'GATEWAY_UNAVAILABLE');
        assert.match(String(body['request_id']), /^[0-9a-f-]{36}$/);
        assert.equal(body['receipt_id'], undefined);
        assert.equal(answer.headers['x-clawgress-receipt'], undefined);
      }
      await shut(to, 'dead2');
    });
  });

  it('lets nothing through without the exact stamp', async () => {
    await using({}, async (to) => {
      await shut(to, 'unstamped', { 'x-clawgress-test': 'unstamped' });
      await shut(to, 'misstamped', { 'x-clawgress-test': 'misstamped' });
    });
  });

  it('holds when ext_authz is missing', async () => {
    await using({ edit: without('envoy.filters.http.ext_authz') }, (to) => shut(to, 'noauthz'));
  });

  it('holds when ext_authz is told to fail open', async () => {
    await using({ edit: failOpen }, async (to) => {
      to.authz.stop();
      await shut(to, 'failopen');
    });
  });

  it('leaks without the stamp guard: the control of this suite', async () => {
    await using(
      { edit: (config) => without('cg.second_stamp')(without('cg.stamp')(failOpen(config))) },
      async (to) => {
        to.authz.stop();
        assert.equal((await plain(to, '/leak1')).status, 200);
        assert.equal(upstream.hits('leak1').length, 1);
      },
    );
  });

  it('refuses addresses by the second belt alone', async () => {
    const nofilter = edit(({ resolved_address_filter: _, ...node }) => node);
    await using({ edit: nofilter }, async (to) => {
      for (const host of ['127.0.0.2', '127.83.7.3', 'localhost']) {
        const answer = await ask({
          port: to.explicit,
          target: `http://${host}:${upstream.http}/belt`,
          headers: { host },
        });
        assert.equal(answer.status, 403, host);
        assert.equal((JSON.parse(answer.body) as { code: string }).code, 'ADDRESS_REFUSED');
        assert.equal((await openTunnel(to.explicit, `${host}:${upstream.tcp}`)).status, 403);
      }
      assert.equal((await plain(to, '/belt-open')).status, 200);
    });
  });

  it('ends a tunnel when its time is up', async () => {
    const short = edit((node) =>
      node['max_stream_duration'] === '900s' ? { ...node, max_stream_duration: '2s' } : node,
    );
    await using({ edit: short }, async (to) => {
      const tunnel = await openTunnel(to.explicit, `${UPSTREAM}:${upstream.http}`);
      assert.equal(tunnel.status, 200);
      const socket = tunnel.socket ?? assert.fail('no tunnel');
      await new Promise((resolve) =>
        socket
          .on('close', resolve)
          .on('error', () => undefined)
          .resume(),
      );
      const entry = await to.logged(String(tunnel.headers['x-clawgress-receipt']));
      assert.equal(entry['code'], 200);
      assert.match(String(entry['details']), /max_duration_timeout/);
    });
  });

  it('ends a request whose answer never ends', async () => {
    const short = edit((node) => {
      const { common_http_protocol_options: options, http_filters } = node;
      if (options === undefined || http_filters === undefined) return node;
      return { ...node, common_http_protocol_options: { ...options, max_stream_duration: '2s' } };
    });
    await using({ edit: short }, async (to) => {
      for (const answer of [await plain(to, '/forever'), await base(to, '/forever')]) {
        assert.deepEqual([answer.status, answer.body, answer.cut], [200, 'first', true]);
        const entry = await to.logged(String(answer.headers['x-clawgress-receipt']));
        assert.equal(entry['details'], 'max_duration_timeout');
      }
    });
  });
});
