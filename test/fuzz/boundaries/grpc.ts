import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { createCheck } from '../../../src/server/check.ts';
import { listen } from '../../../src/server/listen.ts';
import { AUTHORIZATION } from '../../../src/server/services.ts';
import { ALLOWED, bench, policy, snapshot } from '../../unit/server/fakes.ts';
import { checkRequest, readResponse } from '../../unit/server/official.ts';
import type { Boundary } from '../boundary.ts';
import { sendTo } from '../socket.ts';

/**
 * Bytes on the socket that Envoy speaks to. Judge: whatever one connection sends, the process stays up and a Check on
 * another connection is answered as before.
 */
export async function grpc(): Promise<Boundary> {
  const folder = mkdtempSync(join(tmpdir(), 'cg-fuzz-'));
  const path = join(folder, 'a.sock');
  const setup = bench(() => snapshot(policy(ALLOWED)));
  const server = await listen(path, createCheck(setup.deps), {
    bounds: { graceMs: 200, forceMs: 200 },
  });
  const recording = await record(path, join(folder, 'r.sock'));
  const client = new Client(`unix:${path}`, credentials.createInsecure());
  return {
    name: 'grpc',
    corpus: [recording, recording.slice(0, 24), recording.slice(24)],
    async check(input) {
      await sendTo(path, input);
      setup.recorder.proposals.length = 0;
      assert.equal(readResponse(await call(client)).denied_response ?? undefined, undefined);
      return true;
    },
    async close() {
      client.close();
      await server.drain();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function call(client: Client): Promise<Buffer> {
  const metadata = new Metadata();
  metadata.set('x-cg-node', 'envoy-1');
  metadata.set('x-cg-epoch', 'e1');
  const same = (buffer: Buffer) => buffer;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      AUTHORIZATION.check.path,
      same,
      same,
      Buffer.from(checkRequest()),
      metadata,
      (error, value) => (value === undefined ? reject(error) : resolve(value)),
    );
  });
}

/** What a real client sends for one Check, taken from the wire. */
async function record(target: string, tap: string): Promise<Uint8Array> {
  const sent: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((downstream) => {
    const upstream = connect(target);
    sockets.push(downstream, upstream);
    downstream.on('data', (chunk) => sent.push(chunk));
    downstream.pipe(upstream).pipe(downstream);
    for (const socket of [downstream, upstream]) socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(tap, resolve));
  const client = new Client(`unix:${tap}`, credentials.createInsecure());
  await call(client);
  client.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  return Buffer.concat(sent);
}
