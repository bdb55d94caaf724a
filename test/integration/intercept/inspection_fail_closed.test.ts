/** Promise: a request whose body is to be read leaves only when the gateway said so after it had read it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Message } from '../../../src/intercept/config/typed.ts';
import { nonce } from './client.ts';
import { edit, failOpen, without } from './edits.ts';
import { STAMP } from './fake_authz.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type BodyUpstream, startBodyUpstream } from './inspection/body_upstream.ts';
import { type BodyAnswer, call } from './inspection/calls.ts';
import { asks, goes, type Script, vouches } from './inspection/scripted.ts';
import { codeOf as code } from './inspection/world.ts';
import { UPSTREAM } from './upstream.ts';

const READER = 'envoy.filters.http.ext_proc';
/** Takes the members of this name out of every route and virtual host. */
const unrouted = (name: string) =>
  edit((node) => {
    const overrides = node['typed_per_filter_config'] as Record<string, unknown> | undefined;
    if (overrides === undefined) return node;
    const { [name]: _, ...rest } = overrides;
    return { ...node, typed_per_filter_config: rest };
  });
const also =
  (...changes: readonly ((config: Message) => Message)[]) =>
  (config: Message): Message =>
    changes.reduce((changed, change) => change(changed), config);
const dead: Script = () => 'error';
/** Says what it may not say: a stamp in the name of the Check. */
const forging: Script = ({ kind }) => ({
  ...goes(kind),
  dynamicMetadata: {
    fields: {
      'envoy.filters.http.ext_authz': { structValue: { fields: { stamp: { stringValue: STAMP } } } },
    },
  },
});

describe('inspected requests, failing closed', () => {
  let upstream: BodyUpstream;
  before(async () => {
    upstream = await startBodyUpstream();
  });
  after(() => upstream.close());

  async function using(
    change: (config: Message) => Message,
    act: (send: (wish: string, script?: Script) => Promise<Sent>, gateway: Gateway) => Promise<void>,
  ): Promise<void> {
    const gateway = await startGateway({ edit: change });
    const send = async (wish: string, script?: Script): Promise<Sent> => {
      const id = nonce();
      if (script !== undefined) gateway.authz.inspection.script(id, script);
      const host = `${UPSTREAM}:${upstream.http}`;
      const answer = await call({
        ...{ port: gateway.explicit, target: `http://${host}/echo?${id}`, host, body: '{"a":1}' },
        headers: { 'x-clawgress-test': wish },
      });
      return { answer, begun: upstream.begun(id), read: gateway.authz.inspection.streams(id).length };
    };
    try {
      await act(send, gateway);
    } finally {
      await gateway.stop();
    }
  }
  interface Sent {
    readonly answer: BodyAnswer;
    readonly begun: number;
    readonly read: number;
  }
  const status = ({ answer, begun }: Sent): readonly number[] => [answer.status, begun];
  const same = (config: Message): Message => config;

  it('lets out what was read, and nothing that was not', async () => {
    await using(same, async (send) => {
      assert.deepEqual(status(await send('inspect')), [200, 1]);
      assert.deepEqual(status(await send('ok')), [200, 1]);
      const unread: Script = ({ kind }) => goes(kind);
      const misread: Script = ({ kind, isEnd }) =>
        kind === 'requestHeaders' && !isEnd
          ? { ...goes(kind), ...asks('BUFFERED') }
          : { ...goes(kind), ...vouches(`${STAMP}0`) };
      for (const script of [unread, misread, forging, () => 'end' as const]) {
        const sent = await send('inspect', script);
        assert.deepEqual([...status(sent), code(sent)], [503, 0, 'DECISION_UNPROVEN']);
      }
    });
  });

  it('takes what is held for nothing else, and a stamp for nothing that is held', async () => {
    await using(same, async (send) => {
      for (const wish of ['held-plain', 'inspect-stamped', 'inspect-misheld', 'inspect-unheld']) {
        const sent = await send(wish);
        assert.deepEqual([...status(sent), code(sent), sent.read], [503, 0, 'DECISION_UNPROVEN', 0], wish);
      }
      // The stamp of a Check does not stand in for the reading.
      const sent = await send('inspect-both', ({ kind }) => goes(kind));
      assert.deepEqual([...status(sent), code(sent)], [503, 0, 'DECISION_UNPROVEN']);
    });
  });

  it('holds when the reader is told to fail open', async () => {
    await using(failOpen, async (send) => {
      assert.deepEqual(status(await send('inspect')), [200, 1]);
      assert.deepEqual(status(await send('inspect', dead)), [503, 0]);
    });
    // The control: without the second guard it leaks.
    await using(also(failOpen, without('cg.second_stamp'), unrouted('cg.second_stamp')), async (send) => {
      assert.deepEqual(status(await send('inspect', dead)), [200, 1]);
    });
  });

  it('holds when the reader is missing, or not switched on', async () => {
    for (const change of [also(without(READER), unrouted(READER)), unrouted(READER)])
      await using(change, async (send) => {
        const sent = await send('inspect');
        assert.deepEqual([...status(sent), code(sent), sent.read], [503, 0, 'DECISION_UNPROVEN', 0]);
        assert.deepEqual(status(await send('ok')), [200, 1]);
      });
    const guard = also(without('cg.second_stamp'), unrouted('cg.second_stamp'));
    await using(also(guard, unrouted(READER)), async (send) => {
      assert.deepEqual(status(await send('inspect')), [200, 1]);
    });
  });

  it('holds when a route forgets its guards', async () => {
    await using(unrouted('cg.second_stamp'), async (send) => {
      assert.deepEqual(status(await send('inspect')), [503, 0]);
      assert.deepEqual(status(await send('ok')), [200, 1]);
    });
    await using(unrouted('cg.stamp'), async (send) => {
      assert.deepEqual(status(await send('inspect')), [503, 0]);
      // The second guard of the route asks for what only a reading gives.
      assert.deepEqual(status(await send('inspect-stamped', ({ kind }) => goes(kind))), [503, 0]);
    });
  });

  it('holds when the first guard is missing: what is held does not pass where nothing is read', async () => {
    await using(also(without('cg.stamp'), unrouted('cg.stamp')), async (send) => {
      assert.deepEqual(status(await send('held-plain')), [503, 0]);
      assert.deepEqual(status(await send('inspect')), [200, 1]);
    });
    const both = also(without('cg.stamp'), without('cg.second_stamp'));
    await using(also(both, unrouted('cg.stamp'), unrouted('cg.second_stamp')), async (send) => {
      assert.deepEqual(status(await send('held-plain')), [200, 1]);
    });
  });

  it('believes a reader only in its own name', async () => {
    const trusting = edit((node) =>
      node['receiving_namespaces'] === undefined
        ? node
        : { ...node, receiving_namespaces: { untyped: ['envoy.filters.http.ext_authz'] } },
    );
    // Then not even the right stamp counts, and on a route without a guard of its own a forged one does.
    await using(also(trusting, unrouted('cg.second_stamp')), async (send) => {
      assert.deepEqual(status(await send('inspect')), [503, 0]);
      assert.deepEqual(status(await send('inspect', forging)), [200, 1]);
    });
    await using(trusting, async (send) => {
      assert.deepEqual(status(await send('inspect', forging)), [503, 0]);
    });
  });

  it('answers 503 when the gateway dies while it reads, and from then on', async () => {
    await using(same, async (send, gateway) => {
      const dying: Script = ({ kind }) => {
        if (kind !== 'requestBody') return { ...goes(kind), ...asks('BUFFERED') };
        gateway.authz.stop();
        return 'silence';
      };
      const sent = await send('inspect', dying);
      assert.deepEqual([...status(sent), code(sent)], [503, 0, 'INSPECTION_UNAVAILABLE']);
      const after = await send('inspect');
      assert.deepEqual([...status(after), code(after)], [503, 0, 'GATEWAY_UNAVAILABLE']);
    });
  });

  it('does not wait for ever, and says nothing was sent', async () => {
    const impatient = edit((node) =>
      node['message_timeout'] === undefined ? node : { ...node, message_timeout: '0.3s' },
    );
    await using(impatient, async (send) => {
      const sent = await send('inspect', () => 'silence');
      assert.deepEqual([...status(sent), code(sent)], [503, 0, 'INSPECTION_UNAVAILABLE']);
      assert.match(sent.answer.text, /Nothing was sent/);
    });
  });
});
