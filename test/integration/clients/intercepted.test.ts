/** The same self-tests when the gateway looks into the tunnels: the clients meet its own CA. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../support/free_port.ts';
import { type Running, startClawgress } from '../../support/running.ts';
import { CLI, type Home, newHome } from './world.ts';

/** Envoy answers 127.0.0.1 to this name by itself. */
const NAME = 'demo.localhost';
let running: Running;
let home: Home;
let url: string;

before(async () => {
  home = newHome();
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-test-'));
  const [httpPort, httpsPort] = [await freePort(), await freePort()];
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(config, `demo: { address: 127.0.0.1, http_port: ${httpPort}, https_port: ${httpsPort} }\n`);
  const rule = `match: {destination: {hosts: [${NAME}], ports: [${httpsPort}], schemes: [https]}, protocol: {kind: http}}`;
  writeFileSync(
    join(stateDir, 'policy.yaml'),
    `schema: clawgress/policy/v1\nid: clients\nrules:\n  - {id: inside, ${rule}, tls: intercept, action: allow}\n`,
  );
  running = await startClawgress({ stateDir, args: ['--config', config] });
  url = `https://${NAME}:${httpsPort}/hello`;
});
after(async () => {
  await running.stop();
  running.remove();
  home.remove();
});

const state = () => ['--state-dir', running.stateDir, '--config', join(running.stateDir, 'clawgress.yaml')];

describe('inside an intercepted tunnel', () => {
  it('the clients meet a certificate of the gateway, and each answer has a receipt of its own', async () => {
    const script = 'curl -sS -D - -o /dev/null "$0"';
    const { out, err } = await home.run(CLI, ['run', ...state(), '--', 'sh', '-c', script, url]);
    const receipts = [...out.matchAll(/^x-clawgress-receipt: (\S+)/gim)].map(([, id]) => id);
    assert.equal(new Set(receipts).size, 2, `one for CONNECT, one for the request: ${out}${err}`);
  });

  for (const client of ['node', 'python', 'curl', 'git', 'cargo', 'java']) {
    it(`${client}: held`, async (t) => {
      const program = { python: 'python3', java: 'keytool' }[client] ?? client;
      if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0)
        return t.skip(`SKIPPED: ${program} is not installed`);
      if (client === 'java')
        assert.equal((await home.run(CLI, ['trust', 'install', ...state(), '--for', 'java'])).code, 0);
      const { code, out, err } = await home.run(CLI, [
        ...['trust', 'check', ...state(), '--for', client, '--url', url],
      ]);
      assert.equal(code, 0, `${out}${err}`);
      assert.match(out, /https {2}held/);
    });
  }

  it('an address instead of the name is told apart from missing trust', async () => {
    const address = `${running.endpoints.demo.upstream_https}/hello`;
    const { code, out } = await home.run(CLI, [
      'trust',
      'check',
      ...state(),
      '--for',
      'curl',
      '--url',
      address,
    ]);
    assert.equal(code, 1);
    // No rule allows the address here, so the tunnel itself is refused.
    assert.match(out, /the gateway refused the request/);
  });
});
