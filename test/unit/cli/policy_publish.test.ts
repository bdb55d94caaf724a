/** Promise: `policy publish` says live only when every gateway that runs judges by the bundle. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { policyKeygen } from '../../../src/cli/policy_keygen.ts';
import { policyPublish } from '../../../src/cli/policy_publish.ts';
import { policySign } from '../../../src/cli/policy_sign.ts';
import { digestOf } from '../../../src/feed/files.ts';

const DOCUMENT = `
schema: clawgress/policy/v1
id: one
rules:
  - {id: api, match: {destination: {hosts: [api.example.com]}}, action: allow}
`;
/** For gateways that never answer. */
const SHORT_MS = 1_000;
/** What a gateway says of its policy; `undefined`: it accepts the connection and never answers. */
type Says = (() => object) | undefined;

class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'cg-publish-'));
  readonly live = this.at('live.bundle.json');
  private readonly t: TestContext;

  constructor(t: TestContext) {
    this.t = t;
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream);
      // The test runner reports through the same stream, in bytes.
      t.mock.method(stream, 'write', (text: string | Uint8Array) => typeof text === 'string' || write(text));
    }
    mkdirSync(this.at('state/run/sockets'), { recursive: true, mode: 0o700 });
    writeFileSync(this.at('policy.yaml'), DOCUMENT);
    writeFileSync(
      this.at('clawgress.yaml'),
      `policy: {trust: signed, bundle: ${this.live}, keys: ${this.at('keys.trust')}}\n`,
    );
    policyKeygen({ output: this.at('policy.key'), keys: this.at('keys.trust'), json: true });
    const args = { file: this.at('policy.yaml'), key: this.at('policy.key') };
    policySign({ ...args, output: this.at('new.bundle'), json: true });
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  digest(): string {
    return digestOf(readFileSync(this.at('new.bundle')));
  }

  async serve(name: string, says: Says): Promise<void> {
    const server: Server = createServer((_, answer) => {
      if (says) answer.end(JSON.stringify({ feed: { policy: says() } }));
    });
    await new Promise<void>((resolve) => server.listen(this.at(`state/run/sockets/${name}.sock`), resolve));
    this.t.after(() => {
      server.closeAllConnections();
      server.close();
    });
  }

  publish(waitMs = 60_000): Promise<number> {
    const flags = { config: this.at('clawgress.yaml'), stateDir: this.at('state') };
    return policyPublish(this.at('new.bundle'), flags, waitMs);
  }
}

const judgesBy = (digest: string, version = 1) => ({ trust: 'signed', bundle: { version, digest } });

test('live when all judge by it; the file is readable as before, or for all', async (t) => {
  const world = new World(t);
  for (const name of ['gateway', 'gateway-1']) await world.serve(name, () => judgesBy(world.digest()));
  assert.equal(await world.publish(), 0);
  assert.equal(statSync(world.live).mode & 0o777, 0o644);
  chmodSync(world.live, 0o640);
  assert.equal(await world.publish(), 0);
  assert.equal(statSync(world.live).mode & 0o777, 0o640);
});

test('a gateway that hangs may judge by anything: not live', async (t) => {
  const world = new World(t);
  await world.serve('gateway', () => judgesBy(world.digest()));
  await world.serve('gateway-1', undefined);
  await assert.rejects(world.publish(SHORT_MS), /not every gateway judges by it/);
});

test('a gateway that hangs does not count as one that does not run', async (t) => {
  const world = new World(t);
  await world.serve('gateway', undefined);
  await assert.rejects(world.publish(SHORT_MS), /not every gateway judges by it/);
});

test('a gateway that was started with local policy, one that refuses, and none at all', async (t) => {
  const local = new World(t);
  await local.serve('gateway', () => ({ trust: 'local' }));
  await assert.rejects(local.publish(), /was started with policy\.trust: local/);
  const refusing = new World(t);
  await refusing.serve('gateway', () => ({
    ...judgesBy('sha256:0', 0),
    refused: { problems: ['no space'], file_digest: refusing.digest() },
  }));
  assert.equal(await refusing.publish(), 1);
  assert.equal(await new World(t).publish(), 3);
});
