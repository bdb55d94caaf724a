import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../../../src/intercept/config/typed.ts';
import { edit, failOpen, without } from './edits.ts';
import { fetchAs, greetAs } from './redirected/clients.ts';
import { GREETING_PORT } from './redirected/far_facts.ts';
import type { Wish } from './redirected/scripted.ts';
import { ALLOWED, missing } from './redirected/spaces.ts';
import { openRedirected, type Redirected, type Who } from './redirected/world.ts';

const skip = missing() ?? false;
const CHECK = 'envoy.filters.http.ext_authz';
const asItIs = (config: Message): Message => config;

/** Everything that a redirected connection can begin with. True when the client saw an answer of a destination. */
const WAYS: Readonly<Record<string, (world: Redirected, who: Who) => Promise<boolean>>> = {
  'a request': async (world, who) => (await fetchAs(world, { who, path: '/' })).stdout === 'from afar',
  'TLS that is opened': async (world, who) => {
    world.wishes.set('api.example', world.wishes.get('') ?? 'intercept');
    return (
      (await fetchAs(world, { who, path: '/', scheme: 'https', ca: world.interceptCa })).stdout ===
      'from afar'
    );
  },
  'TLS that is passed on': async (world, who) => {
    world.wishes.set('api.example', world.wishes.get('') ?? 'passthrough');
    const { stdout } = await greetAs(world, who, '-servername', 'api.example');
    return stdout.includes('BEGIN CERTIFICATE');
  },
  'other bytes': async (world, who) => {
    const { got } = await world.dial(who, ALLOWED.four, GREETING_PORT, {
      bytes: 'SSH-2.0-x\r\n',
      half: true,
    });
    return got !== '';
  },
};
/** A listener that opens TLS at once hands its own certificate out, whatever becomes of the request. */
const OPENS_AT_ONCE: readonly Who[] = ['shared', 'header'];

async function using(change: (config: Message) => Message, act: (world: Redirected) => Promise<void>) {
  const world = await openRedirected(change);
  try {
    await act(world);
  } finally {
    await world.close();
  }
}

/** The ways, by whom and by what, on which something came back or arrived. */
async function leaks(world: Redirected, wish?: Wish): Promise<string[]> {
  const found: string[] = [];
  if (wish !== undefined) for (const name of ['', ALLOWED.four, 'api.example']) world.wishes.set(name, wish);
  for (const [name, act] of Object.entries(WAYS))
    for (const who of ['own', 'routed', 'shared', 'header'] as const) {
      if (OPENS_AT_ONCE.includes(who) && name === 'TLS that is passed on') continue;
      const before = (await world.arrived()).accepts;
      const answered = await act(world, who);
      if (answered || (await world.arrived()).accepts !== before) found.push(`${name}, ${who}`);
    }
  return found;
}

describe('redirected connections fail closed', { skip }, () => {
  it('without a gateway: closed, and nothing is sent', async () => {
    await using(asItIs, async (world) => {
      world.killGateway();
      assert.deepEqual(await leaks(world), []);
    });
  });

  it('without the stamp: closed, and nothing is sent', async () => {
    await using(asItIs, async (world) => {
      assert.deepEqual(await leaks(world, 'unstamped'), []);
    });
  });

  it('when Checks are missing, or fail open', async () => {
    await using(without(CHECK), async (world) => {
      assert.deepEqual(await leaks(world), []);
    });
    await using(failOpen, async (world) => {
      world.killGateway();
      assert.deepEqual(await leaks(world), []);
    });
  });

  it('would leak requests without the guard: the control of this suite', async () => {
    await using(
      (config) => without('cg.second_stamp')(without('cg.stamp')(without(CHECK)(config))),
      async (world) => {
        const who = ['own', 'routed', 'shared', 'header'].map((one) => `a request, ${one}`);
        const found = await leaks(world);
        assert.deepEqual(
          who.filter((one) => !found.includes(one)),
          [],
        );
      },
    );
  });

  it('leads other bytes nowhere that the gateway did not choose', async () => {
    await using(asItIs, async (world) => {
      const found = await leaks(world, 'unchosen');
      assert.deepEqual(
        found.filter((one) => !one.startsWith('a request') && !one.startsWith('TLS that is opened, ')),
        [],
      );
    });
  });

  it('ends connections when their time is up', async () => {
    const short = edit((node) =>
      node['max_downstream_connection_duration'] === '3600s' && node['tunneling_config'] !== undefined
        ? { ...node, max_downstream_connection_duration: '3s' }
        : node,
    );
    const capped = edit((node) =>
      (node['max_stream_duration'] as Record<string, unknown> | undefined)?.['max_stream_duration'] === '900s'
        ? { ...node, max_stream_duration: { max_stream_duration: '3s' } }
        : node,
    );
    for (const change of [short, capped])
      await using(change, async (world) => {
        // Neither side says a word after the greeting.
        const { got, end } = await world.dial('own', ALLOWED.four, GREETING_PORT, { bytes: 'SSH-2.0-x\r\n' });
        assert.notEqual(got, '');
        assert.notEqual(end, 'open');
      });
  });
});
