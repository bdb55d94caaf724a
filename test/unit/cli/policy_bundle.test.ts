import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { policyDiff } from '../../../src/cli/policy_diff.ts';
import { policyKeygen } from '../../../src/cli/policy_keygen.ts';
import { policyCompile, policySign } from '../../../src/cli/policy_sign.ts';
import { policyVerify } from '../../../src/cli/policy_verify.ts';

const DOCUMENT = `
schema: clawgress/policy/v1
id: child
inherits: [parent]
rules:
  - {id: api, match: {destination: {hosts: [api.example.com]}}, action: allow}
tests:
  - {name: api, request: {url: "https://api.example.com/"}, expect: {verdict: allow}}
`;
const PARENT = `
schema: clawgress/policy/v1
id: parent
rules:
  - {id: no, match: {destination: {hosts: [bad.example.com]}}, action: deny}
`;

class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'clawgress-cli-bundle-'));
  readonly keys = this.at('keys.trust');
  readonly bundle = this.at('policy.bundle');
  private readonly t: TestContext;

  constructor(t: TestContext) {
    this.t = t;
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    writeFileSync(this.at('policy.yaml'), DOCUMENT);
    writeFileSync(this.at('parent.yaml'), PARENT);
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Runs one command, and returns its code with the JSON that it printed. */
  run(command: () => number): { code: number; json: Record<string, unknown> } {
    let out = '';
    const mock = this.t.mock.method(process.stdout, 'write', (text: string) => {
      out += text;
      return true;
    });
    try {
      const code = command();
      return { code, json: JSON.parse(out) };
    } finally {
      mock.mock.restore();
    }
  }

  keygen() {
    return this.run(() => policyKeygen({ output: this.at('policy.key'), keys: this.keys, json: true }));
  }

  sign(more: object = {}) {
    const args = {
      file: this.at('policy.yaml'),
      key: this.at('policy.key'),
      output: this.bundle,
      json: true,
    };
    return this.run(() => policySign({ ...args, ...more }));
  }

  verify(more: object = {}) {
    return this.run(() => policyVerify({ bundle: this.bundle, keys: this.keys, json: true, ...more }));
  }
}

test('from a key to a verified bundle with its parent, and every version above the last', (t) => {
  const world = new World(t);
  world.keygen();
  assert.equal(statSync(world.at('policy.key')).mode & 0o777, 0o600);
  assert.equal(world.sign().json['version'], 1);
  assert.equal(world.sign().json['version'], 2);
  assert.equal(world.sign({ version: '9' }).json['version'], 9);
  assert.throws(() => world.sign({ version: '9' }), /--version: found 9; allowed: an integer above 9/);
  const verified = world.verify();
  assert.equal(verified.code, 0);
  assert.deepEqual(
    (verified.json['members'] as { name: string }[]).map(({ name }) => name),
    ['child.json', 'parent.json'],
  );
  const compiled = world.run(() => policyCompile({ file: world.at('policy.yaml'), json: true }));
  assert.equal(compiled.json['policy_hash'], verified.json['policy_hash']);
  assert.equal(compiled.json['documents'], 2);
});

test('canonical bytes are signed to the same policy as the document', (t) => {
  const world = new World(t);
  world.keygen();
  const output = world.at('canonical.out');
  world.run(() => policyCompile({ file: world.at('policy.yaml'), output, json: true }));
  const one = world.sign().json['policy_hash'];
  assert.equal(world.sign({ file: output }).json['policy_hash'], one);
});

test('verify says no with a code: expired, another key, a flipped byte', (t) => {
  const world = new World(t);
  world.keygen();
  world.sign({ validDays: '1' });
  assert.deepEqual(world.verify({ at: '2099-01-01T00:00:00Z' }).json['code'], 'BUNDLE_EXPIRED');
  const other = world.at('other.trust');
  world.run(() => policyKeygen({ output: world.at('other.key'), keys: other, json: true }));
  assert.equal(world.verify({ keys: other }).json['code'], 'KEY_UNKNOWN');
  const bytes = readFileSync(world.bundle);
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  writeFileSync(world.bundle, bytes);
  assert.equal(world.verify().code, 1);
  assert.throws(() => world.verify({ at: 'soon' }), /--at: found soon/);
});

test('a key that others can read, a missing key and bad dates are refused with the way out', (t) => {
  const world = new World(t);
  assert.throws(() => world.sign(), /does not exist. Create one: clawgress policy keygen/);
  world.keygen();
  assert.throws(() => world.keygen(), /never overwritten/);
  assert.throws(() => world.sign({ validDays: '0' }), /--valid-days: found 0; allowed: 1 to/);
  assert.throws(() => world.sign({ validUntil: '2020-01-01T00:00:00Z' }), /a time after the start/);
  assert.throws(() => world.sign({ validUntil: '2099-01-01T00:00:00Z', validDays: '3' }), /one of them/);
  chmodSync(world.at('policy.key'), 0o644);
  assert.throws(() => world.sign(), /chmod 600/);
});

test('what does not compile is not signed, and every mistake has its place', (t) => {
  const world = new World(t);
  world.keygen();
  writeFileSync(world.at('policy.yaml'), DOCUMENT.replace('verdict: allow', 'verdict: deny'));
  assert.throws(() => world.sign(), /policy\.yaml:8:\d+.*TEST_FAILED/s);
  rmSync(world.at('parent.yaml'));
  assert.throws(() => world.sign(), /PARENT_MISSING/);
});

test('a shadow document is signed beside the entry, and diff tells both apart', (t) => {
  const world = new World(t);
  world.keygen();
  world.sign();
  writeFileSync(
    world.at('shadow.yaml'),
    DOCUMENT.replace('id: child', 'id: next').replace(/tests:[\s\S]*/, ''),
  );
  const shadowed = world.at('with-shadow.bundle');
  const signed = world.sign({ shadow: world.at('shadow.yaml'), output: shadowed });
  assert.equal(signed.json['documents'], 3);
  assert.match(String(signed.json['shadow_hash']), /^sha256:/);
  assert.equal(world.verify({ bundle: shadowed }).code, 0);
  const diff = (after: string) => world.run(() => policyDiff({ before: world.bundle, after, json: true }));
  assert.equal(diff(world.at('policy.yaml')).code, 0);
  const found = diff(shadowed);
  assert.equal(found.code, 1);
  const names = (found.json['changes'] as { document: string }[]).map(({ document }) => document);
  assert.deepEqual([...new Set(names)].sort(), ['shadow/next', 'shadow/parent']);
});

test('a key is private from its first byte, whatever lies in its way', (t) => {
  const world = new World(t);
  const elsewhere = world.at('elsewhere');
  writeFileSync(elsewhere, 'untouched', { mode: 0o644 });
  symlinkSync(elsewhere, world.at(`policy.key.${process.pid}.new`));
  world.keygen();
  assert.equal(readFileSync(elsewhere, 'utf8'), 'untouched');
  const key = lstatSync(world.at('policy.key'));
  assert.ok(key.isFile());
  assert.equal(key.mode & 0o777, 0o600);
});

test('what a gateway would refuse is not written: a parent with the name of the shadow document', (t) => {
  const world = new World(t);
  world.keygen();
  writeFileSync(world.at('parent.yaml'), PARENT.replace('id: parent', 'id: shadow-next'));
  writeFileSync(world.at('policy.yaml'), DOCUMENT.replace('inherits: [parent]', 'inherits: [shadow-next]'));
  const shadow = DOCUMENT.replace('id: child', 'id: next').replace(/inherits: .*\n/, '');
  writeFileSync(world.at('shadow.yaml'), shadow);
  assert.throws(() => world.sign({ shadow: world.at('shadow.yaml') }), /no gateway would accept/);
  assert.ok(!existsSync(world.bundle));
});

test('compile writes over nothing but an earlier canonical file', (t) => {
  const world = new World(t);
  world.keygen();
  for (const name of ['policy.yaml', 'policy.key']) {
    const before = readFileSync(world.at(name), 'utf8');
    const args = { file: world.at('policy.yaml'), output: world.at(name), json: true };
    assert.throws(() => policyCompile(args), /exists and is no canonical policy/);
    assert.equal(readFileSync(world.at(name), 'utf8'), before);
  }
  const args = { file: world.at('policy.yaml'), output: world.at('out.canonical'), json: true };
  for (let i = 0; i < 2; i++) assert.equal(world.run(() => policyCompile(args)).code, 0);
});
