import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { RelayTicket } from '../../../src/core/relay/relay_ticket.ts';
import type { RelayEvent } from '../../../src/relay/ports.ts';
import { type Relay, startRelay } from '../../../src/relay/relay.ts';
import { type AccessLogTail, tailAccessLogs } from '../../../src/server/access_log.ts';
import type { Closure } from '../../../src/server/ports.ts';
import { type Issued, newAuthority } from '../../support/pki.ts';
import { relayThread } from '../../support/relay_thread.ts';
import { FakeSink } from '../../unit/server/tail_fakes.ts';
import { STAMP } from '../intercept/fake_authz.ts';
import { type Gateway, startGateway, waitFor } from '../intercept/gateway.ts';
import { type GrpcUpstream, startGrpcUpstream } from '../intercept/grpc_upstream.ts';
import { startNames } from '../intercept/names.ts';
import { startUpgradeUpstream, type UpgradeUpstream } from '../intercept/upgrade_upstream.ts';

export interface World {
  readonly gateway: Gateway;
  readonly relay: Relay;
  readonly upstream: UpgradeUpstream;
  readonly grpc: GrpcUpstream;
  /** Of its destinations. */
  readonly leaf: Issued;
  readonly threads: readonly Worker[];
  readonly events: readonly RelayEvent[];
  /** Lets threads start that are to take the place of one that died. */
  letRestart(): void;
  /** What the next tickets order. */
  wish: Partial<RelayTicket>;
  /** The outcome of this receipt, from Envoy's own log. */
  outcome(receipt: string): Promise<Closure['facts']>;
  stop(): Promise<void>;
}

/** The real Envoy and the real relay in its thread, with a scripted gateway between agents and a scripted destination. */
export async function startWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'cg-streams-'));
  const theirs = newAuthority();
  const ca_bundle = join(dir, 'ca.pem');
  writeFileSync(ca_bundle, theirs.ca);
  const names = await startNames();
  const leaf = theirs.issue('api.example', 'serverAuth');
  const [upstream, grpc] = [await startUpgradeUpstream(leaf), await startGrpcUpstream(leaf)];
  const at = (name: string) => join(dir, name);
  const sockets = { socket: at('relay.sock'), h2Socket: at('relay-h2.sock'), outSocket: at('out.sock') };
  const threads: Worker[] = [];
  const events: RelayEvent[] = [];
  const gate = at('may-restart');
  const world = { wish: {} as Partial<RelayTicket>, letRestart: () => writeFileSync(gate, '') };
  const relay = startRelay({
    ...{ ...sockets, stamp: STAMP },
    openTicket: (ticket) => ({
      receipt_id: ticket.replace('ticket.', ''),
      owner: 'default/bot',
      scheme: 'http',
      exp_ms: Date.now() + 60_000,
      ...world.wish,
    }),
    onEvent: (event) => void events.push(event),
    onDown: () => undefined,
    startThread: (places) => {
      const thread = relayThread(places, threads.length > 0 ? waitUntilThere(gate) : '');
      threads.push(thread);
      return thread;
    },
  });
  await relay.ready;
  const closeOthers = async (): Promise<void> => {
    await relay.close(0);
    await upstream.close();
    grpc.close();
    names.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const gateway = await startGateway({
    input: {
      ca_bundle,
      relay_sockets: [sockets.socket],
      relay_h2_sockets: [sockets.h2Socket],
      relay_out_socket: sockets.outSocket,
      // Nothing here is about a gateway that is late.
      check_timeout_ms: 10_000,
    },
    edit: names.use,
  }).catch(async (error: unknown) => {
    await closeOthers();
    throw error;
  });
  const { outcome, tail } = followed(gateway);
  const stop = async (): Promise<void> => {
    await tail.stop();
    await gateway.stop();
    await closeOthers();
  };
  return Object.assign(world, { gateway, relay, upstream, grpc, leaf, threads, events, outcome, stop });
}

/** Code that holds a thread up until this file is there. */
function waitUntilThere(file: string): string {
  const pause = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)';
  return `while (!require('node:fs').existsSync(${JSON.stringify(file)})) ${pause}`;
}

function followed(gateway: Gateway): { outcome: World['outcome']; tail: AccessLogTail } {
  const sink = new FakeSink();
  const tail = tailAccessLogs({
    envoyDir: gateway.envoyDir,
    sink,
    onError: (error) => {
      throw error;
    },
    pollMs: 50,
  });
  const found = (receipt: string) => sink.closures.find(({ receipt_id }) => receipt_id === receipt)?.facts;
  return {
    tail,
    outcome: (receipt) => waitFor(() => found(receipt), `the outcome of ${receipt}`),
  };
}

export interface Talk {
  readonly socket: Socket;
  /** Behind the head of the answer. */
  payload(): Buffer;
  head(): string;
  readonly ended: Promise<void>;
}

/** A handshake through the proxy port that the gateway sends through the relay; resolves with the head of its answer. */
export async function handshake({ gateway, upstream }: World, path: string): Promise<Talk> {
  const authority = `api.example:${upstream.http}`;
  const lines = [
    `GET http://${authority}${path} HTTP/1.1`,
    `Host: ${authority}`,
    'x-clawgress-test: relay_websocket',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Extensions: permessage-deflate',
  ];
  const socket = connect(gateway.explicit, '127.0.0.1');
  let got = Buffer.alloc(0);
  socket.on('data', (part: Buffer) => {
    got = Buffer.concat([got, part]);
  });
  socket.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  const end = () => got.indexOf('\r\n\r\n');
  await Promise.race([ended, waitFor(() => (end() < 0 ? undefined : true), 'an answer')]);
  return {
    ...{ socket, ended },
    payload: () => got.subarray(end() + 4),
    head: () => got.subarray(0, end()).toString('latin1'),
  };
}
