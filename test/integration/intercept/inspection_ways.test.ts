/** Bodies are read on each way in, by the real Envoy: inside opened tunnels, and on redirected connections. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { STAMP } from './fake_authz.ts';
import { waitFor } from './gateway.ts';
import { askInside } from './in_tunnel.ts';
import { answers, goes, passing, type Stream } from './inspection/scripted.ts';
import { fetchAs } from './redirected/clients.ts';
import { missing } from './redirected/spaces.ts';
import { openRedirected, type Redirected } from './redirected/world.ts';
import { startTunnels, type Tunnels } from './tunnels.ts';

const LONGER = Buffer.from('{"a":1,"b":[]}');
const repairing = passing(STAMP, { body: LONGER, set: { 'content-length': String(LONGER.length) } });
const hostOf = (stream: Stream | undefined): string | undefined =>
  stream?.told[0]?.attributes['envoy.filters.http.ext_proc:xds.virtual_host_name'];

describe('bodies inside opened tunnels', () => {
  let world: Tunnels;
  before(async () => {
    world = await startTunnels();
  });
  after(() => world?.close());

  for (const alpn of ['http/1.1', 'h2'] as const) {
    it(`are read, replaced and refused (${alpn})`, async () => {
      const { inspection } = world.gateway.authz;
      const send = async (id: string) =>
        askInside(world.way(world.gateway, 'intercept', { alpn }), {
          path: `/x-${id}`,
          headers: { 'x-clawgress-test': 'inspect' },
          body: Buffer.from('{"a":1}'),
        });
      const [good, bad, unread] = ['good', 'bad', 'unread'].map((one) => `n${process.pid}${alpn}${one}`) as [
        string,
        string,
        string,
      ];
      inspection.script(good, repairing);
      inspection.script(bad, () => answers(422, '{"mine":1}', 'inspection_denied'));
      inspection.script(unread, ({ kind }) => goes(kind));
      assert.equal((await send(good)).body, `got ${LONGER.length}`);
      const refused = await send(bad);
      assert.deepEqual([refused.status, refused.body], [422, '{"mine":1}']);
      assert.equal((await send(unread)).status, 503);
      assert.deepEqual([world.upstream.hits(bad).length, world.upstream.hits(unread).length], [0, 0]);
      const [stream] = inspection.streams(good);
      assert.equal(hostOf(stream), 'intercepted');
      // Who it is, crosses as it does to the Check.
      assert.match(String(stream?.initial['x-cg-tunnel']), /^ticket\.rid-\d+\.api\.example/);
    });
  }
});

describe('bodies on redirected connections', { skip: missing() ?? false }, () => {
  let world: Redirected;
  before(async () => {
    world = await openRedirected();
  });
  after(() => world?.close());

  const WAYS = [
    ['own', 'http', 'transparent'],
    ['routed', 'http', 'transparent'],
    // Opened by the listener itself, because nobody is known before a request.
    ['shared', 'https', 'transparent'],
  ] as const;
  for (const [who, scheme, host] of WAYS) {
    it(`are read and refused (${who}, ${scheme})`, async () => {
      const { inspection } = world.gateway();
      const send = (path: string) =>
        fetchAs(world, {
          ...{ who, scheme, path, ...(scheme === 'https' ? { ca: world.interceptCa } : {}) },
          args: ['-H', 'x-clawgress-test: inspect', '-d', '{"a":1}'],
        });
      const [good, bad, unread] = ['good', 'bad', 'unread'].map((one) => `/${who}${scheme}${one}`) as [
        string,
        string,
        string,
      ];
      inspection.script(bad, () => answers(422, '{"mine":1}', 'inspection_denied'));
      inspection.script(unread, ({ kind }) => goes(kind));
      assert.equal((await send(good)).stdout, 'from afar');
      assert.equal((await send(bad)).stdout, '{"mine":1}');
      assert.match((await send(unread)).stdout, /DECISION_UNPROVEN/);
      const { hits } = await world.arrived();
      assert.deepEqual(
        hits.map(({ url }) => url).filter((url) => [good, bad, unread].includes(url)),
        [good],
      );
      const stream = await waitFor(() => inspection.streams(good)[0], 'the stream');
      assert.equal(hostOf(stream), host);
      assert.equal(stream.told[1]?.body.toString(), '{"a":1}');
    });
  }
});
