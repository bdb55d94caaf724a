import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureEnvoy } from '../../../bin/fetch-envoy.mjs';
import { envoyConfig, renderConfig } from '../../../src/intercept/config/bootstrap.ts';
import type { EnvoyConfigInput } from '../../../src/intercept/config/input.ts';
import type { Message } from '../../../src/intercept/config/typed.ts';
import { type EnvoyExit, openEnvoyProcess } from '../../../src/intercept/envoy_process.ts';
import type { Epoch } from '../../../src/intercept/epochs.ts';
import type { SecretSource } from '../../../src/server/sds/ports.ts';
import { freePort } from '../../support/free_port.ts';
import { type FakeAuthz, STAMP, startAuthz } from './fake_authz.ts';
import { CA_BUNDLE, UPSTREAM } from './upstream.ts';

/** Far longer than a start takes: what a busy machine needs is no matter of these tests. */
const READY_MS = 60_000;
const CACHE = fileURLToPath(new URL('../../../.cache/envoy', import.meta.url));

export function findEnvoy(): Promise<string> {
  return ensureEnvoy({ cacheDir: CACHE, log: (line: string) => process.stderr.write(`${line}\n`) });
}

export interface Gateway {
  readonly explicit: number;
  readonly baseUrl: number;
  readonly epoch: Epoch;
  readonly envoyDir: string;
  readonly authz: FakeAuthz;
  readonly adminSocket: string;
  readonly exits: readonly EnvoyExit[];
  /** Access log entries so far, whole lines only. */
  log(): readonly Record<string, unknown>[];
  /** Waits for the entry of this receipt or request; that of a tunnel, not of the connection inside. */
  logged(id: string): Promise<Record<string, unknown>>;
  /** Ends Envoy and keeps its folder. */
  endEnvoy(): Promise<void>;
  stop(): Promise<void>;
}

export interface GatewayOptions {
  readonly input?: Partial<EnvoyConfigInput>;
  /** Sockets of further gateways, which the caller runs. */
  readonly more?: readonly string[];
  /** Where certificates of opened tunnels come from; none by default. */
  readonly secrets?: SecretSource;
  /** Last change to the configuration, for sabotage. */
  readonly edit?: (config: Message) => Message;
}

/** The real Envoy with the product's configuration, in front of a gateway that answers as told. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-envoy-'));
  const socket = join(dir, 'authz.sock');
  const adminSocket = join(dir, 'admin.sock');
  const [explicit, baseUrl] = [await freePort(), await freePort()];
  const exits: EnvoyExit[] = [];
  const authz = await startAuthz(socket, options.secrets);
  const envoy = await openEnvoyProcess({
    bin: await findEnvoy(),
    envoyDir: join(dir, 'envoy'),
    adminSocket,
    concurrency: 1,
    limits: { drain_ms: 300, ready_ms: READY_MS },
    on: { exited: (exit) => exits.push(exit) },
    render: ({ epoch, accessLog }) => {
      const input = configFor(dir, { explicit, baseUrl, epoch, accessLog, socket }, options.more);
      return renderConfig(
        (options.edit ?? ((config) => config))(envoyConfig({ ...input, ...options.input })),
      );
    },
  });
  const epoch = await envoy.start().catch(async (error: unknown) => {
    authz.stop();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  });
  const log = (): Record<string, unknown>[] => readLog(join(epoch.dir, 'access.log'));
  return {
    ...{ explicit, baseUrl, epoch, authz, exits, log, adminSocket, envoyDir: join(dir, 'envoy') },
    logged: (id) =>
      waitFor(
        () =>
          log().find(
            (entry) =>
              entry['listener'] !== 'handshake' && (entry['receipt_id'] === id || entry['request_id'] === id),
          ),
        id,
      ),
    endEnvoy: () => envoy.stop(),
    async stop() {
      await envoy.stop();
      authz.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Places {
  readonly explicit: number;
  readonly baseUrl: number;
  readonly epoch: string;
  readonly accessLog: string;
  readonly socket: string;
}

export function configFor(dir: string, places: Places, more: readonly string[] = []): EnvoyConfigInput {
  return {
    node_id: 'test-node',
    epoch: places.epoch,
    stamp: STAMP,
    authz_sockets: [places.socket, ...more],
    relay_sockets: [join(dir, 'relay.sock')],
    relay_h2_sockets: [join(dir, 'relay-h2.sock')],
    relay_out_socket: join(dir, 'relay-out.sock'),
    admin_socket: join(dir, 'admin.sock'),
    access_log: places.accessLog,
    explicit_proxy: { address: '127.0.0.1', port: places.explicit },
    base_url: { address: '127.0.0.1', port: places.baseUrl },
    transparent: [],
    allow_cidrs: [`${UPSTREAM}/32`],
    ca_bundle: CA_BUNDLE,
    // Only what is left unanswered may come to this: a busy machine must not.
    check_timeout_ms: 5_000,
  };
}

function readLog(file: string): Record<string, unknown>[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** For what never comes; a busy machine stays far below. */
const WAIT_MAX_MS = 60_000;

export async function waitFor<T>(look: () => T | undefined, what: string): Promise<T> {
  const limit = performance.now() + WAIT_MAX_MS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > limit) break;
    await sleep(25);
  }
  throw new Error(`waited in vain for ${what}`);
}
