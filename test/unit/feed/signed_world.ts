import { createHmac } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BundleRef } from '../../../src/core/receipt/records.ts';
import { ok } from '../../../src/core/result.ts';
import { openFeed } from '../../../src/feed/feed.ts';
import { digestOf } from '../../../src/feed/files.ts';
import { policyCompiler } from '../../../src/feed/policy_compiler.ts';
import type { FeedLog, VersionStore } from '../../../src/feed/ports.ts';
import { at, KEY, NOW_MS, type TestKey } from '../core/policy_bundle/sample.ts';

/** The files of a gateway with signed policy, and its feed. */
export class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'clawgress-signed-'));
  readonly bundle = join(this.folder, 'policy.bundle.json');
  readonly keys = join(this.folder, 'policy-keys.json');
  readonly accepted = join(this.folder, 'policy', 'accepted');
  readonly lastGood = join(this.folder, 'policy', 'last-good.bundle.json');
  readonly errors: string[] = [];
  stale: 'deny' | 'loud' = 'deny';
  journal: BundleRef | undefined;
  now_ms = NOW_MS;
  failKeep = false;
  /** Runs once, between the reading of a bundle and its acceptance. */
  whileCompiling: (() => void) | undefined;

  constructor(t: TestContext) {
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.trust([[KEY]]);
  }

  trust(keys: readonly (readonly [TestKey, object?])[]): void {
    const listed = keys.map(([key, more]) => ({
      keyid: key.keyId,
      algorithm: 'ed25519',
      public_key_pem: key.pem,
      purpose: 'policy',
      valid_from: at(-100),
      ...more,
    }));
    this.put(this.keys, JSON.stringify({ keys: listed }));
  }

  put(path: string, content: string | Uint8Array): void {
    writeFileSync(`${path}.tmp`, content);
    renameSync(`${path}.tmp`, path);
  }

  readonly log: FeedLog = {
    info: () => undefined,
    warn: () => undefined,
    error: (_, message) => void this.errors.push(message),
  };

  versions(): VersionStore {
    return {
      dir: join(this.folder, 'policy'),
      mac: (label, text) => createHmac('sha256', 'secret').update(`${label}\0${text}`).digest('hex'),
      replaceFile: (path, content) => {
        if (this.failKeep) throw new Error('no space');
        this.put(path, content);
      },
      ...(this.journal ? { journal: this.journal } : {}),
    };
  }

  async open(t: TestContext) {
    const compiler = policyCompiler();
    const feed = await openFeed({
      settings: {
        policy: {
          trust: 'signed',
          file: join(this.folder, 'unused.yaml'),
          bundle: this.bundle,
          keys: this.keys,
          stale: this.stale,
        },
        registry_file: join(this.folder, 'registry.json'),
      },
      compiler: {
        ...compiler,
        signed: async (input) => {
          const opened = await compiler.signed(input);
          this.whileCompiling?.();
          return opened;
        },
      },
      compileRegistry: (bytes) =>
        ok({
          registry_hash: digestOf(bytes),
          canonical: bytes,
          agent_count: 0,
          authenticate: () => ({ ok: false, problem: 'IDENTITY_UNKNOWN' }) as const,
          resume: () => ({ ok: false, problem: 'IDENTITY_UNKNOWN' }) as const,
        }),
      archive: () => undefined,
      versions: this.versions(),
      log: this.log,
      now: () => this.now_ms,
    });
    t.after(() => feed.stop());
    return feed;
  }
}

export type Open = Awaited<ReturnType<World['open']>>;
export const version = (feed: Open) => feed.status().policy.bundle?.version;
export const problems = (feed: Open) => String(feed.status().policy.refused?.problems ?? '');
export const ref = (file: Uint8Array, number: number): BundleRef => ({
  version: number,
  digest: digestOf(file),
  key_id: KEY.keyId,
  valid_until: at(30),
});
