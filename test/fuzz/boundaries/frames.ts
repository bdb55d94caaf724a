import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  encodeFrame,
  FRAME_BYTES_MAX,
  FRAME_VERSION,
  FrameReader,
} from '../../../src/recorder/remote/frame.ts';
import { ASK, PROTOCOL } from '../../../src/recorder/remote/protocol.ts';
import { serveUnix } from '../../../src/recorder/remote/server.ts';
import { SILENT } from '../../unit/authn/fixtures.ts';
import { serviceOf } from '../../unit/recorder/remote/reach.ts';
import { openWithPolicy, proposal, StateDirs } from '../../unit/recorder/workbench.ts';
import type { Boundary } from '../boundary.ts';
import { sendTo } from '../socket.ts';

const INSPECTED = {
  receipt_id: '01890a5d-ac96-774b-bcce-b302099a8057',
  facts: {
    ...{ part: 'response', state: 'complete', index: 0, format: 'json', bytes_in: 0, bytes_out: 0 },
    ...{ digest_in: 'a'.repeat(64), digest_out: 'a'.repeat(64), tool_calls: ['search'], model: 'm' },
  },
  is_end: true,
};

const HELLO = { protocol: PROTOCOL, gateway_id: 'gateway-1' };

/**
 * Bytes on the recorder's socket. Judges: a second reader of frames, written over the whole input, cuts it alike in any
 * split; and after each connection the recorder still answers, its journal holding only what whole proposals asked for.
 */
export async function frames(): Promise<Boundary> {
  const states = new StateDirs();
  const dir = states.create();
  const recorder = await openWithPolicy(dir);
  const folder = join(dir, 'sockets');
  mkdirSync(folder, { mode: 0o700 });
  const path = join(folder, 'r.sock');
  const server = await serveUnix(path, serviceOf(recorder), SILENT);
  const frame = (kind: number, id: number, body: object) =>
    encodeFrame(kind, id, JSON.stringify(body)) ?? Buffer.alloc(0);
  const hello = frame(ASK.hello, 1, HELLO);
  const session = Buffer.concat([
    hello,
    frame(ASK.append, 2, proposal()),
    frame(ASK.logPosition, 3, { file_id: 'e.1' }),
    frame(ASK.inspect, 4, INSPECTED),
  ]);
  return {
    name: 'frames',
    corpus: [
      session,
      hello,
      frame(ASK.append, 2, proposal()),
      frame(ASK.inspect, 4, INSPECTED),
      Buffer.concat([hello, hello]),
    ],
    async check(input) {
      assert.deepEqual(cutBySplit(input), cutWhole(input));
      await sendTo(path, input);
      assert.equal(recorder.status().phase, 'running');
      assert.ok(await greets(path, hello), 'another gateway is not answered any more');
      return true;
    },
    async close() {
      await server.close();
      await recorder.stop();
      states.clean();
    },
  };
}

type Cut = readonly (readonly [number, number, string])[];

function cutBySplit(input: Uint8Array): Cut {
  const reader = new FrameReader();
  const found: [number, number, string][] = [];
  for (let at = 0; at < input.length; at += 7) {
    reader.push(Buffer.from(input.subarray(at, at + 7)));
    for (let next = reader.next(); ; next = reader.next()) {
      if (!next.ok) return found;
      if (next.value === undefined) break;
      found.push([next.value.kind, next.value.id, Buffer.from(next.value.body).toString('hex')]);
    }
  }
  return found;
}

function cutWhole(input: Uint8Array): Cut {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const found: [number, number, string][] = [];
  for (let at = 0; at + 4 <= input.length; ) {
    const length = view.getUint32(at);
    if (length < 6 || length > FRAME_BYTES_MAX || at + 4 + length > input.length) break;
    if (view.getUint8(at + 4) !== FRAME_VERSION) break;
    const body = Buffer.from(input.subarray(at + 10, at + 4 + length)).toString('hex');
    found.push([view.getUint8(at + 5), view.getUint32(at + 6), body]);
    at += 4 + length;
  }
  return found;
}

function greets(path: string, hello: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false)).once('close', () => resolve(false));
    socket.write(hello);
  });
}
