import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from 'node:test';
import type { RecorderOptions } from '../../../../src/recorder/options.ts';
import type { Recorder } from '../../../../src/recorder/recorder.ts';
import { RecorderClient } from '../../../../src/recorder/remote/client.ts';
import { type Dial, dialTls, dialUnix } from '../../../../src/recorder/remote/dial.ts';
import { type RecorderServer, serveTls, serveUnix } from '../../../../src/recorder/remote/server.ts';
import { type RecorderService, recorderService } from '../../../../src/recorder/remote/service.ts';
import { type Authority, newAuthority } from '../../../support/pki.ts';
import type { Reached } from '../contract.ts';
import { openWithPolicy, StateDirs } from '../workbench.ts';

export const SILENT = { info: () => undefined, warn: () => undefined };
export const SERVER_NAME = 'recorder.test';
export const CLIENT_NAME = 'gateway';
export const DEADLINE_MS = 5_000;

export function serviceOf(recorder: Recorder): RecorderService {
  return recorderService(recorder, {
    checkpoint: () => recorder.checkpoint(),
    sync: async () => undefined,
  });
}

/** For one test file. After each test its clean-ups run, the last one first, and its folders go. */
export function cleaned(): { readonly states: StateDirs; readonly cleanups: (() => unknown)[] } {
  const states = new StateDirs();
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    states.clean();
  });
  return { states, cleanups };
}

export interface Wire {
  readonly server: RecorderServer;
  readonly dial: Dial;
}

export async function unixWire(dir: string, service: RecorderService): Promise<Wire> {
  const folder = join(dir, 'sockets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const path = join(folder, 'recorder.sock');
  return { server: await serveUnix(path, service, SILENT), dial: dialUnix(path) };
}

/** Made once for a test file: openssl takes a moment. */
export function tlsWire(authority: Authority = newAuthority()) {
  const server = authority.issue(SERVER_NAME, 'serverAuth');
  const client = authority.issue(CLIENT_NAME, 'clientAuth');
  return async (_dir: string, service: RecorderService): Promise<Wire> => {
    const identity = { ...server, client_ca: authority.ca, client_names: [CLIENT_NAME] };
    const serving = await serveTls({ address: '127.0.0.1', port: 0 }, identity, service, SILENT);
    const dial = dialTls({
      ...{ host: '127.0.0.1', port: serving.port },
      ...{ ca: authority.ca, ...client, server_name: SERVER_NAME },
    });
    return { server: serving, dial };
  };
}

export function clientOf(dial: Dial, gateway_id = 'gateway-1', deadline_ms = DEADLINE_MS): RecorderClient {
  return new RecorderClient({ dial, gateway_id, deadline_ms, log: SILENT });
}

/** A recorder, a server in front of it and a client that has reached it. */
export async function reach(
  dir: string,
  overrides: Partial<RecorderOptions> | undefined,
  wire: (dir: string, service: RecorderService) => Promise<Wire>,
): Promise<Reached> {
  const recorder = await openWithPolicy(dir, overrides);
  const { server, dial } = await wire(dir, serviceOf(recorder));
  const port = clientOf(dial);
  await port.whenReachable();
  return {
    port,
    recorder,
    turn: async () => void (await port.sync()),
    stop: async () => {
      port.stop();
      await server.close();
      await recorder.stop();
    },
  };
}
