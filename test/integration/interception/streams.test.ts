/**
 * Promise: a WebSocket or gRPC call passes only with a rule for it, ends when its rule says so and not a byte later, and
 * its receipt and outcome say what held and why it ended. The real CLI, the real Envoy, the real relay, real clients.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { newAuthority } from '../../support/pki.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { CLOSE, frame, frameReader, TEXT } from '../../support/websocket.ts';
import { CALLS, type GrpcUpstream, startGrpcUpstream } from '../intercept/grpc_upstream.ts';
import { startUpgradeUpstream, type UpgradeUpstream } from '../intercept/upgrade_upstream.ts';
import { UPSTREAM } from '../intercept/upstream.ts';

const CAP_BYTES = 600;
const MESSAGE_BYTES = 100;
const MASK = Buffer.from([1, 2, 3, 4]);

for (const gateways of [1, 2])
  describe(`streams with ${gateways} gateways, from the client to the journal`, { timeout: 540_000 }, () => {
    let running: Running;
    let upstream: UpgradeUpstream;
    let calls: GrpcUpstream;
    before(async () => {
      const leaf = newAuthority().issue('api.example', 'serverAuth');
      [upstream, calls] = [await startUpgradeUpstream(leaf), await startGrpcUpstream(leaf)];
      const stateDir = mkdtempSync(join(tmpdir(), 'cg-streams-'));
      const config = join(stateDir, 'clawgress.yaml');
      writeFileSync(config, `gateways: ${gateways}\nupstream: { allow_cidrs: [${UPSTREAM}/32] }\n`);
      writeFileSync(join(stateDir, 'policy.yaml'), policy(), { mode: 0o600 });
      running = await startClawgress({ stateDir, args: ['--config', config] });
    });
    after(async () => {
      await running?.stop();
      running?.remove();
      await upstream?.close();
      calls?.close();
    });

    const records = (): NaiveRecord[] =>
      readJournal(running.endpoints.journal_dir, running.endpoints.public_keys);
    const decision = (receipt: unknown): NaiveRecord =>
      records().find((one) => one['type'] === 'decision' && one['receipt_id'] === receipt) ?? {};
    const outcome = (receipt: unknown): Promise<NaiveRecord> =>
      eventually(() => records().find((one) => one['decision_ref'] === receipt), 'the outcome');
    const credential = () => basic(running.agents[0] ?? assert.fail('no demo agent'));

    interface Upgraded {
      readonly socket: Socket;
      readonly status: number;
      readonly receipt: string;
      readonly head: string;
      /** Payload of the frames that came so far, and whether the other side has closed. */
      readonly got: { texts: string[]; closed: boolean };
    }

    /** A handshake through the explicit proxy. */
    function upgrade(path: string, more: readonly string[] = []): Promise<Upgraded> {
      const authority = `${UPSTREAM}:${upstream.http}`;
      const proxy = new URL(running.endpoints.explicit_proxy);
      const socket = connect(Number(proxy.port), proxy.hostname);
      const request = [
        ...[`GET http://${authority}${path} HTTP/1.1`, `Host: ${authority}`],
        ...[`Proxy-Authorization: ${credential()}`, 'Connection: Upgrade', 'Upgrade: websocket'],
        ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ...more, '\r\n'],
      ];
      socket.write(request.join('\r\n'));
      const got = { texts: [] as string[], closed: false };
      const read = frameReader();
      let head = Buffer.alloc(0);
      let isOpen = false;
      const take = (bytes: Buffer): void => {
        for (const one of read(bytes)) if (one.opcode === TEXT) got.texts.push(one.payload.toString());
      };
      return new Promise((resolve, reject) => {
        socket.on('error', () => undefined);
        socket.on('close', () => {
          got.closed = true;
          reject(new Error('closed before an answer'));
        });
        socket.on('data', (part: Buffer) => {
          if (isOpen) return take(part);
          head = Buffer.concat([head, part]);
          const end = head.indexOf('\r\n\r\n');
          if (end < 0) return;
          isOpen = true;
          const text = head.subarray(0, end).toString('latin1');
          const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
          const receipt = /^x-clawgress-receipt: (\S+)/im.exec(text)?.[1] ?? '';
          const body = head.subarray(end + 4);
          if (status === 101) take(body);
          resolve({ socket, status, receipt, head: `${text}\r\n\r\n${body.toString('latin1')}`, got });
        });
      });
    }
    const say = ({ socket }: Upgraded, text: string) => socket.write(frame(TEXT, text, MASK));

    it('lets a WebSocket pass where a rule is for it, and closes its record when it ends', async () => {
      const open = await upgrade('/echo/free');
      assert.equal(open.status, 101, open.head);
      say(open, 'hello');
      await eventually(() => (open.got.texts.includes('hello') ? true : undefined), 'the echo');
      open.socket.end(frame(CLOSE, Buffer.from([0x03, 0xe8]), MASK));
      const { request, verdict, rule_id, stream } = decision(open.receipt);
      assert.deepEqual(
        { protocol: request.protocol, verdict, rule_id, stream },
        { protocol: 'websocket', verdict: 'allow', rule_id: 'free', stream: undefined },
      );
      assert.equal((await outcome(open.receipt))['state'], 'completed');
    });

    it('lets no WebSocket pass on a rule for requests, and no other upgrade at all', async () => {
      const plain = await upgrade('/plain');
      assert.equal(plain.status, 403, plain.head);
      assert.equal(decision(plain.receipt)['reason'], 'UPGRADE_NOT_ALLOWED');
      const twice = await upgrade('/echo/free', ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']);
      assert.equal(twice.status, 400, twice.head);
      assert.equal(decision(twice.receipt)['reason'], 'UPGRADE_INVALID');
      const marked = await upgrade('/plain', ['x-cg-route: websocket']);
      assert.equal(marked.status, 403, marked.head);
    });

    it('ends a WebSocket at its bytes, and says so', async () => {
      const open = await upgrade('/echo/bytes');
      assert.equal(open.status, 101, open.head);
      for (let i = 0; i < 50 && !open.got.closed; i += 1) {
        say(open, 'x'.repeat(50));
        await eventually(() => (open.got.closed || open.got.texts.length > i ? true : undefined), 'an echo');
      }
      assert.equal(open.got.closed, true, 'the stream was ended');
      assert.ok(open.got.texts.join('').length < CAP_BYTES, 'less came back than both directions may carry');
      assert.deepEqual(decision(open.receipt)['stream'], { max_bytes: CAP_BYTES });
      assert.equal((await outcome(open.receipt))['cause'], 'stream_bytes');
    });

    it('ends a WebSocket at its time', async () => {
      const open = await upgrade('/echo/time');
      assert.equal(open.status, 101, open.head);
      await eventually(() => (open.got.closed ? true : undefined), 'the end');
      assert.equal((await outcome(open.receipt))['cause'], 'stream_time');
    });

    it('looks into frames where a rule says so', async () => {
      const seen = await upgrade('/echo/seen');
      say(seen, 'one');
      say(seen, 'x'.repeat(MESSAGE_BYTES + 1));
      await eventually(() => (seen.got.texts.length === 2 ? true : undefined), 'both echoes');
      seen.socket.end(frame(CLOSE, Buffer.from([0x03, 0xe8]), MASK));
      const counted = (await outcome(seen.receipt))['frames'];
      assert.equal(counted?.messages_in, 2);
      assert.equal(counted?.largest, MESSAGE_BYTES + 1);
      const blocked = await upgrade('/echo/blocked');
      say(blocked, 'one');
      await eventually(() => (blocked.got.texts.includes('one') ? true : undefined), 'the first echo');
      say(blocked, 'x'.repeat(MESSAGE_BYTES + 1));
      await eventually(() => (blocked.got.closed ? true : undefined), 'the end');
      assert.equal((await outcome(blocked.receipt))['cause'], 'frame_blocked');
    });

    interface Called {
      readonly code: number;
      readonly details: string;
      readonly messages: readonly string[];
      readonly receipt: string;
    }
    function call(path: string, sent: readonly string[]): Promise<Called> {
      const same = (value: Buffer): Buffer => value;
      const client = new Client(
        new URL(running.endpoints.explicit_proxy).host,
        credentials.createInsecure(),
        {
          'grpc.default_authority': `${UPSTREAM}:${calls.plain}`,
          'grpc.enable_http_proxy': 0,
        },
      );
      const metadata = new Metadata();
      metadata.set('proxy-authorization', credential());
      const stream = client.makeBidiStreamRequest(path, same, same, metadata, {
        deadline: Date.now() + 60_000,
      });
      const messages: string[] = [];
      let receipt = '';
      return new Promise<Called>((resolve) => {
        const note = (more: Metadata) => {
          receipt ||= String(more.get('x-clawgress-receipt')[0] ?? '');
        };
        stream.on('metadata', note);
        stream.on('data', (part: Buffer) => messages.push(part.toString()));
        stream.on('error', () => undefined);
        stream.on('status', ({ code, details, metadata: trailers }) => {
          note(trailers);
          client.close();
          resolve({ code, details, messages, receipt });
        });
        for (const one of sent) stream.write(Buffer.from(one));
        stream.end();
      });
    }

    it('passes gRPC calls, directly and through the relay', async () => {
      for (const [path, rule, sent] of [
        [CALLS.unary, 'calls', ['hello']],
        [CALLS.chat, 'capped-calls', ['a', 'b', 'c']],
      ] as const) {
        const called = await call(path, sent);
        assert.deepEqual([called.code, called.messages], [0, [...sent]], called.details);
        const { request, rule_id } = decision(called.receipt);
        assert.deepEqual([request.protocol, rule_id], ['grpc', rule]);
        assert.equal((await outcome(called.receipt))['state'], 'completed');
      }
    });

    it('ends a gRPC call at its bytes', async () => {
      const called = await call(
        CALLS.chat,
        Array.from({ length: 20 }, () => 'x'.repeat(100)),
      );
      assert.notEqual(called.code, 0);
      assert.ok(called.messages.join('').length < CAP_BYTES, 'less came back than may pass');
      const cut = await eventually(
        () =>
          records().find(
            (one) => one['type'] === 'outcome' && one['cause'] === 'stream_bytes' && isCall(one),
          ),
        'the outcome',
      );
      assert.equal(decision(cut['decision_ref'])['rule_id'], 'capped-calls');
    });
    const isCall = (one: NaiveRecord) => decision(one['decision_ref'])['request']?.protocol === 'grpc';

    it('tells a denied gRPC client by status and message', async () => {
      const denied = await call(CALLS.collect, ['x']);
      assert.equal(denied.code, 7, denied.details);
      assert.match(denied.details, /^POLICY_NO_MATCH: .+; receipt [0-9a-f-]{36}$/);
      assert.equal(denied.receipt, denied.details.slice(-36));
      assert.equal(decision(denied.receipt)['reason'], 'POLICY_NO_MATCH');
    });

    it('counts what the relay carried', async () => {
      const text = await eventually(async () => {
        const now = await (await fetch(running.endpoints.metrics)).text();
        return /clawgress_relay_streams(\{[^}]*\})? 0/.test(now) ? now : undefined;
      }, 'no stream to be left');
      assert.match(
        text,
        /clawgress_relay_ended_total\{[^}]*protocol="websocket",cause="stream_bytes"[^}]*\} [1-9]/,
      );
    });

    function policy(): string {
      const to = (port: number) => `destination: {hosts: [${UPSTREAM}], ports: [${port}], schemes: [http]}`;
      const rule = (id: string, port: number, path: string, kind: string, more = '') =>
        `  - {id: ${id}, match: {${to(port)}, path_prefixes: [${path}], protocol: {kind: ${kind}}}, ${more}action: allow}\n`;
      const socket = (id: string, more = '') =>
        rule(id, upstream.http, `/echo/${id}`, 'websocket', more && `${more}, `);
      return `schema: clawgress/policy/v1
id: streams
rules:
${socket('free')}${socket('bytes', `stream: {max_bytes: ${CAP_BYTES}}`)}${socket('time', 'stream: {max_seconds: 1}')}${socket(
  'seen',
  `stream: {max_message_bytes: ${MESSAGE_BYTES}}, frames: observe`,
)}${socket('blocked', `stream: {max_message_bytes: ${MESSAGE_BYTES}}, frames: block`)}${rule(
  ...(['plain', upstream.http, '/plain', 'http'] as const),
)}${rule('calls', calls.plain, CALLS.unary, 'grpc')}${rule(
  ...(['capped-calls', calls.plain, CALLS.chat, 'grpc', `stream: {max_bytes: ${CAP_BYTES}}, `] as const),
)}`;
    }
  });
