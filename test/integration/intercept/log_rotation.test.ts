import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotateLog } from '../../../src/intercept/log_rotation.ts';
import { tailAccessLogs } from '../../../src/server/access_log.ts';
import type { GapReport } from '../../../src/server/gap_counter.ts';
import type { Closure } from '../../../src/server/ports.ts';
import { ask, openTunnel } from './client.ts';
import { type Gateway, startGateway, waitFor } from './gateway.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

const ROTATIONS = 5;
const PARALLEL = 8;
/** At least, of the load before each rotation. */
const ROUND_MS = 250;

describe('rotation of the access log under load', () => {
  let upstream: Upstream;
  let gateway: Gateway;
  before(async () => {
    upstream = await startUpstream();
    gateway = await startGateway();
  });
  after(async () => {
    await gateway.stop();
    await upstream.close();
  });

  /** Receipts that clients were shown, one tunnel among them that is older than every rotation. */
  async function loadWhileRotating(): Promise<string[]> {
    const host = `${UPSTREAM}:${upstream.http}`;
    const receipts: string[] = [];
    const tunnel = await openTunnel(gateway.explicit, host);
    let ended = false;
    const client = async (): Promise<void> => {
      while (!ended) {
        const answer = await ask({
          port: gateway.explicit,
          target: `http://${host}/hello-rotate`,
          headers: { host },
        });
        receipts.push(String(answer.headers['x-clawgress-receipt']));
      }
    };
    const more = async (count: number): Promise<void> => {
      for (const until = receipts.length + count; receipts.length < until; ) await sleep(10);
      // So that each file gets some: Envoy keeps lines back for a while.
      await waitFor(() => (written() > 0 ? true : undefined), 'a line in the log');
      await sleep(ROUND_MS);
    };
    const clients = Array.from({ length: PARALLEL }, client);
    for (let n = 0; n < ROTATIONS; n++) {
      await more(40);
      assert.ok(await rotateLog(gateway.epoch, gateway.adminSocket, 0), `rotation ${n}`);
    }
    await more(40);
    ended = true;
    await Promise.all(clients);
    tunnel.socket?.destroy();
    return [...receipts, String(tunnel.headers['x-clawgress-receipt'])];
  }

  /** Bytes in the active file; it is not there between its renaming and what is written next. */
  const written = (): number =>
    statSync(join(gateway.epoch.dir, 'access.log'), { throwIfNoEntry: false })?.size ?? 0;
  const names = (): string[] => readdirSync(gateway.epoch.dir).filter((name) => /^access.*\.log$/.test(name));
  const lines = (name: string): string[] =>
    readFileSync(join(gateway.epoch.dir, name), 'utf8').split('\n').slice(0, -1);
  const idsIn = (name: string): string[] =>
    lines(name).map((line) => String((JSON.parse(line) as { receipt_id: unknown }).receipt_id));

  it('loses nothing, doubles nothing, cuts no line', async () => {
    const shown = await loadWhileRotating();
    await waitFor(() => (names().flatMap(idsIn).length >= shown.length ? true : undefined), 'the last line');
    assert.equal(names().length, ROTATIONS + 1);
    assert.deepEqual(names().flatMap(idsIn).sort(), [...shown].sort());
    assert.ok(names().every((name) => idsIn(name).length > 0));
  });

  it('writes the line of a tunnel when it ends, into the log of that moment', () => {
    const tunnel = lines('access.log').map((line) => JSON.parse(line) as Record<string, unknown>);
    const found = tunnel.filter((entry) => entry['route'] === 'tunnel_raw');
    assert.equal(found.length, 1);
    assert.ok(Number(found[0]?.['duration_ms']) >= ROTATIONS * ROUND_MS);
  });

  it('gives the reader every outcome once', async () => {
    const closures: Closure[] = [];
    const gaps: GapReport[] = [];
    const tail = tailAccessLogs({
      envoyDir: gateway.envoyDir,
      pollMs: 10,
      onError: (error) => assert.fail(error),
      sink: {
        close: async (closure) => void closures.push(closure),
        gap: async (report) => void gaps.push(report),
        sweep: async () => undefined,
        logPosition: () => undefined,
      },
    });
    try {
      const before = closures.length;
      const shown = await loadWhileRotating();
      await waitFor(
        () => (closures.some(({ receipt_id }) => receipt_id === shown.at(-1)) ? true : undefined),
        'the tunnel',
      );
      const seen = new Set(shown);
      const closed = closures.slice(before).flatMap(({ receipt_id: id }) => (id && seen.has(id) ? [id] : []));
      assert.deepEqual(closed.sort(), [...shown].sort());
      assert.deepEqual(gaps, []);
    } finally {
      await tail.stop();
    }
  });
});
