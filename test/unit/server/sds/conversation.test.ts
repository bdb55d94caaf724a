import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fail, ok } from '../../../../src/core/result.ts';
import { envoy } from '../../../../src/gen/envoy.js';
import type { Ask } from '../../../../src/server/sds/codec.ts';
import { versionOf } from '../../../../src/server/sds/codec.ts';
import { Conversation, SUBSCRIPTIONS_MAX } from '../../../../src/server/sds/conversation.ts';
import { HeldLeaves } from '../../../../src/server/sds/held_leaves.ts';
import type { LeafSecret } from '../../../../src/server/sds/ports.ts';

const LIFE_MS = 900;
const { DeltaDiscoveryResponse } = envoy.service.discovery.v3;

function world(leavesMax = 10) {
  const state = {
    now: 0,
    generation: 1,
    asked: [] as string[],
    refused: 0,
    evicted: 0,
    allowed: (name: string) => !name.startsWith('no'),
  };
  const held = new HeldLeaves<Conversation>(leavesMax);
  const leafOf = (name: string): LeafSecret => ({
    cert_chain_pem: `${name} ${state.generation}`,
    private_key_pem: '',
    expires_ms: state.now + LIFE_MS,
  });
  const shared = {
    source: {
      async secretFor(name: string) {
        state.asked.push(name);
        if (name.startsWith('broken')) throw new Error('out of order');
        return state.allowed(name) ? ok(leafOf(name)) : fail('NAME_REFUSED' as const);
      },
    },
    held,
    events: { refused: () => (state.refused += 1), evicted: () => (state.evicted += 1) },
    nowMs: () => state.now,
  };
  const open = () => {
    const said: string[] = [];
    const conversation = new Conversation(shared, (bytes) => {
      const { resources, removedResources } = DeltaDiscoveryResponse.decode(bytes);
      said.push(
        ...(resources ?? []).map(({ name }) => `+${name}`),
        ...(removedResources ?? []).map((name) => `-${name}`),
      );
    });
    return { conversation, said };
  };
  return { state, held, open, leafOf };
}

function asks(subscribe: readonly string[], more: Partial<Ask> = {}): Ask {
  return { node: 'e', subscribe, unsubscribe: [], held: {}, rejected: false, ...more };
}

test('every name gets an answer: a secret, or its removal', async () => {
  const { state, open } = world();
  const { conversation, said } = open();
  conversation.hear(asks(['a.example', 'no.example', 'bad_name', 'A.example', 'broken.example']));
  await turn();
  assert.deepEqual(said.sort(), ['+A.example', '+a.example', '-bad_name', '-broken.example', '-no.example']);
  assert.deepEqual(state.asked.sort(), ['a.example', 'a.example', 'broken.example', 'no.example']);
  assert.equal(state.refused, 3);
});

test('an Envoy that reconnects is sent nothing that it still has', async () => {
  const { open, leafOf } = world();
  const { conversation, said } = open();
  const held = { 'a.example': versionOf(leafOf('a.example')), 'b.example': 'older' };
  conversation.hear(asks(['a.example', 'b.example'], { held }));
  await turn();
  assert.deepEqual(said, ['+b.example']);
});

test('a younger leaf is sent at two thirds of the life, while the name is subscribed', async () => {
  const { state, open } = world();
  const { conversation, said } = open();
  conversation.hear(asks(['a.example', 'b.example']));
  await turn();
  state.generation = 2;
  conversation.hear(asks([], { unsubscribe: ['b.example'] }));
  await conversation.renew(LIFE_MS * (2 / 3) - 1);
  assert.deepEqual(said.splice(0), ['+a.example', '+b.example']);
  state.now = LIFE_MS * (2 / 3);
  await conversation.renew(state.now);
  assert.deepEqual(said, ['+a.example']);
});

test('a name that is refused later is taken back', async () => {
  const { state, open, held } = world();
  const { conversation, said } = open();
  conversation.hear(asks(['a.example']));
  await turn();
  state.allowed = () => false;
  await conversation.renew();
  assert.deepEqual(said, ['+a.example', '-a.example']);
  assert.equal(held.count, 0);
});

test('beyond the bound the least recently used name is taken back, on the stream that holds it', async () => {
  const { state, open, held } = world(2);
  const [first, second] = [open(), open()];
  first.conversation.hear(asks(['a.example', 'b.example']));
  await turn();
  held.used('e', 'a.example');
  second.conversation.hear(asks(['c.example']));
  await turn();
  assert.deepEqual(first.said, ['+a.example', '+b.example', '-b.example']);
  assert.deepEqual(second.said, ['+c.example']);
  assert.deepEqual([held.count, state.evicted], [2, 1]);
});

test('a stream that ends holds nothing', async () => {
  const { open, held } = world();
  const { conversation, said } = open();
  conversation.hear(asks(['a.example']));
  conversation.end();
  await turn();
  assert.deepEqual([said, held.count], [[], 0]);
});

test('names beyond the bound of a stream are refused at once', async () => {
  const { open, held } = world(SUBSCRIPTIONS_MAX);
  const { conversation, said } = open();
  conversation.hear(asks(Array.from({ length: SUBSCRIPTIONS_MAX + 2 }, (_, n) => `n${n}.example`)));
  assert.deepEqual(said, [`-n${SUBSCRIPTIONS_MAX}.example`, `-n${SUBSCRIPTIONS_MAX + 1}.example`]);
  await turn();
  assert.equal(held.count, SUBSCRIPTIONS_MAX);
});

test('an Envoy too many is sent away', () => {
  const { open, held } = world();
  for (let n = 0; n < 64; n++) held.hold(`other${n}`, 'a', open().conversation);
  assert.equal(open().conversation.hear(asks(['a.example'])), false);
});
