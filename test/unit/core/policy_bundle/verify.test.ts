/** Promise: a policy that is wrongly signed, older than an accepted one, expired, or does not compile is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { preAuthEncoding } from '../../../../src/core/canonical/dsse.ts';
import { bundleMembers, signBundle } from '../../../../src/core/policy_bundle/assemble.ts';
import {
  encodeEnvelope,
  POLICY_BUNDLE_PAYLOAD_TYPE,
  parseEnvelope,
} from '../../../../src/core/policy_bundle/envelope.ts';
import { type BundleTrust, verifyPolicyBundle } from '../../../../src/core/policy_bundle/verify.ts';
import { at, body, bundle, DOCUMENT, KEY, NOW_MS, newKey, sha256, trust, trusting } from './sample.ts';

function codeOf(file: Uint8Array, change: Partial<BundleTrust> = {}): string {
  const verified = verifyPolicyBundle(file, trust(change));
  if (!verified.ok) return verified.problem.code;
  const { lapse } = verified.value;
  return lapse === undefined ? 'ok' : `accepted although ${lapse.code}`;
}

const digest = (file: Uint8Array) => `sha256:${Buffer.from(sha256(file)).toString('hex')}`;

/** Signs bytes that our own encoder would refuse. */
function signedBytes(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const signature = KEY.sign(preAuthEncoding(POLICY_BUNDLE_PAYLOAD_TYPE, bytes));
  return encodeEnvelope({ body: bytes, keyId: KEY.keyId, signature });
}

test('a good bundle verifies and says what it is', () => {
  const file = bundle();
  const verified = verifyPolicyBundle(file, trust());
  assert.ok(verified.ok);
  assert.equal(verified.value.bundle_digest, digest(file));
  assert.equal(verified.value.key_id, KEY.keyId);
  assert.equal(verified.value.policy.policy_id, 'signed-one');
  assert.equal(verified.value.valid_until_ms, Date.parse(at(30)));
  assert.equal(verified.value.lapse, undefined);
});

test('every changed byte of a bundle is refused', () => {
  const file = bundle();
  let refused = 0;
  for (let i = 0; i < file.length; i++) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const changed = new Uint8Array(file);
      changed[i] = (changed[i] ?? 0) ^ flip;
      assert.notEqual(codeOf(changed), 'ok', `byte ${i}`);
      refused++;
    }
  }
  assert.equal(refused, file.length * 3);
});

test('cut, extended and arbitrary bytes are refused, never thrown on', () => {
  const file = bundle();
  const near = fc.oneof(
    fc.nat(file.length - 1).map((end) => file.slice(0, end)),
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => Uint8Array.from([...file, ...more])),
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => Uint8Array.from([...more, ...file])),
    fc.uint8Array({ maxLength: 4096 }),
  );
  fc.assert(
    fc.property(near, (bytes) => codeOf(bytes) !== 'ok'),
    { numRuns: 500 },
  );
});

test('what is encoded is read again, for any body and key', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const line = fc.record({ body: fc.uint8Array({ maxLength: 300 }), key: bytes(32), signature: bytes(64) });
  fc.assert(
    fc.property(line, ({ body: content, key, signature }) => {
      const parts = { body: content, keyId: Buffer.from(key).toString('hex'), signature };
      const parsed = parseEnvelope(encodeEnvelope(parts));
      assert.ok(parsed.ok);
      assert.deepEqual(
        { ...parsed.value, body: [...parsed.value.body], signature: [...parsed.value.signature] },
        { ...parts, body: [...content], signature: [...signature] },
      );
    }),
  );
});

test('the signature is checked: body and signature of two good bundles do not mix', () => {
  const one = parseEnvelope(bundle());
  const other = parseEnvelope(bundle({ version: 4 }));
  assert.ok(one.ok && other.ok);
  assert.equal(
    codeOf(encodeEnvelope({ ...other.value, signature: one.value.signature })),
    'SIGNATURE_INVALID',
  );
});

test('a signature with another payload type is none', () => {
  const parsed = parseEnvelope(bundle());
  assert.ok(parsed.ok);
  const signature = KEY.sign(preAuthEncoding('application/vnd.clawgress.receipt.v0+json', parsed.value.body));
  assert.equal(codeOf(encodeEnvelope({ ...parsed.value, signature })), 'SIGNATURE_INVALID');
});

test('the key must be listed, for policy, not revoked, in its time', () => {
  const file = bundle();
  const keys = (more: object) => ({ keys: trusting([[KEY, more]]) });
  assert.equal(codeOf(file, { keys: trusting([[newKey()]]) }), 'KEY_UNKNOWN');
  assert.equal(codeOf(file, keys({ purpose: 'manifest' })), 'KEY_PURPOSE');
  assert.equal(codeOf(file, keys({ revoked_at: at(-2) })), 'KEY_REVOKED');
  assert.equal(codeOf(file, keys({ revoked_at: at(0) })), 'KEY_REVOKED');
  assert.equal(codeOf(file, keys({ revoked_at: at(1) })), 'ok');
  assert.equal(codeOf(file, keys({ valid_until: at(-0.5) })), 'KEY_EXPIRED');
  assert.equal(codeOf(file, keys({ valid_from: at(1) })), 'KEY_NOT_YET_VALID');
});

test('a point of small order is no key, whatever verifies under it', () => {
  const file = bundle();
  const keys = trusting([[KEY]]);
  const [only] = keys.keys;
  assert.ok(only);
  const lenient = { sha256, verifyEd25519: () => true };
  const weak = { keys: [{ ...only, raw: new Uint8Array(32) }] };
  assert.equal(codeOf(file, { keys: weak, crypto: lenient }), 'KEY_INVALID');
  const parsed = parseEnvelope(file);
  assert.ok(parsed.ok);
  const high = new Uint8Array(64).fill(0xff);
  assert.equal(
    codeOf(encodeEnvelope({ ...parsed.value, signature: high }), { crypto: lenient }),
    'SIGNATURE_INVALID',
  );
});

test('an expired bundle is refused, one of tomorrow too', () => {
  assert.equal(codeOf(bundle({ valid_until: at(-1) })), 'BUNDLE_EXPIRED');
  assert.equal(codeOf(bundle({ valid_from: at(1) })), 'BUNDLE_NOT_YET_VALID');
  assert.equal(codeOf(bundle({ valid_from: at(0), valid_until: at(0) })), 'ok');
});

test('what was accepted before and has lapsed comes back with its lapse, and nothing else does', () => {
  const file = bundle({ valid_until: at(-1) });
  const accepted = { version: 3, bundle_digest: digest(file) };
  const verified = verifyPolicyBundle(file, trust({ accepted }));
  assert.ok(verified.ok);
  assert.equal(verified.value.lapse?.code, 'BUNDLE_EXPIRED');
  const other = { version: 2, bundle_digest: digest(bundle({ version: 2 })) };
  assert.equal(codeOf(file, { accepted: other }), 'BUNDLE_EXPIRED');
});

test('a rollback is refused: a lower version, and the same version with other content', () => {
  const file = bundle();
  const accepted = (version: number, bundle_digest: string) => ({ accepted: { version, bundle_digest } });
  assert.equal(codeOf(file, accepted(4, 'sha256:other')), 'ROLLBACK');
  assert.equal(codeOf(file, accepted(3, 'sha256:other')), 'ROLLBACK');
  assert.equal(codeOf(file, accepted(4, digest(file))), 'ROLLBACK');
  assert.equal(codeOf(file, accepted(3, digest(file))), 'ok');
  assert.equal(codeOf(file, accepted(2, 'sha256:other')), 'ok');
});

test('every member is held against its digest', () => {
  const [first] = body().members;
  assert.ok(first);
  const other = { ...DOCUMENT, rules: [] };
  const content_b64 = Buffer.from(JSON.stringify(other)).toString('base64');
  assert.equal(codeOf(signBundle(body({ members: [{ ...first, content_b64 }] }), KEY)), 'MEMBER_DIGEST');
  const extra = { name: 'a.json', digest: first.digest, content_b64: 'e30=' };
  assert.equal(codeOf(signBundle(body({ members: [extra, first] }), KEY)), 'MEMBER_DIGEST');
});

test('documents that do not compile or fail their tests are refused, and another id too', () => {
  assert.equal(codeOf(bundle({}, { ...DOCUMENT, rules: [{ id: 'x' }] })), 'POLICY_INVALID');
  const failing = { name: 'n', request: { url: 'https://api.example.com/' }, expect: { verdict: 'deny' } };
  const verified = verifyPolicyBundle(bundle({}, { ...DOCUMENT, tests: [failing] }), trust());
  assert.ok(!verified.ok);
  assert.match(verified.problem.detail, /signed-one\.json TEST_FAILED/);
  assert.equal(codeOf(bundle({}, { ...DOCUMENT, id: 'another' })), 'POLICY_ID_MISMATCH');
});

test('hostile bodies: unknown, missing, doubled and mistyped members', () => {
  const good = JSON.parse(JSON.stringify(body())) as Record<string, unknown>;
  const jcs = (value: Record<string, unknown>) =>
    signedBytes(
      JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))),
    );
  assert.equal(codeOf(jcs(good)), 'BODY_INVALID', 'members of members are not sorted here');
  const [member] = body().members;
  assert.ok(member);
  const { content_b64, digest: memberDigest, name } = member;
  const members = [{ content_b64, digest: memberDigest, name }];
  const sound = { ...good, members };
  assert.equal(codeOf(jcs(sound)), 'ok');
  const bad: Record<string, unknown>[] = [
    { ...sound, extra: 1 },
    { ...sound, v: 1 },
    { ...sound, version: 0 },
    { ...sound, version: '3' },
    { ...sound, policy_id: 'No Good' },
    { ...sound, issued_at: '2026-06-01' },
    { ...sound, valid_until: '2026-02-30T00:00:00.000Z' },
    { ...sound, members: {} },
    { ...sound, members: [{ ...members[0], mode: '0644' }] },
    { ...sound, members: [{ content_b64, digest: memberDigest, name: '../x.json' }], entry: '../x.json' },
  ];
  for (const value of bad)
    assert.equal(codeOf(jcs(value)), 'BODY_INVALID', JSON.stringify(value).slice(0, 80));
  for (const required of Object.keys(sound)) {
    const { [required]: _, ...rest } = sound as Record<string, unknown>;
    assert.equal(codeOf(jcs(rest)), 'BODY_INVALID', required);
  }
  const twice = [members[0], members[0]];
  assert.equal(codeOf(jcs({ ...sound, members: twice })), 'MEMBERS_INVALID');
  assert.equal(codeOf(jcs({ ...sound, members: [] })), 'MEMBERS_INVALID');
  assert.equal(codeOf(jcs({ ...sound, entry: 'other.json' })), 'MEMBERS_INVALID');
  assert.equal(codeOf(jcs({ ...sound, shadow: name })), 'MEMBERS_INVALID');
  const text = JSON.stringify(Object.fromEntries(Object.entries(sound).sort(([a], [b]) => (a < b ? -1 : 1))));
  assert.equal(codeOf(signedBytes(`${text} `)), 'BODY_INVALID');
  assert.equal(codeOf(signedBytes(text.replace('"v":0', '"v":0,"v":0'))), 'BODY_INVALID');
  assert.equal(codeOf(signedBytes('[]')), 'BODY_INVALID');
  assert.equal(codeOf(signedBytes('null')), 'BODY_INVALID');
});

test('our own encoder refuses to sign what nobody would accept', () => {
  assert.throws(() => bundle({ version: 0 }), /BODY_INVALID at \/version/);
  assert.throws(() => bundle({ entry: 'no.json' }), /MEMBERS_INVALID/);
  assert.equal(typeof NOW_MS, 'number');
});

test('a shadow document that does not compile is refused with its bundle: signed means all of it', () => {
  const members = (shadow: object) =>
    bundleMembers(sha256, [
      { name: 'signed-one.json', content: Buffer.from(JSON.stringify(DOCUMENT)) },
      { name: 'shadow-next.json', content: Buffer.from(JSON.stringify(shadow)) },
    ]);
  const code = (shadow: object) =>
    codeOf(signBundle(body({ shadow: 'shadow-next.json', members: members(shadow) }), KEY));
  assert.equal(code({ ...DOCUMENT, id: 'next' }), 'ok');
  assert.equal(code({ ...DOCUMENT, id: 'next', rules: [{ id: 'x' }] }), 'POLICY_INVALID');
});
