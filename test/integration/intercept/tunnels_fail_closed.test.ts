import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Message } from '../../../src/intercept/config/typed.ts';
import { nonce, openTunnel, readAll } from './client.ts';
import { edit, failOpen, inListener, without } from './edits.ts';
import type { Gateway } from './gateway.ts';
import { askHttp1, enter, handshake, type Way } from './in_tunnel.ts';
import { startWorld, type World } from './tunnels.ts';

const CHECK = 'envoy.filters.http.ext_authz';

describe('tunnels failing closed', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.close());

  const intercepted = (gateway: Gateway): Way => world.way(gateway, 'intercept');
  const passedOn = (gateway: Gateway, sni = 'api.example'): Way => world.way(gateway, 'passthrough', { sni });

  /** One Envoy per case; ended whatever happens. */
  async function using(
    change: (config: Message) => Message,
    check: (gateway: Gateway) => Promise<void>,
  ): Promise<void> {
    const gateway = await world.start(change);
    try {
      await check(gateway);
    } finally {
      await gateway.endEnvoy();
    }
  }
  const asItIs = (config: Message): Message => config;

  /** Status and code of one request in a fresh intercepted tunnel; whatever it says, nothing may have arrived. */
  async function inside(gateway: Gateway, headers: Record<string, string> = {}): Promise<unknown[]> {
    const id = nonce();
    const tls = await handshake(intercepted(gateway));
    const answer = await askHttp1(tls, world.authority, { path: `/${id}`, headers });
    tls.destroy();
    assert.equal(world.upstream.hits(id).length, 0);
    return [answer.status, (JSON.parse(answer.body) as { code: string }).code];
  }

  it('sends nothing when the gateway dies between the CONNECT and the request inside', async () => {
    await using(asItIs, async (gateway) => {
      const id = nonce();
      const tls = await handshake(intercepted(gateway));
      gateway.authz.stop();
      const answer = await askHttp1(tls, world.authority, { path: `/${id}` });
      tls.destroy();
      assert.equal(answer.status, 503);
      assert.match(answer.body, /GATEWAY_UNAVAILABLE/);
      assert.equal(answer.headers['x-clawgress-receipt'], undefined);
      assert.equal(world.upstream.hits(id).length, 0);
      assert.equal((await openTunnel(gateway.explicit, world.authority)).status, 503);
    });
  });

  it('needs the stamp of each request inside', async () => {
    await using(asItIs, async (gateway) => {
      for (const wish of ['unstamped', 'misstamped'])
        assert.deepEqual(await inside(gateway, { 'x-clawgress-test': wish }), [503, 'DECISION_UNPROVEN']);
    });
  });

  it('holds inside when the Check is missing there, or fails open', async () => {
    await using(inListener('intercept_in', without(CHECK)), async (gateway) => {
      assert.deepEqual(await inside(gateway), [503, 'DECISION_UNPROVEN']);
    });
    await using(inListener('intercept_in', failOpen), async (gateway) => {
      assert.deepEqual(await inside(gateway, { 'x-clawgress-test': 'hang' }), [503, 'DECISION_UNPROVEN']);
    });
  });

  it('leaks inside without the guard: the control of this suite', async () => {
    const open = inListener('intercept_in', (listener) =>
      without('cg.second_stamp')(without('cg.stamp')(without(CHECK)(listener))),
    );
    await using(open, async (gateway) => {
      await assert.rejects(inside(gateway), /1 !== 0/);
    });
  });

  it('opens nothing that the gateway did not choose, whatever the client says', async () => {
    await using(asItIs, async (gateway) => {
      const before = world.upstream.accepts();
      for (const mode of ['', 'raw', 'passthrough', 'intercept']) {
        const { status, headers } = await openTunnel(gateway.explicit, world.authority, {
          'x-clawgress-test': 'unchosen',
          ...(mode === '' ? {} : { 'x-cg-tunnel-mode': mode }),
        });
        assert.deepEqual(
          [status, headers['proxy-status']],
          [...[503, 'clawgress; error=proxy_internal_error; details="DECISION_UNPROVEN"']],
        );
      }
      assert.equal(world.upstream.accepts(), before);
    });
  });

  it('passes nothing on in an opaque tunnel that no stamp stands behind', async () => {
    const unstamped = edit((node) => (node['object_key'] === 'cg.stamp' ? undefined : node));
    await using(unstamped, async (gateway) => {
      const before = world.upstream.accepts();
      await assert.rejects(handshake(passedOn(gateway)));
      assert.equal(world.upstream.accepts(), before);
    });
  });

  it('leaks other names without the guard: the control of the opaque tunnels', async () => {
    await using(without('cg.sni'), async (gateway) => {
      const before = world.upstream.accepts();
      await handshake(passedOn(gateway, 'other.example')).catch(() => undefined);
      assert.equal(world.upstream.accepts(), before + 1);
    });
  });

  it('ends tunnels when their time is up, and those that say nothing', async () => {
    const route = (max: string) =>
      edit((node) =>
        node['max_stream_duration'] === max && Object.keys(node).length === 1
          ? { ...node, max_stream_duration: '3s' }
          : node,
      );
    for (const max of ['3600s', '900s']) {
      await using(route(max), async (gateway) => {
        const way = max === '900s' ? passedOn(gateway) : intercepted(gateway);
        const tls = await handshake(way);
        assert.equal(await readAll(tls), '');
      });
    }
    const impatient = edit((node) =>
      node['listener_filters_timeout'] === '15s' ? { ...node, listener_filters_timeout: '0.3s' } : node,
    );
    await using(impatient, async (gateway) => {
      const before = world.upstream.accepts();
      for (const way of [intercepted(gateway), passedOn(gateway)])
        assert.equal(await readAll(await enter(way)), '');
      assert.equal(world.upstream.accepts(), before);
    });
  });
});
