import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { after, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ok } from '../../../../src/core/result.ts';
import { envoy } from '../../../../src/gen/envoy.js';
import { secretService } from '../../../../src/server/sds/service.ts';

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;

// What is tested lets the process end while it waits.
const awake = setInterval(() => undefined, 1_000);
after(() => clearInterval(awake));

/** A stream as the service sees it, and what it was told. */
class FakeStream extends EventEmitter {
  readonly said: string[] = [];
  readonly #waiting: (() => void)[] = [];

  write(bytes: Buffer): boolean {
    const { resources, removedResources } = DeltaDiscoveryResponse.decode(bytes);
    this.said.push(
      ...(resources ?? []).map(({ name }) => `+${name}`),
      ...(removedResources ?? []).map((name) => `-${name}`),
    );
    for (const resolve of this.#waiting.splice(0)) resolve();
    return true;
  }

  end(): void {
    this.said.push('end');
  }

  subscribe(...resourceNamesSubscribe: string[]): void {
    this.emit(
      'data',
      Buffer.from(DeltaDiscoveryRequest.encode({ node: { id: 'e' }, resourceNamesSubscribe }).finish()),
    );
  }

  written(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function world(sweepMs = 3_600_000) {
  const state = { now: 0, generation: 1, changed: (): void => undefined };
  const service = secretService(
    {
      secretFor: async (name) =>
        ok({
          cert_chain_pem: `${name} ${state.generation}`,
          private_key_pem: '',
          expires_ms: state.now + 300,
        }),
      onChange: (listener) => {
        state.changed = listener;
      },
    },
    { leafCacheMax: 10, nowMs: () => state.now, sweepMs },
  );
  const handler = service.handlers['deltaSecrets'] as unknown as (stream: FakeStream) => void;
  const connect = (): FakeStream => {
    const stream = new FakeStream();
    stream.on('error', (error: { code: number }) => stream.said.push(`error ${error.code}`));
    handler(stream);
    return stream;
  };
  return { state, service, connect };
}

test('when the source says so, everything that is held is asked for again', async () => {
  const { state, service, connect } = world();
  const stream = connect();
  stream.subscribe('a.example', 'b.example');
  await turn();
  state.changed();
  await turn();
  assert.deepEqual(stream.said, ['+a.example', '+b.example'], 'nothing has changed');
  state.generation = 2;
  state.changed();
  await turn();
  assert.deepEqual(stream.said, ['+a.example', '+b.example', '+a.example', '+b.example']);
  service.drain();
});

test('leaves are renewed before their end without being asked', async () => {
  const { state, service, connect } = world(1);
  const stream = connect();
  stream.subscribe('a.example');
  await stream.written();
  state.generation = 2;
  state.now = 200;
  await stream.written();
  assert.deepEqual(stream.said, ['+a.example', '+a.example']);
  service.drain();
});

test('a drained service ends its streams and takes no more', async () => {
  const { service, connect } = world();
  const stream = connect();
  stream.subscribe('a.example');
  await turn();
  service.drain();
  assert.deepEqual(stream.said, ['+a.example', 'end']);
  assert.deepEqual(connect().said, ['error 8']);
});

test('junk is passed over and a stream that goes holds nothing', async () => {
  const { service, connect } = world();
  const stream = connect();
  stream.emit('data', Buffer.from([0xff, 0xff, 0xff]));
  stream.subscribe('a.example');
  await turn();
  assert.deepEqual([stream.said, service.held()], [['+a.example'], 1]);
  stream.emit('cancelled');
  assert.equal(service.held(), 0);
  service.drain();
});

test('streams are bounded', () => {
  const { service, connect } = world();
  for (let n = 0; n < 8_192; n++) connect();
  assert.deepEqual(connect().said, ['error 8']);
  service.drain();
});
