import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { createCheck } from '../../../src/server/check.ts';
import { CHECK_BYTES_MAX } from '../../../src/server/codec/check_request.ts';
import { WATCHERS_MAX } from '../../../src/server/health.ts';
import { listen } from '../../../src/server/listen.ts';
import {
  AUTHORIZATION,
  HEALTH,
  type HealthStatus,
  NOT_SERVING,
  SERVING,
} from '../../../src/server/services.ts';
import { ALLOWED, bench, ok, policy, recorded, STAMP, snapshot } from '../../unit/server/fakes.ts';
import { checkRequest, readResponse } from '../../unit/server/official.ts';

/** Nothing that a test waits for is cut because the machine is busy. */
const PATIENT = { graceMs: 30_000, forceMs: 30_000 };
const HURRIED = { graceMs: 500, forceMs: 200 };

async function start(t: TestContext, bounds = PATIENT) {
  const folder = mkdtempSync(join(tmpdir(), 'cg-server-'));
  const path = join(folder, 'authz.sock');
  const setup = bench(() => snapshot(policy(ALLOWED)));
  const server = await listen(path, createCheck(setup.deps), { bounds });
  const client = new Client(`unix:${path}`, credentials.createInsecure());
  t.after(async () => {
    client.close();
    await server.drain();
    rmSync(folder, { recursive: true });
  });
  return { ...setup, path, server, client };
}

function caller(node = 'envoy-1', epoch = 'e1'): Metadata {
  const metadata = new Metadata();
  if (node !== '') metadata.set('x-cg-node', node);
  if (epoch !== '') metadata.set('x-cg-epoch', epoch);
  return metadata;
}

function call(client: Client, bytes: Uint8Array, metadata = caller()) {
  const same = (buffer: Buffer) => buffer;
  let running: { cancel(): void } | undefined;
  const reply = new Promise<Buffer>((resolve, reject) => {
    running = client.makeUnaryRequest(
      AUTHORIZATION.check.path,
      same,
      same,
      Buffer.from(bytes),
      metadata,
      (error, value) => (value === undefined ? reject(error) : resolve(value)),
    );
  });
  return { reply, cancel: () => running?.cancel() };
}

function health(client: Client): Promise<unknown> {
  const { path, requestSerialize, responseDeserialize } = HEALTH.check;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, (error, value) =>
      error === null ? resolve(value?.status) : reject(error),
    );
  });
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 4_000; tries += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail('it never came true');
}

test('a Check travels over the Unix socket, which only its owner may open', async (t) => {
  const { path, client, recorder } = await start(t);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const response = readResponse(await call(client, checkRequest()).reply);
  assert.equal(response.dynamic_metadata?.fields['stamp']?.string_value, STAMP);
  assert.equal(recorder.proposals[0]?.request_key, 'envoy-1/4f9a3d1e-0000-4000-8000-000000000001');
});

test('a caller that does not name itself once and properly is answered with a denial', async (t) => {
  const { client, recorder } = await start(t);
  const doubled = caller();
  doubled.add('x-cg-node', 'envoy-2');
  for (const metadata of [caller(''), caller('envoy-1', ''), caller('Not An Id'), caller('a/b'), doubled]) {
    const response = readResponse(await call(client, checkRequest(), metadata).reply);
    assert.equal(response.denied_response?.status?.code, 503);
  }
  assert.equal(recorder.proposals.length, 0);
});

test('garbage is answered with a denial, an oversized message with an error', async (t) => {
  const { client } = await start(t);
  const garbage = readResponse(await call(client, new Uint8Array([255, 255, 255])).reply);
  assert.equal(garbage.denied_response?.status?.code, 503);
  const empty = readResponse(await call(client, new Uint8Array()).reply);
  assert.equal(empty.denied_response?.status?.code, 503);
  await assert.rejects(
    call(client, new Uint8Array(CHECK_BYTES_MAX + 1)).reply,
    (error: ServiceError) => error.code === status.RESOURCE_EXHAUSTED,
  );
  // The server is none the worse for it.
  assert.equal(readResponse(await call(client, checkRequest()).reply).http_response, 'ok_response');
});

test('a cancelled call still gets its record', async (t) => {
  const { client, recorder, counted, server } = await start(t);
  let release = () => {};
  recorder.answer = (proposal) =>
    new Promise((resolve) => {
      release = () => resolve(ok(recorded(proposal)));
    });
  const running = call(client, checkRequest());
  const gone = assert.rejects(running.reply, (error: ServiceError) => error.code === status.CANCELLED);
  await eventually(() => recorder.proposals.length === 1);
  running.cancel();
  await gone;
  release();
  await eventually(() => server.inFlight() === 0);
  assert.deepEqual(counted, [['POLICY_ALLOW', true]]);
});

test('clients that give up in masses cost the others one retry at most', async (t) => {
  // A Check that arrives behind the release below is never answered: nothing at the end is to wait for it.
  const { client, recorder } = await start(t, HURRIED);
  const release: (() => void)[] = [];
  recorder.answer = (proposal) =>
    new Promise((resolve) => release.push(() => resolve(ok(recorded(proposal)))));
  // Node 20 closes the connection at some point; what Envoy does then is ask again.
  const patient = call(client, checkRequest()).reply.catch(() => {
    recorder.answer = (proposal) => ok(recorded(proposal));
    return call(client, checkRequest()).reply;
  });
  for (let wave = 0; wave < 12; wave += 1) {
    const rude = Array.from({ length: 100 }, () => call(client, checkRequest()));
    const settled = Promise.allSettled(rude.map(({ reply }) => reply));
    const before = recorder.proposals.length;
    await eventually(() => recorder.proposals.length >= before + 50);
    for (const { cancel } of rude) cancel();
    await settled;
  }
  for (const resolve of release) resolve();
  assert.equal(readResponse(await patient).http_response, 'ok_response');
});

test('health is NOT_SERVING until told, and follows', async (t) => {
  const { client, server } = await start(t);
  assert.equal(await health(client), NOT_SERVING);
  server.setServing(true);
  assert.equal(await health(client), SERVING);
  server.setServing(false);
  assert.equal(await health(client), NOT_SERVING);
});

test('Watch reports changes and ends with the drain', async (t) => {
  const { client, server } = await start(t);
  const { path, requestSerialize, responseDeserialize } = HEALTH.watch;
  const seen: unknown[] = [];
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
  const ended = new Promise((resolve) => stream.on('end', resolve));
  stream.on('data', (value: HealthStatus) => seen.push(value.status));
  await eventually(() => seen.length === 1);
  server.setServing(true);
  await eventually(() => seen.length === 2);
  await server.drain();
  await ended;
  assert.deepEqual(seen, [NOT_SERVING, SERVING, NOT_SERVING]);
});

test('a drain finishes running Checks and leaves no socket behind', async (t) => {
  const { client, recorder, server, path } = await start(t);
  recorder.answer = (proposal) =>
    new Promise((resolve) => setTimeout(() => resolve(ok(recorded(proposal))), 100));
  const replies = Array.from({ length: 20 }, () => call(client, checkRequest()).reply);
  await eventually(() => recorder.proposals.length === 20);
  await server.drain();
  for (const reply of replies) assert.equal(readResponse(await reply).http_response, 'ok_response');
  assert.equal(existsSync(path), false);
});

test('a drain is bounded when a record never comes', async (t) => {
  const { client, recorder, server } = await start(t, HURRIED);
  recorder.answer = () => new Promise(() => {});
  const lost = assert.rejects(call(client, checkRequest()).reply);
  await eventually(() => recorder.proposals.length === 1);
  await server.drain();
  await lost;
});

test('a socket in use, or a file that is none, is not taken over; a stale one is', async (t) => {
  const { path, server, client, deps } = await start(t);
  await assert.rejects(listen(path, createCheck(deps)), /in use/);
  assert.equal(readResponse(await call(client, checkRequest()).reply).http_response, 'ok_response');
  await server.drain();
  writeFileSync(path, 'not a socket');
  await assert.rejects(listen(path, createCheck(deps)), /no socket/);
});

test('watchers are bounded, and one that leaves makes room', async (t) => {
  const { client } = await start(t);
  const { path, requestSerialize, responseDeserialize } = HEALTH.watch;
  const watch = () => {
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
    const first = new Promise<unknown>((resolve) => {
      stream.on('data', (value: HealthStatus) => resolve(value.status));
      stream.on('error', (error: ServiceError) => resolve(error.details));
    });
    return { stream, first };
  };
  const watchers = Array.from({ length: WATCHERS_MAX }, watch);
  for (const { first } of watchers) assert.equal(await first, NOT_SERVING);
  assert.equal(await watch().first, 'too many watchers');
  watchers[0]?.stream.cancel();
  // Others may be told that there is no room before anybody looks at what the one that found it was told.
  const told = new Set<unknown>();
  await eventually(() => {
    void watch().first.then((value) => told.add(value));
    return told.has(NOT_SERVING);
  });
});
