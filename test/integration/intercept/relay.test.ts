import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, status } from '@grpc/grpc-js';
import { askAdmin } from '../../../src/intercept/admin.ts';
import type { Message } from '../../../src/intercept/config/typed.ts';
import { newAuthority } from '../../support/pki.ts';
import { eventually } from '../../support/running.ts';
import { frame, frameReader, TEXT } from '../../support/websocket.ts';
import { nonce, sendRaw } from './client.ts';
import { STAMP } from './fake_authz.ts';
import { type Gateway, startGateway, waitFor } from './gateway.ts';
import { grpcClient } from './grpc_calls.ts';
import { CALLS, type GrpcUpstream, startGrpcUpstream } from './grpc_upstream.ts';
import { startNames } from './names.ts';
import { type ScriptedRelay, startRelay } from './scripted_relay.ts';
import { startUpgradeUpstream, TAIL_BYTES, type UpgradeUpstream } from './upgrade_upstream.ts';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const PATIENCE_MS = 30_000;
const HANDSHAKE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${KEY}`,
];

/** What a listener leaves behind that was killed. */
async function leaveSocket(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.open`, resolve));
  renameSync(`${path}.open`, path);
  await new Promise((resolve) => server.close(resolve));
}

/** For `eventually`. */
async function bothRelaysHealthy({ adminSocket }: Gateway): Promise<true | undefined> {
  const { body } = await askAdmin(adminSocket, 'GET', '/clusters');
  return body.match(/^cg_relay::.*::health_flags::healthy$/gm)?.length === 2 ? true : undefined;
}

function reachable(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

describe('the way through a relay', () => {
  let dir = '';
  let gateway: Gateway;
  let relay: ScriptedRelay;
  let upstream: UpgradeUpstream;
  let grpc: GrpcUpstream;
  let useNames = (config: Message): Message => config;
  const ends: (() => unknown)[] = [];
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'cg-relay-'));
    const theirs = newAuthority();
    const ca_bundle = join(dir, 'ca.pem');
    writeFileSync(ca_bundle, theirs.ca);
    const names = await startNames();
    const leaf = theirs.issue('api.example', 'serverAuth');
    upstream = await startUpgradeUpstream(leaf);
    grpc = await startGrpcUpstream(leaf);
    const [upgrades, calls, out] = ['relay.sock', 'relay-h2.sock', 'relay-out.sock'].map((name) =>
      join(dir, name),
    ) as [string, string, string];
    relay = await startRelay({ upgrades, calls, out }, { stamp: STAMP, scheme: 'http' });
    const input = { ca_bundle, relay_sockets: [upgrades], relay_h2_sockets: [calls], relay_out_socket: out };
    useNames = names.use;
    gateway = await startGateway({ input, edit: useNames });
    ends.push(
      () => gateway.stop(),
      () => relay.close(),
      () => upstream.close(),
      () => grpc.close(),
      () => names.close(),
      () => rmSync(dir, { recursive: true, force: true }),
    );
  });
  after(async () => {
    for (const end of ends) await end();
  });

  const checkOf = (id: string) => gateway.authz.checks(id)[0] ?? assert.fail('no Check');
  const mask = Buffer.from([9, 8, 7, 6]);

  interface Said {
    readonly wish?: string;
    readonly headers?: readonly string[];
    readonly host?: string;
  }
  /** What came back on a connection until it ended, or until this much of it was there. */
  async function talk(
    scheme: 'http' | 'https',
    path: string,
    { wish = 'relay_websocket', headers = HANDSHAKE, host = 'api.example' }: Said = {},
    then: (socket: Socket, got: string) => void = () => undefined,
  ): Promise<Buffer> {
    relay.wish.scheme = scheme;
    const port = scheme === 'http' ? upstream.http : upstream.https;
    const target = scheme === 'http' ? `http://${host}:${port}${path}` : path;
    const socket = connect(scheme === 'http' ? gateway.explicit : gateway.baseUrl, '127.0.0.1');
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    const lines = [
      `GET ${target} HTTP/1.1`,
      `Host: ${host}:${port}`,
      `x-clawgress-test: ${wish}`,
      'cg-relay-ticket: forged',
      'cg-relay-stamp: forged',
      ...headers,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    let got = Buffer.alloc(0);
    socket.on('data', (part: Buffer) => {
      got = Buffer.concat([got, part]);
      then(socket, got.toString('latin1'));
    });
    await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    return got;
  }
  const bodyOf = (got: Buffer): Buffer => got.subarray(got.indexOf('\r\n\r\n') + 4);
  const entry = (listener: string, receipt: string, route = listener) =>
    waitFor(
      () =>
        gateway
          .log()
          .find(
            (one) => one['listener'] === listener && one['receipt_id'] === receipt && one['route'] === route,
          ),
      `${route} of ${receipt}`,
    );

  for (const scheme of ['http', 'https'] as const) {
    it(`takes a WebSocket to the relay and from there to the destination, ${scheme}`, async () => {
      const id = nonce();
      const got = await talk(scheme, `/echo-${id}`, {}, (socket, so_far) => {
        if (so_far.endsWith('\r\n\r\n'))
          socket.write(Buffer.concat([frame(TEXT, 'hi', mask), frame(8, '', mask)]));
      });
      const { receiptId, requestId } = checkOf(id);
      assert.match(
        got.toString('latin1'),
        new RegExp(`^HTTP/1\\.1 101 [\\s\\S]*x-clawgress-receipt: ${receiptId}\r\n`),
      );
      assert.doesNotMatch(got.toString('latin1'), /forged/);
      assert.deepEqual(
        frameReader()(bodyOf(got)).map(({ payload }) => payload.toString()),
        ['hi', ''],
      );
      const [told] = relay.seen.filter((one) => one.ticket === `ticket.${receiptId}`);
      assert.equal(told?.requestId, requestId);
      assert.deepEqual(
        Object.keys(told?.headers ?? {}).filter((name) => name.startsWith('cg-')),
        ['cg-relay-ticket'],
      );
      assert.deepEqual(Object.keys(upstream.handshakes(id)[0]?.headers ?? {}).sort(), [
        ...['connection', 'host', 'sec-websocket-key', 'sec-websocket-version', 'upgrade', 'x-request-id'],
      ]);
      const first = await entry(scheme === 'http' ? 'explicit' : 'base_url', receiptId, 'relay');
      const second = await entry('relay_out', receiptId);
      assert.deepEqual([first['code'], second['code'], second['request_id']], [101, 101, requestId]);
      assert.match(
        String(second['upstream']),
        new RegExp(`:${scheme === 'http' ? upstream.http : upstream.https}$`),
      );
      assert.equal(gateway.authz.checks(id).length, 1);
    });

    it(`keeps the tail through both hops, ${scheme}`, async () => {
      for (let tries = 0; tries < 5; tries++) {
        const got = await talk(scheme, `/tail-${nonce()}`);
        assert.deepEqual(
          frameReader()(bodyOf(got)).map(({ payload }) => payload.length),
          [TAIL_BYTES, 2],
        );
      }
    });
  }

  it('keeps the tail for a client that goes on sending', async () => {
    for (let tries = 0; tries < 20; tries++) {
      let timer: NodeJS.Timeout | undefined;
      const got = await talk('http', `/tail-${nonce()}`, {}, (socket) => {
        timer ??= setInterval(
          () => socket.destroyed || socket.write(frame(TEXT, Buffer.alloc(1000), mask)),
          1,
        );
        socket.once('close', () => clearInterval(timer));
      });
      assert.deepEqual(
        frameReader()(bodyOf(got)).map(({ payload }) => payload.length),
        [TAIL_BYTES, 2],
        `try ${tries}`,
      );
    }
  });

  it('carries gRPC calls, plain and over TLS, with their trailers', async () => {
    for (const scheme of ['http', 'https'] as const) {
      relay.wish.scheme = scheme;
      const [port, to] = scheme === 'http' ? [gateway.explicit, grpc.plain] : [gateway.baseUrl, grpc.tls];
      const client = grpcClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.default_authority': `api.example:${to}`,
      });
      const many = Array.from({ length: 50 }, (_, i) => `${i}`);
      const got = await client.call(CALLS.chat, many, { wish: 'relay_http' });
      const failed = await client.call(CALLS.fail, ['x'], { wish: 'relay_http' });
      client.close();
      assert.deepEqual([got.code, got.messages, got.trailers['x-late']], [status.OK, many, 'yes']);
      assert.deepEqual([failed.code, failed.details], [status.NOT_FOUND, 'nothing like it']);
      const [told] = relay.seen.slice(-1);
      const second = await entry('relay_out', String(told?.ticket).replace('ticket.', ''));
      assert.equal(second['code'], 200);
      assert.deepEqual(
        Object.keys(grpc.calls.at(-1) ?? {}).filter((name) => /^(cg-|x-cg|x-claw)/.test(name)),
        [],
      );
    }
  });

  it('shows a gRPC client what the second hop refuses', async () => {
    relay.wish.scheme = 'http';
    const client = grpcClient(`127.0.0.1:${gateway.explicit}`, credentials.createInsecure(), {
      'grpc.default_authority': 'private.example:443',
    });
    const got = await client.call(CALLS.unary, ['x'], { wish: 'relay_http' });
    client.close();
    assert.equal(got.code, status.PERMISSION_DENIED);
    assert.match(got.details, /^ADDRESS_REFUSED: .*; receipt rid-\d+$/);
  });

  it('refuses a private address on the second hop, and names the receipt', async () => {
    const id = nonce();
    const got = (await talk('http', `/echo-${id}`, { host: 'private.example' })).toString();
    assert.match(got, /^HTTP\/1\.1 403 [\s\S]*ADDRESS_REFUSED/);
    assert.match(got, new RegExp(`"receipt_id":"${checkOf(id).receiptId}"`));
  });

  it('lets nobody out who does not know the stamp', async () => {
    for (const stamp of ['', `${STAMP}0`, STAMP.slice(1), `${STAMP},${STAMP}`]) {
      const id = nonce();
      relay.wish.stamp = stamp;
      const got = (await talk('http', `/echo-${id}`)).toString();
      relay.wish.stamp = STAMP;
      assert.match(got, /^HTTP\/1\.1 503 [\s\S]*DECISION_UNPROVEN/);
      assert.deepEqual([upstream.handshakes(id), upstream.requests(id)], [[], []]);
      assert.equal(
        gateway
          .log()
          .some((one) => one['listener'] === 'relay_out' && one['receipt_id'] === checkOf(id).receiptId),
        false,
      );
    }
    assert.equal(await relay.report('rid-0', 'cause=none', { 'cg-relay-stamp': 'forged' }), 503);
  });

  it('leads nowhere with a scheme that it does not know', async () => {
    for (const scheme of ['', 'ftp', 'http,https']) {
      const id = nonce();
      const run = talk('http', `/echo-${id}`);
      relay.wish.scheme = scheme;
      assert.match((await run).toString(), /DECISION_UNPROVEN/);
      assert.deepEqual(upstream.handshakes(id), []);
    }
  });

  it('is not for plain requests, even when the gateway says so', async () => {
    const id = nonce();
    const got = (await talk('http', `/plain-${id}`, { headers: ['Connection: close'] })).toString();
    assert.match(got, /DECISION_UNPROVEN/);
    assert.deepEqual(upstream.requests(id), []);
  });

  it('writes down what a relay reports, and takes no request of a destination for a report', async () => {
    const end = 'cause=stream_bytes;in=10;out=20;messages_in=1';
    assert.equal(await relay.report('rid-report', end), 204);
    const line = await entry('relay_out', 'rid-report', 'relay_end');
    assert.deepEqual([line['relay_end'], line['code']], [end, 204]);
    const id = nonce();
    const got = await talk(
      'http',
      `/_relay_end?${id}`,
      { headers: [...HANDSHAKE, 'cg-relay-end: cause=forged'] },
      (socket, so_far) => {
        if (so_far.includes('\r\n\r\n')) socket.destroy();
      },
    );
    assert.match(got.toString(), /^HTTP\/1\.1 101 /);
    const second = await entry('relay_out', checkOf(id).receiptId);
    assert.equal(second['relay_end'], null);
  });

  it('keeps its socket to our own user', () => {
    assert.equal(statSync(join(dir, 'relay-out.sock')).mode & 0o777, 0o600);
  });

  it('shows the relay no ticket that the gateway did not give, and takes the place of a socket that was left', async () => {
    const out = join(dir, 'left.sock');
    await leaveSocket(out);
    const none = await startGateway({
      input: {
        relay_sockets: [join(dir, 'relay.sock')],
        relay_h2_sockets: [join(dir, 'relay-h2.sock')],
        relay_out_socket: out,
      },
      edit: (config) =>
        JSON.parse(
          JSON.stringify(useNames(config)).replaceAll('ext_authz:relay)', 'ext_authz:nothing)'),
        ) as Message,
    });
    try {
      const id = nonce();
      const before = relay.seen.length;
      await sendRaw(
        none.explicit,
        `GET http://api.example:${upstream.http}/echo-${id} HTTP/1.1\r\nHost: api.example:${upstream.http}\r\nx-clawgress-test: relay_websocket\r\ncg-relay-ticket: forged\r\n${HANDSHAKE.join('\r\n')}\r\n\r\n`,
      );
      assert.equal(relay.seen.length, before + 1);
      assert.deepEqual(
        Object.entries(relay.seen.at(-1)?.headers ?? {}).filter(([name]) => name.startsWith('cg-relay-')),
        [],
      );
      assert.ok(await reachable(out), 'the socket of Envoy does not answer');
    } finally {
      await none.stop();
    }
  });

  it('asks the relay of another gateway when one is gone', async () => {
    const more = {
      upgrades: join(dir, 'gone.sock'),
      calls: join(dir, 'gone-h2.sock'),
      out: join(dir, 'relay-out.sock'),
    };
    const other = await startRelay(more, { stamp: STAMP, scheme: 'http' });
    const two = await startGateway({
      input: {
        relay_sockets: [join(dir, 'relay.sock'), more.upgrades],
        relay_h2_sockets: [join(dir, 'relay-h2.sock'), more.calls],
        relay_out_socket: join(dir, 'relay-out-2.sock'),
      },
      edit: useNames,
    });
    try {
      relay.wish.scheme = 'http';
      const ask = (): Promise<string> =>
        new Promise((resolve) => {
          const authority = `api.example:${upstream.http}`;
          const lines = [
            `GET http://${authority}/echo HTTP/1.1`,
            `Host: ${authority}`,
            'x-clawgress-test: relay_websocket',
            ...HANDSHAKE,
          ];
          const socket = connect(two.explicit, '127.0.0.1').on('error', () => undefined);
          socket.on('close', () => resolve('closed'));
          socket.once('data', (part: Buffer) => {
            resolve(part.toString('latin1').slice(9, 12));
            socket.destroy();
          });
          socket.write(`${lines.join('\r\n')}\r\n\r\n`);
        });
      await eventually(() => bothRelaysHealthy(two), 'two healthy relays');
      const before = other.seen.length;
      for (let i = 0; i < 4; i++) assert.equal(await ask(), '101');
      assert.equal(other.seen.length, before + 2);
      await other.close();
      let good = 0;
      await waitFor(() => (two.log().length > 0 ? true : undefined), 'the log');
      for (let tries = 0; tries < 100 && good < 6; tries++) {
        good = (await ask()) === '101' ? good + 1 : 0;
        await sleep(50);
      }
      assert.equal(good, 6);
    } finally {
      await two.stop();
    }
  });

  it('sends nothing when no relay is there', async () => {
    await relay.close();
    const id = nonce();
    const got = (await talk('http', `/echo-${id}`)).toString();
    assert.match(got, /^HTTP\/1\.1 503 [\s\S]*GATEWAY_UNAVAILABLE/);
    assert.deepEqual(upstream.handshakes(id), []);
  });
});
