import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { SecretService } from '../../../src/server/sds/service.ts';
import { freePort } from '../../support/free_port.ts';
import { findEnvoy, waitFor } from '../intercept/gateway.ts';

type Message = Readonly<Record<string, unknown>>;

export interface OnDemandEnvoy {
  readonly pid: number;
  /** Connects with this name in the greeting; the serial of the certificate shown, or why there was none. */
  handshake(name: string): Promise<Handshake>;
  /** Value of one of Envoy's own counters or gauges, 0 while it does not exist. */
  stat(name: string): Promise<number>;
  /** Serves secrets again, after `cutOff`. */
  reconnect(service: SecretService): Promise<void>;
  cutOff(): void;
  stop(): Promise<void>;
}

export type Handshake =
  | { readonly ok: true; readonly serial: string; readonly ms: number }
  | { readonly ok: false; readonly why: string; readonly ms: number };

/** Clients of this test give up after it; nothing may take that long. */
const CLIENT_MS_MAX = 60_000;

/** A real Envoy that terminates TLS with whatever `service` hands out, and nothing else. */
export async function startOnDemandEnvoy(
  service: SecretService,
  trusted: () => string,
): Promise<OnDemandEnvoy> {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-sds-'));
  const socket = join(dir, 'sds.sock');
  const admin = join(dir, 'admin.sock');
  const port = await freePort();
  let server = await serve(service, socket);
  const config = join(dir, 'envoy.json');
  writeFileSync(config, JSON.stringify(envoyConfig(port, socket, admin)));
  const child = spawn(
    await findEnvoy(),
    [
      '-c',
      config,
      '--concurrency',
      '2',
      '--use-dynamic-base-id',
      '--log-level',
      process.env['ENVOY_LOG'] ?? 'error',
    ],
    { stdio: ['ignore', 'ignore', process.env['ENVOY_LOG'] === undefined ? 'ignore' : 'inherit'] },
  );
  const stop = async (): Promise<void> => {
    await ended(child);
    server.forceShutdown();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await live(admin);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    handshake: (name) => handshake(port, name, trusted()),
    stat: async (name) => statIn(await ask(admin, `/stats?filter=${encodeURIComponent(`^${name}$`)}`)),
    cutOff: () => server.forceShutdown(),
    reconnect: async (again) => {
      server = await serve(again, socket);
    },
    stop,
  };
}

async function serve(service: SecretService, socket: string): Promise<Server> {
  const server = new Server({ 'grpc.max_concurrent_streams': 10_000 });
  server.addService(service.definition, service.handlers);
  rmSync(socket, { force: true });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    ),
  );
  return server;
}

function handshake(port: number, name: string, ca: string): Promise<Handshake> {
  const start = performance.now();
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: name, ca, minVersion: 'TLSv1.2' });
    const end = (result: { ok: true; serial: string } | { ok: false; why: string }): void => {
      socket.destroy();
      resolve({ ...result, ms: performance.now() - start });
    };
    socket.setTimeout(CLIENT_MS_MAX, () => end({ ok: false, why: 'hangs' }));
    socket.once('secureConnect', () => end({ ok: true, serial: socket.getPeerCertificate().serialNumber }));
    socket.once('error', (error) => end({ ok: false, why: error.message }));
    socket.once('close', () => end({ ok: false, why: 'closed' }));
  });
}

async function live(admin: string): Promise<void> {
  let state = '';
  await waitFor(() => {
    void ask(admin, '/ready').then(
      (text) => {
        state = text;
      },
      () => undefined,
    );
    return state.startsWith('LIVE') ? true : undefined;
  }, 'a live Envoy');
}

function ask(admin: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: admin, path }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    call.on('error', reject).end();
  });
}

function statIn(text: string): number {
  return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Resident memory in KiB. */
export function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}

const typed = (name: string, type: string, message: Message = {}): Message => ({
  name,
  typed_config: { '@type': `type.googleapis.com/${type}`, ...message },
});

function envoyConfig(port: number, socket: string, admin: string): Message {
  const http2 = { explicit_http_config: { http2_protocol_options: { max_concurrent_streams: 10_000 } } };
  return {
    node: { id: 'envoy-under-test', cluster: 'test' },
    admin: { address: { pipe: { path: admin, mode: 384 } } },
    static_resources: {
      listeners: [
        {
          name: 'tls',
          address: { socket_address: { address: '127.0.0.1', port_value: port } },
          listener_filters: [
            typed(
              'envoy.filters.listener.tls_inspector',
              'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector',
            ),
          ],
          filter_chains: [
            {
              transport_socket_connect_timeout: '30s',
              transport_socket: onDemandTls(),
              filters: [answers200()],
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'cg_sds',
          type: 'STATIC',
          connect_timeout: '10s',
          circuit_breakers: { thresholds: [{ max_requests: 20_000, max_pending_requests: 20_000 }] },
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              ...http2,
            },
          },
          load_assignment: {
            cluster_name: 'cg_sds',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: socket } } } }] }],
          },
        },
      ],
    },
  };
}

function onDemandTls(): Message {
  const back_off = { base_interval: '0.1s', max_interval: '0.5s' };
  const selector = typed(
    'envoy.tls.certificate_selectors.on_demand_secret',
    'envoy.extensions.transport_sockets.tls.cert_selectors.on_demand_secret.v3.Config',
    {
      config_source: {
        resource_api_version: 'V3',
        initial_fetch_timeout: '20s',
        api_config_source: {
          api_type: 'DELTA_GRPC',
          transport_api_version: 'V3',
          grpc_services: [
            { envoy_grpc: { cluster_name: 'cg_sds', retry_policy: { retry_back_off: back_off } } },
          ],
        },
      },
      certificate_mapper: typed(
        'envoy.tls.certificate_mappers.sni',
        'envoy.extensions.transport_sockets.tls.cert_mappers.sni.v3.SNI',
        { default_value: 'no-sni.invalid' },
      ),
    },
  );
  return typed(
    'envoy.transport_sockets.tls',
    'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    {
      disable_stateless_session_resumption: true,
      disable_stateful_session_resumption: true,
      common_tls_context: {
        alpn_protocols: ['h2', 'http/1.1'],
        custom_tls_certificate_selector: selector,
      },
    },
  );
}

function answers200(): Message {
  const route = { match: { prefix: '/' }, direct_response: { status: 200 } };
  return typed(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'inner',
      route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [route] }] },
      http_filters: [typed('envoy.filters.http.router', 'envoy.extensions.filters.http.router.v3.Router')],
    },
  );
}
