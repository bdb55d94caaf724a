/**
 * What hostile and broken peers do to the recorder's server: they lose their own connection and nothing else. And what
 * mutual TLS keeps out.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { IN_FLIGHT_BYTES_MAX } from '../../../../src/recorder/remote/conversation.ts';
import { encodeFrame, FrameReader } from '../../../../src/recorder/remote/frame.ts';
import { ANSWER, ASK, FAULT_KIND, PROTOCOL } from '../../../../src/recorder/remote/protocol.ts';
import {
  HANDSHAKES_MAX,
  HOST_CONNECTIONS_MAX,
  type RecorderServer,
  serveTls,
  serveUnix,
} from '../../../../src/recorder/remote/server.ts';
import type { RecorderService } from '../../../../src/recorder/remote/service.ts';
import { type Authority, newAuthority } from '../../../support/pki.ts';
import { openWithPolicy, proposal } from '../workbench.ts';
import { CLIENT_NAME, cleaned, clientOf, SERVER_NAME, SILENT, serviceOf } from './reach.ts';

const { states, cleanups } = cleaned();

const INSPECTED = {
  receipt_id: '01890a5d-ac96-774b-bcce-b302099a8057',
  facts: {
    ...{ part: 'response', state: 'complete', index: 0, format: 'json', bytes_in: 0, bytes_out: 0 },
    ...{ digest_in: 'a'.repeat(64), digest_out: 'a'.repeat(64) },
  },
  is_end: true,
};

async function serving(change: (service: RecorderService) => RecorderService = (one) => one) {
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  cleanups.push(() => recorder.stop());
  const folder = join(dir, 'sockets');
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, 'recorder.sock');
  const server = await serveUnix(path, change(serviceOf(recorder)), SILENT);
  cleanups.push(() => server.close());
  return { path, folder, server, recorder };
}

interface Heard {
  readonly kind: number;
  readonly id: number;
  readonly body: { readonly code?: string; readonly message?: string; readonly ok?: boolean };
}

/** A peer without our client: writes bytes, hears frames until the end of the connection. */
function peer(socket: Socket) {
  const reader = new FrameReader();
  const heard: Heard[] = [];
  let wake = () => {};
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    for (;;) {
      const next = reader.next();
      if (!next.ok || next.value === undefined) break;
      const { kind, id, body } = next.value;
      heard.push({ kind, id, body: JSON.parse(Buffer.from(body).toString('utf8')) });
    }
    wake();
  });
  const ended = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  cleanups.push(() => socket.destroy());
  return {
    socket,
    heard,
    ended,
    send: (kind: number, id: number, body: unknown) =>
      void socket.write(encodeFrame(kind, id, typeof body === 'string' ? body : JSON.stringify(body)) ?? ''),
    raw: (bytes: Uint8Array) => void socket.write(bytes),
    /** The answer with this id. */
    async answer(id: number): Promise<Heard> {
      for (;;) {
        const found = heard.find((one) => one.id === id);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const HELLO = { protocol: PROTOCOL, gateway_id: 'gateway-1' };

/** An allow for nobody: the ledger has no chain and no bucket for it. */
function withoutPrincipal(): object {
  const one = proposal();
  const { identity: _, ...draft } = one.draft;
  return { ...one, draft };
}

function withReason(reason: string): object {
  const one = proposal({ verdict: 'deny' });
  return { ...one, draft: { ...one.draft, reason } };
}

async function greeted(path: string) {
  const one = peer(connect(path));
  one.send(ASK.hello, 1, HELLO);
  assert.equal((await one.answer(1)).kind, ANSWER);
  return one;
}

test('only our own user reaches the socket', async () => {
  const { path, folder } = await serving();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  chmodSync(folder, 0o755);
  await assert.rejects(
    serveUnix(join(folder, 'other.sock'), {} as RecorderService, SILENT),
    /nobody else can enter/,
  );
});

test('nothing is served before a hello of the same protocol', async () => {
  const { path, recorder } = await serving();
  const cases: [number, unknown][] = [
    [ASK.append, proposal()],
    [ASK.hello, { ...HELLO, protocol: PROTOCOL + 1 }],
    [ASK.hello, { ...HELLO, extra: 1 }],
    [ASK.hello, { ...HELLO, gateway_id: 'Not An Id' }],
  ];
  for (const [kind, body] of cases) {
    const one = peer(connect(path));
    one.send(kind, 1, body);
    await one.ended;
    assert.equal(one.heard.at(-1)?.body.code, 'HELLO');
  }
  assert.equal(recorder.status().decisions, 0);
});

test('a journal that lacks what a gateway was answered with serves it no more', async () => {
  const { path } = await serving((service) => ({ ...service, knows: ({ seq }) => seq < 5 }));
  const head = { log_id: '0'.repeat(32), line_hash: '0'.repeat(64) };
  const one = peer(connect(path));
  one.send(ASK.hello, 1, { ...HELLO, last_head: { ...head, seq: 9 } });
  await one.ended;
  assert.equal(one.heard[0]?.body.code, 'HEAD');
  const other = peer(connect(path));
  other.send(ASK.hello, 1, { ...HELLO, last_head: { ...head, seq: 4 } });
  assert.equal((await other.answer(1)).kind, ANSWER);
});

test('a hostile frame costs its own connection and nobody else anything', async () => {
  const { path, recorder } = await serving();
  const good = await greeted(path);
  const hostile: ((one: Awaited<ReturnType<typeof greeted>>) => void)[] = [
    (one) => one.raw(Buffer.from([0xff, 0xff, 0xff, 0xff])),
    (one) => one.raw(Buffer.from([0, 0, 0, 6, 9, 2, 0, 0, 0, 2])),
    (one) => one.send(ASK.append, 2, '{"draft":'),
    (one) => one.send(ASK.append, 2, '{"draft":1,"draft":2}'),
    (one) => one.send(ASK.append, 0, proposal()),
    (one) => one.send(ASK.append, 2, proposal({ gateway_id: 'gateway-2' })),
    (one) => one.send(ASK.append, 2, { ...proposal(), denials: [{ reason: 'LIMIT_RPS', rule_id: 'x' }] }),
    (one) => one.send(ASK.append, 2, withoutPrincipal()),
    (one) => one.send(ASK.append, 2, proposal({ identity_problem: 'IDENTITY_UNKNOWN' })),
    (one) => one.send(ASK.append, 2, proposal({ verdict: 'deny' })),
    (one) => one.send(ASK.append, 2, proposal({ reason: 'POLICY_DENY' })),
    (one) => one.send(ASK.append, 2, withReason('OF_MY_OWN_MAKING')),
    (one) => one.send(ASK.append, 2, { ...proposal(), late: true }),
    (one) => one.send(ASK.append, 2, { ...proposal({ verdict: 'deny', reason: 'POLICY_DENY' }), late: true }),
    (one) => one.send(ASK.inspect, 2, '{"facts":'),
    (one) => one.send(ASK.inspect, 2, { ...INSPECTED, is_end: false }),
    (one) => one.send(ASK.close, 2, { request_id: 'x' }),
    (one) => one.send(ASK.sweep, 2, {}),
    (one) => one.send(ASK.status, 2, { extra: 1 }),
    (one) => one.send(ASK.hello, 2, HELLO),
    (one) => one.send(99, 2, {}),
  ];
  for (const attack of hostile) {
    const one = await greeted(path);
    attack(one);
    await one.ended;
    const last = one.heard.at(-1);
    assert.deepEqual([last?.kind, last?.id, last?.body.code], [FAULT_KIND, 0, 'FRAME']);
  }
  assert.equal(recorder.status().decisions, 0);
  good.send(ASK.append, 7, proposal());
  assert.equal((await good.answer(7)).body.ok, true);
});

test('a draft with unknown or ill-formed members is refused as one that does not fit', async () => {
  const { path, recorder } = await serving();
  const one = await greeted(path);
  const { draft, ...rest } = proposal();
  const drafts = [
    { ...draft, seq: 3 },
    { ...draft, verdict: 'maybe' },
    { ...draft, policy_hash: 'sha256:0' },
    {},
  ];
  for (const [index, bad] of drafts.entries()) {
    one.send(ASK.append, 10 + index, { ...rest, draft: bad });
    assert.deepEqual((await one.answer(10 + index)).body, { ok: false, problem: 'RECORD_TOO_LARGE' });
  }
  assert.equal(recorder.status().decisions, 0);
});

test('an inspection that fits no record is refused, and costs its sender nothing else', async () => {
  const { path } = await serving();
  const one = await greeted(path);
  const { facts } = INSPECTED;
  const bad = [
    { ...INSPECTED, facts: { ...facts, settled: [] } },
    { ...INSPECTED, facts: { ...facts, streams: [] } },
    { ...INSPECTED, facts: { ...facts, state: 'fine' } },
    { ...INSPECTED, receipt_id: 'x' },
    {},
  ];
  for (const [index, body] of bad.entries()) {
    one.send(ASK.inspect, 10 + index, body);
    const answer = await one.answer(10 + index);
    assert.deepEqual([answer.kind, answer.body.code], [FAULT_KIND, 'REFUSED']);
  }
  one.send(ASK.inspect, 20, INSPECTED);
  assert.equal((await one.answer(20)).kind, ANSWER);
});

test('random frames after a hello never reach the journal and never stop the server', async () => {
  const { path, recorder } = await serving();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(ASK.append, ASK.close, ASK.inspect, ASK.gap, ASK.logPosition),
      fc.oneof(fc.json(), fc.string(), fc.constant('null')),
      async (kind, body) => {
        const one = await greeted(path);
        one.send(kind, 2, body);
        await Promise.race([one.ended, one.answer(2)]);
      },
    ),
    { numRuns: 100 },
  );
  assert.equal(recorder.status().decisions, 0);
  const good = await greeted(path);
  good.send(ASK.append, 2, proposal());
  assert.equal((await good.answer(2)).body.ok, true);
});

test('a peer that reads nothing is gone soon after it has misbehaved', { timeout: 90_000 }, async () => {
  const { path, server } = await serving();
  const one = await greeted(path);
  one.socket.pause();
  for (let i = 0; i < 5_000; i += 1) one.send(ASK.status, 2 + i, {});
  one.send(99, 6_000, {});
  await gone(server);
});

test('nothing behind a hostile frame is heard any more', async () => {
  const { path, recorder } = await serving();
  const one = peer(connect(path));
  const frame = (kind: number, id: number, body: object) =>
    encodeFrame(kind, id, JSON.stringify(body)) ?? Buffer.alloc(0);
  one.raw(
    Buffer.concat([
      frame(ASK.hello, 1, { ...HELLO, protocol: PROTOCOL + 1 }),
      frame(ASK.hello, 2, HELLO),
      frame(ASK.append, 3, proposal()),
    ]),
  );
  await one.ended;
  assert.deepEqual(
    one.heard.map(({ kind, body }) => [kind, body.code]),
    [[FAULT_KIND, 'HELLO']],
  );
  assert.equal(recorder.status().decisions, 0);
});

test('a recorder that stops says nothing about what it could not do', async () => {
  let stopped = false;
  const { path } = await serving((service) => ({
    ...service,
    status: () => ({ ...service.status(), phase: stopped ? 'stopped' : 'running' }),
    sweep: () => Promise.reject(new Error('the recorder is stopped')),
  }));
  const running = await greeted(path);
  running.send(ASK.sweep, 2, { envoy_epoch: 'epoch-1' });
  assert.equal((await running.answer(2)).body.code, 'REFUSED');
  stopped = true;
  running.send(ASK.sweep, 3, { envoy_epoch: 'epoch-1' });
  await running.ended;
  assert.equal(
    running.heard.some(({ id }) => id === 3),
    false,
  );
});

test('what waits on one connection is bounded in bytes, too', async () => {
  let now = 0;
  const { path } = await serving((service) => ({
    ...service,
    append: () => {
      now += 1;
      return new Promise(() => undefined);
    },
  }));
  const one = await greeted(path);
  const big = { ...proposal(), request_key: 'k'.repeat(4_000) };
  const frames = Math.ceil(IN_FLIGHT_BYTES_MAX / 4_000);
  assert.ok(frames > 1_000);
  for (let i = 0; i < frames; i += 1) one.send(ASK.append, 2 + i, big);
  const good = await greeted(path);
  for (let i = 0; i < 50; i += 1) {
    good.send(ASK.status, 2 + i, {});
    await good.answer(2 + i);
  }
  const bytes = Buffer.byteLength(JSON.stringify(big));
  assert.ok(now <= IN_FLIGHT_BYTES_MAX / bytes + 1, `${now} of ${bytes} bytes`);
});

test('more requests than one connection may have in flight wait in its socket, and all are answered', async () => {
  let most = 0;
  let now = 0;
  const waiting: (() => void)[] = [];
  const { path } = await serving((service) => ({
    ...service,
    close: () => {
      now += 1;
      most = Math.max(most, now);
      return new Promise<void>((resolve) => waiting.push(resolve)).finally(() => {
        now -= 1;
      });
    },
  }));
  const one = await greeted(path);
  const notice = {
    request_id: 'x',
    facts: { state: 'completed', bytes_in: 0, bytes_out: 0, latency_ms: 0 },
    source: { kind: 'live' },
  };
  const count = 3_000;
  for (let i = 0; i < count; i += 1) one.send(ASK.close, 2 + i, notice);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
  while (one.heard.length < count + 1) {
    for (const finish of waiting.splice(0)) finish();
    await turn();
  }
  assert.ok(most <= 1_024, `${most} at once`);
});

/** Resolves when nobody is connected. */
async function gone(server: RecorderServer): Promise<void> {
  for (let looks = 0; server.connections() > 0; looks += 1) {
    assert.ok(looks < 1_000, 'somebody stays connected');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('over TLS', () => {
  let authority: Authority;
  let stranger: Authority;
  before(() => {
    authority = newAuthority();
    stranger = newAuthority();
  });

  async function tlsServing(): Promise<RecorderServer> {
    const recorder = await openWithPolicy(states.create());
    cleanups.push(() => recorder.stop());
    const identity = {
      ...authority.issue(SERVER_NAME, 'serverAuth'),
      client_ca: authority.ca,
      client_names: [CLIENT_NAME, 'second'],
    };
    const server = await serveTls({ address: '127.0.0.1', port: 0 }, identity, serviceOf(recorder), SILENT);
    cleanups.push(() => server.close());
    return server;
  }

  /** Whether a hello over this connection is answered. */
  async function isServed(socket: Socket, gateway_id = `${CLIENT_NAME}-1`): Promise<boolean> {
    const one = peer(socket);
    one.send(ASK.hello, 1, { protocol: PROTOCOL, gateway_id });
    await Promise.race([one.ended, one.answer(1)]);
    return one.heard.some(({ kind }) => kind === ANSWER);
  }

  const tls = (port: number, options: object) =>
    connectTls({ host: '127.0.0.1', port, ca: authority.ca, servername: SERVER_NAME, ...options });

  test('a client certificate of the authority with an allowed name is served, under its own name only', async () => {
    const { port } = await tlsServing();
    const client = authority.issue(CLIENT_NAME, 'clientAuth');
    assert.equal(await isServed(tls(port, client)), true);
    assert.equal(await isServed(tls(port, client), `${CLIENT_NAME}-8`), true);
    for (const id of ['other-1', `${CLIENT_NAME}-9`, CLIENT_NAME, `${CLIENT_NAME}-1-1`]) {
      assert.equal(await isServed(tls(port, client), id), false, id);
    }
  });

  test('no certificate, a stranger, another name, a server certificate, TLS 1.2 and plaintext are not', async () => {
    const { port } = await tlsServing();
    const good = authority.issue(CLIENT_NAME, 'clientAuth');
    const refused: Record<string, () => Socket> = {
      'no certificate': () => tls(port, {}),
      'another authority': () => tls(port, stranger.issue(CLIENT_NAME, 'clientAuth')),
      'another name': () => tls(port, authority.issue('another', 'clientAuth')),
      'a certificate for servers': () => tls(port, authority.issue(CLIENT_NAME, 'serverAuth')),
      'TLS 1.2': () => tls(port, { ...good, maxVersion: 'TLSv1.2' }),
      plaintext: () => connect(port, '127.0.0.1'),
    };
    for (const [name, dial] of Object.entries(refused)) assert.equal(await isServed(dial()), false, name);
    assert.equal(await isServed(tls(port, good)), true);
  });

  test('strangers that say nothing keep no gateway out', { timeout: 90_000 }, async () => {
    const { port } = await tlsServing();
    const strangers = Array.from({ length: HANDSHAKES_MAX + 100 }, () => connect(port, '127.0.0.1'));
    for (const one of strangers) {
      one.on('error', () => undefined);
      cleanups.push(() => one.destroy());
    }
    await Promise.all(
      strangers.map((one) => new Promise((resolve) => one.once('connect', resolve).once('close', resolve))),
    );
    assert.equal(await isServed(tls(port, authority.issue(CLIENT_NAME, 'clientAuth'))), true);
  });

  test('one host takes no more connections than its gateways need', async () => {
    const server = await tlsServing();
    const client = authority.issue(CLIENT_NAME, 'clientAuth');
    const served = [];
    for (let i = 0; i < HOST_CONNECTIONS_MAX + 3; i += 1)
      served.push(await isServed(tls(server.port, client)));
    assert.equal(served.filter(Boolean).length, HOST_CONNECTIONS_MAX);
    assert.equal(await isServed(tls(server.port, authority.issue('second', 'clientAuth')), 'second-1'), true);
  });

  test('a certificate that ends takes its connection along', async (t) => {
    const { port } = await tlsServing();
    const one = peer(tls(port, authority.issue(CLIENT_NAME, 'clientAuth')));
    one.send(ASK.hello, 1, { protocol: PROTOCOL, gateway_id: `${CLIENT_NAME}-1` });
    assert.equal((await one.answer(1)).kind, ANSWER);
    const later = Date.now() + 3 * 86_400_000;
    t.mock.method(Date, 'now', () => later);
    one.send(ASK.status, 2, {});
    await one.ended;
    assert.equal(one.heard.at(-1)?.body.code, 'NAME');
  });

  test('renewed certificates are used from the next connection on', async () => {
    const server = await tlsServing();
    const fresh = stranger.issue(SERVER_NAME, 'serverAuth');
    server.renew({ ...fresh, client_ca: stranger.ca });
    const client = stranger.issue(CLIENT_NAME, 'clientAuth');
    assert.equal(await isServed(tls(server.port, { ...client, ca: stranger.ca })), true);
    assert.equal(await isServed(tls(server.port, authority.issue(CLIENT_NAME, 'clientAuth'))), false);
    assert.throws(() => server.renew({ ...fresh, client_ca: stranger.ca, key: 'none' }));
    assert.equal(await isServed(tls(server.port, { ...client, ca: stranger.ca })), true);
    const old = { ...client, ca: stranger.ca, maxVersion: 'TLSv1.2' };
    assert.equal(await isServed(tls(server.port, old)), false, 'TLS 1.2');
  });

  test('a gateway talks to nobody but the recorder that it was told of', async () => {
    const { dialTls } = await import('../../../../src/recorder/remote/dial.ts');
    const { port } = await tlsServing();
    const mine = authority.issue(CLIENT_NAME, 'clientAuth');
    const to = { host: '127.0.0.1', port, ...mine, ca: authority.ca, server_name: SERVER_NAME };
    const asked: Record<string, [Parameters<typeof dialTls>[0], boolean]> = {
      'the right one': [to, true],
      'another authority': [{ ...to, ca: stranger.ca }, false],
      'another name': [{ ...to, server_name: 'elsewhere.test' }, false],
    };
    for (const [name, [target, reached]] of Object.entries(asked)) {
      let tries = 0;
      const client = clientOf(() => {
        tries += 1;
        return dialTls(target)();
      }, `${CLIENT_NAME}-1`);
      cleanups.push(() => client.stop());
      while (!client.reachable && tries < 3) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(client.reachable, reached, name);
    }
  });
});
