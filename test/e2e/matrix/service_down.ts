import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { openTunnel } from '../../integration/intercept/client.ts';
import { askHttp1, handshakeIn } from '../../integration/intercept/in_tunnel.ts';
import { askHttp2 } from '../../integration/interception/world.ts';
import { eventually } from '../../support/running.ts';
import { basic } from '../../support/through_proxy.ts';
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
  for (const mode of keysOf(MODES))
    asks.set(
      mode,
      MODES[mode].tunnel === 'intercept'
        ? await openedBefore(world, mode)
        : () => askByCurl(world, mode, 'service-down'),
    );
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
