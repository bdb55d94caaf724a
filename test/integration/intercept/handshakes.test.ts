/**
 * Promise: a handshake that comes to nothing is written down, with the reason: in the outcome of its CONNECT, or as a gap
 * where there was no CONNECT. The real Envoy, and clients that each refuse a certificate in their own way.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { type AccessLogTail, tailAccessLogs } from '../../../src/server/access_log.ts';
import type { GapReport } from '../../../src/server/gap_counter.ts';
import type { Closure } from '../../../src/server/ports.ts';
import { freePort } from '../../support/free_port.ts';
import { openTunnel } from './client.ts';
import { type Gateway, waitFor } from './gateway.ts';
import { askHttp1 } from './in_tunnel.ts';
import { startWorld, type World } from './tunnels.ts';

const run = promisify(execFile);
const CIPHERS = { ciphers: 'AES128-SHA', maxVersion: 'TLSv1.2' } as const;

/** One way in for all clients: a tunnel, or the listener that opens TLS before anybody is known. */
type Enter = () => Promise<Socket>;

describe('handshakes that come to nothing, on the real Envoy', { timeout: 400_000 }, () => {
  let world: World;
  let gateway: Gateway;
  let tail: AccessLogTail;
  let headerPort = 0;
  const dir = mkdtempSync(join(tmpdir(), 'cg-handshakes-'));
  const wrongCa = join(dir, 'wrong.pem');
  const closures: Closure[] = [];
  const gaps: GapReport[] = [];
  before(async () => {
    world = await startWorld();
    headerPort = await freePort();
    const transparent = [
      { name: 'transparent', port: headerPort, by: 'redirect' as const, identity: 'none' as const },
    ];
    gateway = await world.start(undefined, { transparent });
    writeFileSync(wrongCa, world.upstreamCa);
    tail = tailAccessLogs({
      envoyDir: gateway.envoyDir,
      ...{ pollMs: 20, gapMs: 50 },
      onError: (error) => assert.fail(error),
      sink: {
        close: async (closure) => void closures.push(closure),
        gap: async (report) => void gaps.push(report),
        sweep: async () => undefined,
        logPosition: () => undefined,
      },
    });
  });
  after(async () => {
    await tail?.stop();
    await world?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  interface Client {
    readonly act: (enter: Enter) => Promise<void>;
    readonly cause: string;
    readonly problem?: string;
    /** Nothing of it is counted where there is no CONNECT: another entry tells of it, or nothing was refused. */
    readonly isUncounted?: true;
  }
  const node =
    (options: {
      servername?: string;
      ca?: string;
      minVersion?: SecureVersion;
      maxVersion?: SecureVersion;
      ciphers?: string;
    }) =>
    async (enter: Enter): Promise<void> => {
      const { ca = world.interceptCa, ...rest } = options;
      const tls = connectTls({ socket: await enter(), servername: 'api.example', ca, ...rest });
      await settled(tls);
      if (!tls.destroyed) tls.destroy();
    };
  const bytes =
    (text: string) =>
    async (enter: Enter): Promise<void> => {
      const socket = await enter();
      socket.on('error', () => undefined);
      socket.write(text);
      socket.resume();
      // Later than Envoy needs to look at what is no TLS: by an end that comes with it, it would judge that end.
      const timer = setTimeout(() => socket.end(), 3_000);
      await new Promise((resolve) => socket.once('close', resolve));
      clearTimeout(timer);
    };
  /** A program that does not know our authority, led by a socket of its own through a port of this process. */
  const python =
    (version: 'TLSv1_2' | 'TLSv1_3') =>
    async (enter: Enter): Promise<void> => {
      const code = `
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
context.minimum_version = context.maximum_version = ssl.TLSVersion.${version}
try:
  context.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1]))), server_hostname='api.example')
except ssl.SSLCertVerificationError:
  print('distrusted')`;
      await led(enter, async (port) => {
        const { stdout } = await run('python3', ['-c', code, String(port), wrongCa]);
        assert.equal(stdout, 'distrusted\n');
      });
    };

  const clients: Readonly<Record<string, Client>> = {
    'a name without a certificate': {
      act: node({ servername: 'refused.example' }),
      ...{ cause: 'tls_name_refused', problem: 'CONNECTION_REJECTED' },
    },
    'no name': {
      act: node({ servername: '' }),
      ...{ cause: 'tls_name_refused', problem: 'CONNECTION_REJECTED' },
    },
    'a name that is too long to be one': {
      act: node({ servername: `${'a'.repeat(60)}.${'b'.repeat(4_000)}.example` }),
      ...{ cause: 'tls_name_refused', problem: 'CONNECTION_REJECTED' },
    },
    'Python that does not trust us, TLS 1.2': {
      act: python('TLSv1_2'),
      ...{ cause: 'tls_client_distrust', problem: 'TLSV1_ALERT_UNKNOWN_CA' },
    },
    'Python that does not trust us, TLS 1.3': { act: python('TLSv1_3'), cause: 'tls_client_distrust' },
    'an old version of TLS': {
      act: node({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
      ...{ cause: 'tls_failed', problem: 'UNSUPPORTED_PROTOCOL' },
    },
    'no cipher in common': { act: node(CIPHERS), cause: 'tls_failed' },
    'a gateway that says nothing about the name': {
      act: node({ servername: 'silent.example' }),
      cause: 'tls_timeout',
    },
    'a client that asks for nothing': {
      act: async (enter) => {
        const tls = connectTls({ socket: await enter(), servername: 'api.example', ca: world.interceptCa });
        assert.equal(await settled(tls), 'agreed');
        tls.resume().end();
        await new Promise((resolve) => tls.once('close', resolve));
      },
      ...{ cause: 'tls_unused', isUncounted: true },
    },
    'bytes that are no TLS': {
      act: bytes('SSH-2.0-x\r\n'),
      ...{ cause: 'tls_missing', problem: 'WRONG_VERSION_NUMBER', isUncounted: true },
    },
    'half a ClientHello': {
      act: bytes('\x16\x03\x01\x02\x00\x01\x00'),
      ...{ cause: 'tls_missing', isUncounted: true },
    },
  };

  for (const [name, { act, cause, problem }] of Object.entries(clients))
    it(`tells of ${name} in the receipt of the CONNECT`, async () => {
      let receipt: unknown;
      await act(async () => {
        const tunnel = await openTunnel(gateway.explicit, world.authority, {
          'x-clawgress-test': 'intercept',
        });
        receipt = tunnel.headers['x-clawgress-receipt'];
        return tunnel.socket ?? assert.fail(`CONNECT was answered ${tunnel.status}`);
      });
      const { facts } = await waitFor(
        () => closures.find((closure) => closure.receipt_id === receipt),
        `the outcome of ${receipt}`,
      );
      const state = cause === 'tls_unused' ? 'completed' : 'not_sent';
      assert.deepEqual([facts.cause, facts.state, facts.status], [cause, state, 200]);
      if (problem !== undefined) assert.equal(facts.details, `tls{${problem}}`);
      assert.equal(closures.filter((closure) => closure.receipt_id === receipt).length, 1);
    });

  it('has nothing to say of a tunnel that served', async () => {
    const tunnel = await openTunnel(gateway.explicit, world.authority, { 'x-clawgress-test': 'intercept' });
    const socket = tunnel.socket ?? assert.fail('no tunnel');
    const tls = connectTls({ socket, servername: 'api.example', ca: world.interceptCa });
    assert.equal((await askHttp1(tls, world.authority, { path: '/served' })).status, 200);
    tls.destroy();
    const receipt = tunnel.headers['x-clawgress-receipt'];
    const { facts } = await waitFor(() => closures.find((one) => one.receipt_id === receipt), 'the outcome');
    assert.deepEqual([facts.cause, facts.state], [undefined, 'completed']);
  });

  it('counts them by cause where nobody is known before a request, and nothing else', async () => {
    gaps.length = 0;
    const enter = async (): Promise<Socket> => {
      const socket = connect(headerPort, '127.0.0.1');
      await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      return socket;
    };
    const expected = new Map<string, number>();
    for (const { act, cause, isUncounted } of Object.values(clients)) {
      await act(enter);
      if (isUncounted !== true) expected.set(cause, (expected.get(cause) ?? 0) + 1);
    }
    const tls = connectTls({ socket: await enter(), servername: 'api.example', ca: world.interceptCa });
    const served = await askHttp1(tls, 'api.example', { path: '/counted' });
    assert.ok(served.headers['x-clawgress-receipt'] !== undefined, 'the request inside has a receipt');
    tls.destroy();
    // Its line is the last: behind it, nothing else will come.
    await gateway.logged(String(served.headers['x-clawgress-receipt']));
    const whole = [...expected.values()].reduce((sum, count) => sum + count, 0);
    const counted = () => {
      const sums = new Map<string, number>();
      for (const { counts } of gaps)
        for (const { cause, count } of counts) sums.set(cause, (sums.get(cause) ?? 0) + count);
      return sums;
    };
    await waitFor(() => {
      const sum = [...counted().values()].reduce((total, count) => total + count, 0);
      return sum >= whole ? sum : undefined;
    }, 'all gaps');
    // What was read until now is counted; what should not have been would be, too.
    await tail.stop();
    assert.deepEqual([...counted()].sort(), [...expected].sort());
    const lines = gateway.log().filter((entry) => entry['listener'] === 'unasked_handshake');
    // Beside the counted ones, the one that agreed on TLS and asked for nothing.
    assert.equal(lines.length, whole + 1);
    assert.ok(
      lines.every((entry) => JSON.stringify(entry).length < 1_024),
      'a name makes no line long',
    );
  });
});

function settled(tls: TLSSocket): Promise<'agreed' | 'failed'> {
  return new Promise((resolve) => {
    tls.once('secureConnect', () => resolve('agreed'));
    tls.on('error', () => resolve('failed'));
    tls.once('close', () => resolve('failed'));
  });
}

/** Gives a program a port behind which it finds what `enter` enters. */
async function led(enter: Enter, act: (port: number) => Promise<void>): Promise<void> {
  const server = createServer(async (from) => {
    const to = await enter();
    for (const socket of [from, to]) socket.on('error', () => undefined);
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await act((server.address() as AddressInfo).port).finally(() => server.close());
}
