import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { handOut } from '../../../src/clients/netns_listener.ts';
import { relayFor } from '../../../src/clients/netns_relay.ts';
import { eventually } from '../../support/running.ts';

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function open(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** A free one from `from` on: below those that the system gives away, so that no connection takes it meanwhile. */
async function quietPort(from: number): Promise<number> {
  const server = createServer();
  const isFree = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(from, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  return isFree ? from : await quietPort(from + 1);
}

/** Sends everything and ends its side; what came back, up to the end of the other. */
async function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  socket.end(bytes);
  await once(socket, 'end');
  return Buffer.concat(parts);
}

describe('the relay of a confined command', () => {
  let gateway: Server;
  before(async () => {
    // Answers only when the other side has ended, as a half-closed client expects.
    gateway = createServer({ allowHalfOpen: true }, (socket) => {
      const parts: Buffer[] = [];
      socket.on('data', (part: Buffer) => parts.push(part));
      socket.on('end', () => socket.end(Buffer.concat(parts)));
    });
    await open(gateway);
  });
  after(() => void gateway.close());

  it('carries every byte both ways, with both ends', async () => {
    const child = new EventEmitter();
    const inside = await open(createServer());
    const places = new Map([[portOf(inside), { host: '127.0.0.1', port: portOf(gateway) }]]);
    const relay = relayFor(child as ChildProcess, places);
    assert.equal(relay.isComplete(), false);
    child.emit('message', { port: portOf(inside) }, inside);
    assert.equal(relay.isComplete(), true);
    const bytes = randomBytes(3_000_000);
    const [one, two] = await Promise.all([exchange(portOf(inside), bytes), exchange(portOf(inside), bytes)]);
    assert.ok(one.equals(bytes) && two.equals(bytes), 'what went in came out');
    relay.close();
  });

  it('takes no socket that it did not ask for', async () => {
    const child = new EventEmitter();
    const inside = await open(createServer());
    const relay = relayFor(
      child as ChildProcess,
      new Map([[1, { host: '127.0.0.1', port: portOf(gateway) }]]),
    );
    child.emit('message', { port: portOf(inside) }, inside);
    child.emit('message', { port: 1 }, 'no server');
    assert.equal(relay.isComplete(), false);
    inside.close();
  });
});

it('the listener hands out each port once it listens, and keeps none', async () => {
  const first = await quietPort(11_000 + (process.pid % 1_000));
  const ports = [first, await quietPort(first + 1)];
  const seen: number[] = [];
  await handOut(ports, async ({ port }, server) => {
    assert.equal(portOf(server), port);
    seen.push(port);
  });
  assert.deepEqual(seen, ports);
  const taken = await open(createServer());
  await assert.rejects(
    handOut([portOf(taken)], async () => {}),
    { code: 'EADDRINUSE' },
  );
  taken.close();
});

it('a folder is removed when its process is killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cg-gone-'));
  const own = join(dir, "odd 'name");
  mkdirSync(own);
  writeFileSync(join(own, 'file'), 'x');
  const module = new URL('../../../src/clients/left_behind.ts', import.meta.url).href;
  const script = `const { removeWhenGone } = await import(${JSON.stringify(module)}); removeWhenGone(process.argv[1]); console.log('ready'); setInterval(() => {}, 1000);`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script, own];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    assert.ok(existsSync(own), 'it is there while the process is');
    child.kill('SIGKILL');
    await eventually(() => (existsSync(own) ? undefined : true), 'the folder to go');
    assert.ok(existsSync(dir), 'and nothing else');
  } finally {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
});
