import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { Socket } from 'node:net';
import { ANSWER_MS_MAX, type Call, receiptOf, type Seen, type Sent, wayOf } from './fault_client.ts';
import { frame, frameReader, TEXT } from './websocket.ts';

const MASK = Buffer.from([1, 2, 3, 4]);

/** A WebSocket that says something, waits for the echo and stays a while. 0: it opened, and no echo came. */
export async function callSocket(one: Call): Promise<Sent> {
  const started = performance.now();
  const seen = await webSocket(one, wayOf(one));
  return { nonce: one.nonce, kind: one.kind, started, ended: performance.now(), ...seen };
}

function webSocket({ nonce, ms }: Call, options: http.RequestOptions): Promise<Seen> {
  return new Promise((resolve) => {
    const key = randomBytes(16).toString('base64');
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const headers = { ...options.headers, ...upgrade, 'sec-websocket-key': key };
    const call = http.request({ ...options, headers, agent: false });
    const late = setTimeout(() => call.destroy(), ANSWER_MS_MAX);
    const end = (seen: Seen): void => {
      clearTimeout(late);
      call.destroy();
      resolve(seen);
    };
    call.on('response', (response) => {
      response.resume();
      response.on('error', () => undefined);
      response.on('close', () => end({ status: response.statusCode ?? 0, ...receiptOf(response.headers) }));
    });
    call.on('upgrade', ({ headers: got }, socket, head) => {
      const told = (echoed: boolean): void => {
        socket.destroy();
        end({ status: echoed ? 101 : 0, ...receiptOf(got) });
      };
      talk(socket, head, { nonce, ms, told });
    });
    call.on('error', () => end({ status: 0 }));
    call.end();
  });
}

interface Talk extends Pick<Call, 'nonce' | 'ms'> {
  /** Called once with whether the echo came, `ms` after it. */
  told(echoed: boolean): void;
}

function talk(socket: Socket, head: Buffer, { nonce, ms, told }: Talk): void {
  const read = frameReader();
  let echoed = false;
  const hear = (bytes: Buffer): void => {
    if (!read(bytes).some(({ payload }) => payload.toString() === nonce)) return;
    echoed = true;
    setTimeout(() => socket.destroy(), ms);
  };
  const late = setTimeout(() => socket.destroy(), ANSWER_MS_MAX);
  socket.on('data', hear);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clearTimeout(late);
    told(echoed);
  });
  hear(head);
  socket.write(frame(TEXT, nonce, MASK));
}
