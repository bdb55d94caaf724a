import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { askAdmin } from '../../../src/intercept/admin.ts';
import { type Answer, ask } from './client.ts';
import { type Gateway, startGateway, waitFor } from './gateway.ts';
import { startUpstream, UPSTREAM, type Upstream } from './upstream.ts';

const PROGRAM = fileURLToPath(new URL('authz_process.ts', import.meta.url));
const PARALLEL = 8;
const PATIENCE_MS = 30_000;

async function startOne(socket: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
  });
  return child;
}

async function endOne(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

describe('several gateways behind one Envoy', () => {
  let upstream: Upstream;
  let dir = '';
  let sockets: readonly [string, string];
  let pair: [ChildProcess, ChildProcess];
  let gateway: Gateway;
  before(async () => {
    upstream = await startUpstream();
  });
  after(() => upstream.close());
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-several-'));
    sockets = [join(dir, 'one.sock'), join(dir, 'two.sock')];
    pair = await Promise.all([startOne(sockets[0]), startOne(sockets[1])]);
    gateway = await startGateway({ input: { authz_sockets: sockets, check_timeout_ms: 3000 } });
    await untilHealth(allHealthy);
  });
  afterEach(async () => {
    await gateway.stop();
    await Promise.all(pair.map(endOne));
    rmSync(dir, { recursive: true, force: true });
  });

  const get = (nonce: string): Promise<Answer> => {
    const host = `${UPSTREAM}:${upstream.http}`;
    return ask({ port: gateway.explicit, target: `http://${host}/hello-${nonce}`, headers: { host } });
  };

  type Answered = { readonly nonce: string; readonly status: number };

  /** Clients without a pause until `act` is through; it waits by numbers of answers, not by time. */
  async function load(act: (more: (count: number) => Promise<void>) => Promise<void>): Promise<Answered[]> {
    const answers: Answered[] = [];
    let ended = false;
    const client = async (): Promise<void> => {
      while (!ended) {
        const nonce = randomUUID();
        answers.push({ nonce, status: (await get(nonce)).status });
      }
    };
    const clients = Array.from({ length: PARALLEL }, client);
    await act(async (count) => {
      for (const until = answers.length + count; answers.length < until; ) await sleep(10);
    });
    ended = true;
    await Promise.all(clients);
    return answers;
  }

  /** Nothing failed that was not under way, nothing was sent twice, and nothing failed that was sent. */
  function assertUnharmed(answers: readonly Answered[], inFlightMax: number): void {
    const failed = answers.filter(({ status }) => status !== 200);
    assert.ok(failed.length <= inFlightMax, `${failed.length} of ${answers.length} failed`);
    assert.ok(failed.every(({ status }) => status === 503));
    for (const { nonce, status } of answers)
      assert.equal(upstream.hits(nonce).length, status === 200 ? 1 : 0, `${status} ${nonce}`);
  }

  const memberHealth = async (): Promise<readonly string[]> => {
    const { body } = await askAdmin(gateway.adminSocket, 'GET', '/clusters');
    return [...body.matchAll(/^cg_authz::(.*)::health_flags::(.*)$/gm)].map((match) => match[2] ?? '');
  };

  const allHealthy = (flags: readonly string[]): boolean => flags.every((flag) => flag === 'healthy');

  async function untilHealth(wanted: (flags: readonly string[]) => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      const flags = await memberHealth();
      if (flags.length === sockets.length && wanted(flags)) return;
      await sleep(50);
    }
    assert.fail(`health stayed ${await memberHealth()}`);
  }

  it('uses both', async () => {
    const answers = await load((more) => more(100));
    assertUnharmed(answers, 0);
    const { body } = await askAdmin(gateway.adminSocket, 'GET', '/clusters');
    const asked = [...body.matchAll(/^cg_authz::.*::rq_success::(\d+)$/gm)].map((match) => Number(match[1]));
    assert.equal(asked.length, 2);
    assert.ok(
      asked.every((count) => count > answers.length / 10),
      asked.join(),
    );
  });

  it('kill -9 of one under load costs nothing but what it was judging, and sends nothing twice', async () => {
    const answers = await load(async (more) => {
      await more(50);
      pair[0].kill('SIGKILL');
      await more(300);
    });
    assertUnharmed(answers, PARALLEL);
  });

  it('a frozen one costs no client an error', async () => {
    const answers = await load(async (more) => {
      await more(50);
      pair[1].kill('SIGSTOP');
      await more(200);
      pair[1].kill('SIGCONT');
      await more(100);
    });
    assertUnharmed(answers, PARALLEL);
  });

  it('a restarted one is used again', async () => {
    await endOne(pair[0]);
    await untilHealth((flags) => flags.some((flag) => flag.includes('failed_active_hc')));
    pair[0] = await startOne(sockets[0]);
    await untilHealth(allHealthy);
    await endOne(pair[1]);
    assertUnharmed(await load((more) => more(200)), PARALLEL);
  });

  it('fails closed at once when all are dead, without asking the dead', async () => {
    await Promise.all(pair.map(endOne));
    await untilHealth((flags) => flags.every((flag) => flag.includes('failed_active_hc')));
    // Health checks have connections of their own, which do not count here.
    const asked = async (): Promise<string> =>
      (await askAdmin(gateway.adminSocket, 'GET', '/stats?filter=cg_authz.upstream_rq_pending_total$')).body;
    const before = await asked();
    const answers = await Promise.all(Array.from({ length: 20 }, () => get('all-gone')));
    for (const answer of answers) {
      assert.equal(answer.status, 503);
      assert.equal((JSON.parse(answer.body) as { code: string }).code, 'GATEWAY_UNAVAILABLE');
    }
    assert.equal(await asked(), before);
    assert.equal(upstream.hits('all-gone').length, 0);
    await waitFor(
      () => gateway.log().find((entry) => String(entry['details']).startsWith('ext_authz_error')),
      'log',
    );
  });
});
