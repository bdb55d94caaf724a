/** The resolver of a running gateway: policy, its changes, and the count of its answers. */
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort } from '../../support/free_port.ts';
import { eventually, type Running, startClawgress } from '../../support/running.ts';

let running: Running;
let dir: string;
let resolver: Resolver;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cg-resolver-up-'));
  const stateDir = join(dir, 'state');
  const config = join(dir, 'clawgress.yaml');
  const port = await freePort();
  mkdirSync(stateDir, { mode: 0o700 });
  writeFileSync(config, `resolver: { port: ${port} }\n`);
  running = await startClawgress({ stateDir, args: ['--config', config] });
  resolver = new Resolver({ timeout: 30_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
});
after(async () => {
  await running.stop();
  rmSync(dir, { recursive: true, force: true });
});

const codeOf = (name: string) =>
  resolver.resolve4(name).then(
    ([address]) => address ?? '',
    (error: NodeJS.ErrnoException) => error.code ?? '',
  );

describe('the resolver of a gateway', () => {
  it('knows names that policy could allow, from the moment on which it does', async () => {
    assert.equal(await codeOf('new.allowed.example'), 'ENOTFOUND');
    const path = join(running.stateDir, 'policy.yaml');
    const policy = readFileSync(path, 'utf8');
    const rule =
      '  - id: late\n    match: { destination: { hosts: ["*.allowed.example"] } }\n    action: allow\n';
    writeFileSync(path, policy.replace('rules:\n', `rules:\n${rule}`));
    const known = async (name: string) => (/^198\.1[89]\./.test(await codeOf(name)) ? true : undefined);
    await eventually(() => known('new.allowed.example'), 'the changed policy');
    assert.equal(await codeOf('other.example'), 'ENOTFOUND');
    writeFileSync(path, policy);
    await eventually(
      async () => ((await known('new.allowed.example')) ? undefined : true),
      'the policy before',
    );
  });

  it('counts its answers', async () => {
    const text = await (await fetch(running.endpoints.metrics)).text();
    const count = (answer: string) =>
      Number(
        new RegExp(`clawgress_resolver_answers_total\\{answer="${answer}"[^}]*\\} (\\d+)`).exec(text)?.[1] ??
          0,
      );
    assert.ok(count('address') > 0 && count('no_name') > 1, 'both kinds were counted');
  });
});
