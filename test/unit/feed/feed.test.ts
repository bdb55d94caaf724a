import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CompiledPolicy } from '../../../src/core/policy/compiled.ts';
import { fail, ok } from '../../../src/core/result.ts';
import { type FeedChange, openFeed } from '../../../src/feed/feed.ts';
import type { FeedOptions, FeedSource, PolicyCompiler } from '../../../src/feed/ports.ts';

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A policy is any text `policy <id>`; a registry is any text `registry <agent>`. */
const local: PolicyCompiler['local'] = async ({ entry: { file, text } }) => {
  const place = {
    severity: 'error',
    code: 'BAD',
    file,
    line: 3,
    column: 7,
    pointer: '/rules/0',
    hint: 'write better',
  } as const;
  if (!text.startsWith('policy ')) return fail([{ ...place, message: 'this is no policy' }]);
  const canonical = new TextEncoder().encode(text.trim());
  const policy: CompiledPolicy = {
    policy_id: text.trim().slice('policy '.length),
    policy_hash: digestOf(canonical),
    canonical,
    query_names: [],
    evaluate: () => assert.fail('never evaluated here'),
    limits: () => [],
    mayIntercept: () => false,
    mayReach: () => false,
    quotas: () => [],
    schemaOf: () => undefined,
    limitsRead: () => false,
    refusal: () => undefined,
  };
  return ok({ policy, warnings: [] });
};

const compileRegistry: FeedOptions['compileRegistry'] = (bytes) => {
  const text = new TextDecoder().decode(bytes);
  if (!/^(registry |\{)/.test(text))
    return fail([{ pointer: '/agents/4', message: 'this is nobody', allowed: 'somebody' }]);
  const known = text.trim().slice('registry '.length);
  return ok({
    registry_hash: digestOf(bytes),
    canonical: bytes,
    agent_count: 1,
    authenticate: ({ headers }) => {
      const name = headers[0]?.value ?? '';
      return name === known
        ? { ok: false, problem: 'IDENTITY_DISABLED' }
        : { ok: false, problem: 'IDENTITY_UNKNOWN' };
    },
    resume: () => ({ ok: false, problem: 'IDENTITY_UNKNOWN' }),
  });
};

interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'clawgress-feed-'));
  readonly policyFile = join(this.folder, 'policy.yaml');
  readonly registryFile = join(this.folder, 'registry.json');
  readonly lines: Line[] = [];
  readonly archived = new Map<string, Uint8Array>();
  readonly refused: FeedSource[] = [];
  archiveFails = false;
  shadowFile: string | undefined;
  local: PolicyCompiler['local'] | undefined;
  now_ms = 1_000_000;

  constructor(t: TestContext, policy = 'policy one', registry: string | undefined = 'registry robot') {
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    writeFileSync(this.policyFile, policy);
    if (registry !== undefined) writeFileSync(this.registryFile, registry);
  }

  async open(t: TestContext) {
    const say = (level: Line['level']) => (fields: object, message: string) =>
      void this.lines.push({ level, fields: { ...fields }, message });
    const feed = await openFeed({
      settings: {
        policy: {
          trust: 'local',
          file: this.policyFile,
          bundle: join(this.folder, 'policy.bundle.json'),
          keys: join(this.folder, 'policy-keys.json'),
          stale: 'deny',
          ...(this.shadowFile === undefined ? {} : { shadow_file: this.shadowFile }),
        },
        registry_file: this.registryFile,
      },
      compiler: { local: this.local ?? local, signed: () => assert.fail('nothing is signed here') },
      versions: {
        dir: join(this.folder, 'policy'),
        mac: () => assert.fail('no version is kept here'),
        replaceFile: () => assert.fail('no version is kept here'),
      },
      compileRegistry,
      archive: (digest, bytes) => {
        if (this.archiveFails) throw new Error('no space');
        this.archived.set(digest, bytes);
      },
      log: { info: say('info'), warn: say('warn'), error: say('error') },
      now: () => this.now_ms,
      refused: (source) => void this.refused.push(source),
    });
    t.after(() => feed.stop());
    return feed;
  }

  replace(file: string, text: string): void {
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  }
}

const ask = (name: string) =>
  ({ mode: 'explicit', headers: [{ name: 'x', value: name }], transport: 'loopback', now_ms: 0 }) as const;

test('one immutable snapshot of both documents, archived before it is in force', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  const snapshot = feed.current();
  assert.equal(snapshot.policy.policy_id, 'one');
  assert.deepEqual(snapshot.authenticate(ask('robot')), { ok: false, problem: 'IDENTITY_DISABLED' });
  assert.ok(Object.isFrozen(snapshot));
  assert.equal(feed.current(), snapshot);
  assert.deepEqual([...world.archived.keys()], [snapshot.policy.policy_hash, snapshot.registry_hash]);
  assert.equal(feed.state().registry_hash, snapshot.registry_hash);
  assert.equal(new TextDecoder().decode(feed.state().registry_canonical), 'registry robot');
  assert.deepEqual(feed.status().policy, {
    file: world.policyFile,
    digest: snapshot.policy.policy_hash,
    loaded_ms: 1_000_000,
    policy_id: 'one',
    trust: 'local',
  });
});

test('it does not start without a policy, or with a broken document, and says why', async (t) => {
  const missing = new World(t);
  rmSync(missing.policyFile);
  await assert.rejects(missing.open(t), { name: 'FeedError', message: /policy\.yaml: no such file/ });
  const broken = new World(t, 'nonsense', 'nonsense');
  await assert.rejects(broken.open(t), (error: Error) => {
    assert.match(error.message, /policy\.yaml:3:7 BAD at \/rules\/0: this is no policy; write better/);
    assert.match(error.message, /registry\.json#\/agents\/4: this is nobody; allowed: somebody/);
    return true;
  });
  const failing = new World(t);
  failing.archiveFails = true;
  await assert.rejects(failing.open(t), /no space/);
});

test('a registry that does not exist yet is empty, and is picked up when it appears', async (t) => {
  const world = new World(t);
  rmSync(world.registryFile);
  const feed = await world.open(t);
  assert.deepEqual(feed.current().authenticate(ask('robot')), { ok: false, problem: 'IDENTITY_UNKNOWN' });
  world.replace(world.registryFile, 'registry robot');
  await feed.reload();
  assert.deepEqual(feed.current().authenticate(ask('robot')), { ok: false, problem: 'IDENTITY_DISABLED' });
});

test('a change swaps the snapshot and tells the listeners in the same tick', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  const before = feed.current();
  const heard: FeedChange[] = [];
  feed.onChange(() => {
    throw new Error('a listener that fails');
  });
  const forget = feed.onChange((change) => {
    assert.equal(feed.current().policy, change.policy);
    assert.equal(feed.current().registry_hash, change.registry_hash);
    assert.ok(world.archived.has(change.policy.policy_hash) && world.archived.has(change.registry_hash));
    heard.push(change);
  });
  world.replace(world.policyFile, 'policy two');
  await feed.reload();
  world.replace(world.registryFile, 'registry second');
  await feed.reload();
  assert.deepEqual(
    heard.map((change) => [change.reason, change.policy.policy_id]),
    [
      ['policy', 'two'],
      ['registry', 'two'],
    ],
  );
  forget();
  world.replace(world.policyFile, 'policy four');
  await feed.reload();
  assert.equal(heard.length, 2);
  assert.equal(before.policy.policy_id, 'one', 'a request that holds the old snapshot keeps it');
});

test('what means the same is no change', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  const snapshot = feed.current();
  feed.onChange(() => assert.fail('nothing changed'));
  world.replace(world.policyFile, 'policy one\n\n');
  await feed.reload();
  assert.equal(feed.current(), snapshot);
});

test('a broken file leaves the last good one in force, loudly and with its age', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  const snapshot = feed.current();
  world.now_ms += 90_000;
  world.replace(world.policyFile, 'nonsense');
  await feed.reload();
  await feed.reload();
  assert.equal(feed.current(), snapshot);
  const errors = world.lines.filter((line) => line.level === 'error');
  assert.equal(errors.length, 1, 'once for each set of problems');
  assert.equal(errors[0]?.fields['age_s'], 90);
  assert.match(String(errors[0]?.fields['problems']), /this is no policy/);
  assert.deepEqual(world.refused, ['policy']);
  assert.deepEqual(feed.status().policy.refused?.since_ms, world.now_ms);
  rmSync(world.policyFile);
  await feed.reload();
  assert.equal(feed.current(), snapshot);
  assert.match(String(feed.status().policy.refused?.problems), /no such file/);
  world.replace(world.policyFile, 'policy one');
  await feed.reload();
  assert.equal(feed.status().policy.refused, undefined);
});

test('a revocation gets through while the policy is broken', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  world.replace(world.policyFile, 'nonsense');
  world.replace(world.registryFile, 'registry nobody');
  await feed.reload();
  assert.deepEqual(feed.current().authenticate(ask('robot')), { ok: false, problem: 'IDENTITY_UNKNOWN' });
  assert.equal(feed.current().policy.policy_id, 'one');
  world.replace(world.policyFile, 'policy two');
  world.replace(world.registryFile, 'broken');
  await feed.reload();
  assert.equal(feed.current().policy.policy_id, 'two');
  assert.deepEqual(feed.current().authenticate(ask('robot')), { ok: false, problem: 'IDENTITY_UNKNOWN' });
});

test('a document that cannot be archived does not come into force until it can', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  world.archiveFails = true;
  world.replace(world.policyFile, 'policy two');
  await feed.reload();
  assert.equal(feed.current().policy.policy_id, 'one');
  assert.match(String(feed.status().policy.refused?.problems), /no space/);
  world.archiveFails = false;
  await feed.reload();
  assert.equal(feed.current().policy.policy_id, 'two');
});

test('files that are too large or not text are refused', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  writeFileSync(world.policyFile, Buffer.from('policy \xff', 'latin1'));
  await feed.reload();
  assert.match(String(feed.status().policy.refused?.problems), /not UTF-8/);
  writeFileSync(world.policyFile, `policy ${' '.repeat(8_388_608)}`);
  await feed.reload();
  assert.match(String(feed.status().policy.refused?.problems), /at most 8388608/);
});

const changed = (feed: Awaited<ReturnType<typeof openFeed>>) =>
  new Promise<FeedChange>((resolve) => {
    const forget = feed.onChange((change) => {
      forget();
      resolve(change);
    });
  });

test('watching: an atomic replace and an edit in place are both noticed', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  let next = changed(feed);
  world.replace(world.registryFile, 'registry second');
  assert.equal((await next).reason, 'registry');
  next = changed(feed);
  writeFileSync(world.policyFile, 'policy two');
  assert.equal((await next).policy.policy_id, 'two');
  next = changed(feed);
  rmSync(world.policyFile);
  world.replace(world.registryFile, 'registry third');
  assert.equal((await next).reason, 'registry');
  next = changed(feed);
  world.replace(world.policyFile, 'policy three');
  assert.equal((await next).policy.policy_id, 'three');
});

test('a refused document is mentioned again every minute', async (t) => {
  const world = new World(t);
  const feed = await world.open(t);
  world.replace(world.policyFile, 'nonsense');
  await feed.reload();
  const reminders = () => world.lines.filter((line) => /still refused/.test(line.message)).length;
  const until = async (count: number) => {
    while (reminders() < count) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  assert.equal(reminders(), 0);
  world.now_ms += 60_000;
  await until(1);
  world.now_ms += 60_000;
  await until(2);
});

test('a policy that takes long to compile does not hold back a revocation', async (t) => {
  const world = new World(t);
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  let calls = 0;
  world.local = async (sources) => {
    if (calls++ > 0) await slow;
    return await local(sources);
  };
  const feed = await world.open(t);
  world.replace(world.policyFile, 'policy two');
  const reloaded = feed.reload();
  world.replace(world.registryFile, 'registry nobody');
  assert.equal((await changed(feed)).reason, 'registry');
  assert.deepEqual(feed.current().authenticate(ask('robot')), { ok: false, problem: 'IDENTITY_UNKNOWN' });
  assert.equal(feed.current().policy.policy_id, 'one');
  release();
  await reloaded;
  assert.equal(feed.current().policy.policy_id, 'two');
});

test('a compiler that breaks leaves the last good one in force', async (t) => {
  const world = new World(t);
  let broken = false;
  world.local = async (sources) => {
    if (broken) throw new Error('the thread died');
    return await local(sources);
  };
  const feed = await world.open(t);
  broken = true;
  world.replace(world.policyFile, 'policy two');
  await feed.reload();
  assert.equal(feed.current().policy.policy_id, 'one');
  assert.match(String(feed.status().policy.refused?.problems), /the thread died/);
  broken = false;
  await feed.reload();
  assert.equal(feed.current().policy.policy_id, 'two');
});

test('parents come from the folder, and only when the document inherits; the shadow from its file', async (t) => {
  const world = new World(t);
  const seen: { others: string[]; shadow: string | undefined }[] = [];
  world.local = async (sources) => {
    const others = sources.others.map(({ file, text }) => `${basename(file)} ${text.slice(0, 6)}`);
    seen.push({ others, shadow: sources.shadow?.text });
    return await local(sources);
  };
  writeFileSync(join(world.folder, 'parent.yaml'), 'schema: clawgress/policy/v1 # one');
  writeFileSync(join(world.folder, 'notes.json'), '{"not": "a policy"}');
  writeFileSync(join(world.folder, 'binary.yaml'), Buffer.from([0xff, 0xfe]));
  (await world.open(t)).stop();
  assert.deepEqual(seen.at(-1), { others: [], shadow: undefined });
  world.shadowFile = join(world.folder, 'shadow.yaml');
  writeFileSync(world.shadowFile, 'policy shadow');
  world.replace(world.policyFile, 'policy two # inherits: [parent]');
  const feed = await world.open(t);
  assert.deepEqual(seen.at(-1), { others: ['parent.yaml schema'], shadow: 'policy shadow' });
  writeFileSync(join(world.folder, 'parent.yaml'), 'SCHEMA clawgress/policy/v1 # two');
  await feed.reload();
  assert.deepEqual(seen.at(-1), { others: ['parent.yaml SCHEMA'], shadow: 'policy shadow' });
});
