import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { askAdmin } from '../../../src/intercept/admin.ts';
import { envoyConfig, renderConfig } from '../../../src/intercept/config/bootstrap.ts';
import {
  type EnvoyExit,
  type EnvoyProcessOptions,
  openEnvoyProcess,
} from '../../../src/intercept/envoy_process.ts';
import { freePort } from '../../support/free_port.ts';
import { sendRaw } from './client.ts';
import { configFor, findEnvoy, waitFor } from './gateway.ts';

describe('Envoy as a child process', () => {
  let dir = '';
  let options: EnvoyProcessOptions;
  let exits: EnvoyExit[] = [];
  let ready: string[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-process-'));
    [exits, ready] = [[], []];
    const [explicit, baseUrl] = [await freePort(), await freePort()];
    options = {
      bin: await findEnvoy(),
      envoyDir: join(dir, 'envoy'),
      adminSocket: join(dir, 'admin.sock'),
      concurrency: 1,
      limits: { drain_ms: 200, ready_ms: 60_000 },
      on: { exited: (exit) => exits.push(exit), ready: (epoch) => ready.push(epoch) },
      render: ({ epoch, accessLog }) =>
        renderConfig(
          envoyConfig(configFor(dir, { explicit, baseUrl, epoch, accessLog, socket: join(dir, 'a.sock') })),
        ),
    };
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const alive = (pid: number): boolean =>
    existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));

  it('starts, serves its admin socket to us alone, stops, and marks the epoch', async () => {
    const envoy = await openEnvoyProcess(options);
    const epoch = await envoy.start();
    assert.match(epoch.id, /^000001-[0-9a-f]{8}$/);
    assert.deepEqual(ready, [epoch.id]);
    assert.equal(statSync(options.adminSocket).mode & 0o777, 0o600);
    assert.equal(statSync(join(epoch.dir, 'envoy.json')).mode & 0o777, 0o600);
    assert.equal(statSync(epoch.dir).mode & 0o777, 0o700);
    assert.equal((await askAdmin(options.adminSocket, 'GET', '/ready')).status, 200);
    assert.ok(!existsSync(join(epoch.dir, 'ended')));
    const pid = envoy.pid ?? assert.fail('no pid');
    await envoy.stop();
    await envoy.stop();
    assert.ok(!alive(pid));
    assert.ok(existsSync(join(epoch.dir, 'ended')));
    assert.deepEqual(
      exits.map(({ epoch, expected }) => ({ epoch, expected })),
      [{ epoch: epoch.id, expected: true }],
    );
    const second = await envoy.start();
    assert.match(second.id, /^000002-/);
    await envoy.stop();
  });

  it('tells of a crash and can start again', async () => {
    const envoy = await openEnvoyProcess(options);
    const first = await envoy.start();
    process.kill(envoy.pid ?? assert.fail('no pid'), 'SIGKILL');
    const exit = await waitFor(() => exits[0], 'the exit');
    assert.equal(exit.expected, false);
    assert.equal(exit.cause, 'SIGKILL');
    assert.ok(existsSync(join(first.dir, 'ended')));
    await envoy.start();
    await envoy.stop();
  });

  it('passes on the last words of an Envoy that does not start', async () => {
    const envoy = await openEnvoyProcess({
      ...options,
      render: () => '{"static_resources": {"listenerz": []}}',
    });
    await assert.rejects(envoy.start(), /exited before it was ready[\s\S]*listenerz/);
    assert.equal(envoy.pid, undefined);
    const [name] = readdirSync(options.envoyDir);
    assert.ok(existsSync(join(options.envoyDir, name ?? '', 'ended')));
    await assert.rejects(envoy.start(), /exited before it was ready/);
  });

  it('gives up on an Envoy that never gets ready, and leaves nothing running', async () => {
    const sleeper = join(dir, 'sleeper');
    writeFileSync(sleeper, '#!/bin/sh\necho "not today" >&2\nexec sleep 60\n', { mode: 0o755 });
    const envoy = await openEnvoyProcess({ ...options, bin: sleeper, limits: { ready_ms: 3_000 } });
    await assert.rejects(envoy.start(), /not ready within 3000 ms[\s\S]*not today/);
    assert.equal(envoy.pid, undefined);
    assert.equal(exits.length, 1);
  });

  it('says so when the binary is missing', async () => {
    const envoy = await openEnvoyProcess({ ...options, bin: join(dir, 'nowhere') });
    await assert.rejects(envoy.start(), /ENOENT/);
  });

  it('ends the Envoy of a killed supervisor, and nobody else', async () => {
    const first = await openEnvoyProcess(options);
    const epoch = await first.start();
    const pid = first.pid ?? assert.fail('no pid');
    // A marker of an older boot names a number that is somebody else's by now: ours.
    const stale = join(options.envoyDir, '000000-00000000');
    const owner = JSON.parse(readFileSync(join(epoch.dir, 'process.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    mkdirSync(stale);
    writeFileSync(join(stale, 'process.json'), JSON.stringify({ ...owner, pid: process.pid }));
    const second = await openEnvoyProcess(options);
    assert.ok(!alive(pid));
    assert.ok(existsSync(join(epoch.dir, 'ended')));
    assert.ok(existsSync(join(stale, 'ended')));
    await waitFor(() => exits[0], 'the exit');
    await second.start();
    await second.stop();
  });

  it('rotates the log while running and loses no entry', async () => {
    const envoy = await openEnvoyProcess({
      ...options,
      limits: { ...options.limits, rotate_bytes: 0, rotate_check_ms: 50 },
    });
    const epoch = await envoy.start();
    const port = /"port_value": (\d+)/.exec(readFileSync(join(epoch.dir, 'envoy.json'), 'utf8'))?.[1];
    const logs = (): string[] => readdirSync(epoch.dir).filter((name) => name.endsWith('.log'));
    const rotated = (): number => logs().filter((name) => name !== 'access.log').length;
    for (let count = 1; count <= 3; count++) {
      await sendRaw(Number(port), 'garbage\r\n\r\n');
      await waitFor(() => (rotated() >= count ? true : undefined), `rotation ${count}`);
    }
    await envoy.stop();
    const lines = logs().flatMap((name) =>
      readFileSync(join(epoch.dir, name), 'utf8').split('\n').slice(0, -1),
    );
    assert.equal(lines.length, 3);
  });
});
