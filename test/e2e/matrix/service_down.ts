import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { openTunnel } from '../../integration/intercept/client.ts';
import { askHttp1, handshakeIn } from '../../integration/intercept/in_tunnel.ts';
import { askHttp2 } from '../../integration/interception/world.ts';
import { eventually } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
import { uidOf } from './agents.ts';
import { askByCurl, type Seen } from './curl.ts';
import { hostOf } from './policy.ts';
import { keysOf, MODES, type Mode } from './table.ts';
import type { MatrixWorld } from './world.ts';

/**
 * Asks in every mode while the gateway stands still, then ends it and waits for the next one. Intercepted tunnels are
 * opened before: what is of interest is the request inside.
 */
export async function askWhileDown(world: MatrixWorld): Promise<ReadonlyMap<Mode, Seen>> {
  const asks = new Map<Mode, () => Promise<Seen>>();
  for (const mode of keysOf(MODES)) {
    if (MODES[mode].entry === 'redirected' && world.unredirected !== undefined) continue;
    asks.set(mode, await askLater(world, mode));
  }
  const gateway = world.running.childPid('gateway');
  process.kill(gateway, 'SIGSTOP');
  try {
    const seen = await Promise.all([...asks].map(async ([mode, ask]) => [mode, await ask()] as const));
    return new Map(seen);
  } finally {
    // Ended, not continued: what still waits on its socket is nobody's request any more.
    process.kill(gateway, 'SIGKILL');
    await eventually(
      () =>
        fetch(world.running.endpoints.metrics).then(
          ({ ok }) => ok || undefined,
          () => undefined,
        ),
      'the next gateway',
    );
  }
}

/** What opens TLS here needs the gateway for its certificate, so those connections stand already. */
async function askLater(world: MatrixWorld, mode: Mode): Promise<() => Promise<Seen>> {
  const { tunnel, entry } = MODES[mode];
  if (entry !== 'redirected')
    return tunnel === 'intercept'
      ? await openedBefore(world, mode)
      : () => askByCurl(world, mode, 'service-down');
  if (tunnel === 'intercept' || mode === 'redirected-header') return await redirectedBefore(world, mode);
  const address = await resolvedBefore(world, mode);
  return () => askByCurl(world, mode, 'service-down', address);
}

/** The gateway answers questions for names, too. */
async function resolvedBefore(world: MatrixWorld, mode: Mode): Promise<string> {
  const command = ['getent', 'ahostsv4', hostOf(mode, 'service-down')];
  const { out } = await world.run({ command, uid: uidOf(mode) });
  const [address] = out.split(' ');
  if (!address) throw new Error(`not resolved: ${out}`);
  return address;
}

async function openedBefore(world: MatrixWorld, mode: Mode): Promise<() => Promise<Seen>> {
  const host = hostOf(mode, 'service-down');
  const authority = `${host}:${world.upstream.tls}`;
  const port = Number(new URL(world.running.endpoints.explicit_proxy).port);
  const tunnel = await openTunnel(port, authority, { 'proxy-authorization': basic(world.agent(false)) });
  if (tunnel.socket === undefined) throw new Error(`CONNECT was answered ${tunnel.status}`);
  const http2 = mode === 'inside-h2';
  const ca = readFileSync(world.trust, 'utf8');
  const alpn = http2 ? 'h2' : 'http/1.1';
  const tls = await handshakeIn(tunnel.socket, { ca, servername: host, alpn });
  return async () => {
    const session = http2 ? connectHttp2(`https://${authority}`, { createConnection: () => tls }) : undefined;
    const { status, body } = session
      ? await askHttp2(session, '/hello')
      : await askHttp1(tls, authority, { path: '/hello' });
    session?.close();
    tls.destroy();
    const answer = `CONNECT ${tunnel.status}, ${status} ${JSON.parse(body).code}`;
    return { answer, receipts: [], out: body };
  };
}

/** Opens TLS, says so, and asks when it is told to. */
const HELD = `import socket, ssl, sys
host, port, key = sys.argv[1], int(sys.argv[2]), sys.argv[3]
tls = ssl.create_default_context().wrap_socket(socket.create_connection((host, port)), server_hostname=host)
print("open", flush=True)
sys.stdin.readline()
tls.sendall(f"GET /hello HTTP/1.1\\r\\nhost: {host}:{port}\\r\\n{key}connection: close\\r\\n\\r\\n".encode())
while part := tls.recv(65536):
    print(part.decode(), end="")
`;

async function redirectedBefore(world: MatrixWorld, mode: Mode): Promise<() => Promise<Seen>> {
  const host = hostOf(mode, 'service-down');
  const key = mode === 'redirected-header' ? `x-clawgress-key: ${world.agent(false).api_key}\r\n` : '';
  let ask = () => {};
  let opened = '';
  const done = world.run({
    command: ['python3', '-c', HELD, host, String(world.upstream.tls), key],
    env: { SSL_CERT_FILE: world.trust },
    uid: uidOf(mode),
    started(child) {
      child.stdout?.on('data', (part: Buffer) => (opened += part.toString()));
      ask = () => void child.stdin?.end('\n');
    },
  });
  await eventually(() => (opened.startsWith('open') ? true : undefined), 'the redirected connection');
  return async () => {
    ask();
    const { out } = await done;
    const status = /HTTP\/1\.1 (\d+)/.exec(out)?.[1];
    return { answer: `${status} ${/"code":"([A-Z_]+)"/.exec(out)?.[1]}`, receipts: [], out };
  };
}
