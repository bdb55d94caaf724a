import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { parseTrustFile, type TrustFile } from '../../../../src/core/bundle/trust_file.ts';
import { bundleMembers, signBundle } from '../../../../src/core/policy_bundle/assemble.ts';
import type { BundleBody } from '../../../../src/core/policy_bundle/body.ts';
import { compileSigned } from '../../../../src/core/policy_bundle/compile_signed.ts';
import type { BundleTrust } from '../../../../src/core/policy_bundle/verify.ts';

export const NOW_MS = Date.parse('2026-06-01T00:00:00.000Z');
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
export const at = (days: number): string => new Date(NOW_MS + days * 86_400_000).toISOString();
const HEAD = Buffer.from('302a300506032b6570032100', 'hex');

export interface TestKey {
  readonly keyId: string;
  readonly pem: string;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

export function newKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    keyId: Buffer.from(sha256(spki)).toString('hex'),
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (message) => sign(null, message, privateKey),
  };
}

export function trusting(keys: readonly (readonly [TestKey, object?])[]): TrustFile {
  const listed = keys.map(([key, more]) => ({
    keyid: key.keyId,
    algorithm: 'ed25519',
    public_key_pem: key.pem,
    purpose: 'policy',
    valid_from: at(-100),
    ...more,
  }));
  const parsed = parseTrustFile(sha256, Buffer.from(JSON.stringify({ keys: listed })));
  if (!parsed.ok) throw new Error(`${parsed.problem.code} ${parsed.problem.at}`);
  return parsed.value;
}

export const KEY = newKey();

export const crypto: BundleTrust['crypto'] = {
  sha256,
  verifyEd25519: (raw, message, signature) =>
    verify(
      null,
      message,
      createPublicKey({ key: Buffer.concat([HEAD, raw]), format: 'der', type: 'spki' }),
      signature,
    ),
};

export function trust(change: Partial<BundleTrust> = {}): BundleTrust {
  return {
    keys: trusting([[KEY]]),
    crypto,
    nowMs: NOW_MS,
    compile: compileSigned,
    ...change,
  };
}

export const DOCUMENT = {
  schema: 'clawgress/policy/v1',
  id: 'signed-one',
  rules: [{ id: 'api', match: { destination: { hosts: ['api.example.com'] } }, action: 'allow' }],
  tests: [
    { name: 'allowed', request: { url: 'https://api.example.com/' }, expect: { verdict: 'allow' } },
    { name: 'other', request: { url: 'https://other.example.com/' }, expect: { verdict: 'deny' } },
  ],
};

export function body(change: Partial<BundleBody> = {}, document: object = DOCUMENT): BundleBody {
  const content = Buffer.from(JSON.stringify(document));
  return {
    v: 0,
    policy_id: 'signed-one',
    version: 3,
    issued_at: at(-1),
    valid_until: at(30),
    entry: 'signed-one.json',
    members: bundleMembers(sha256, [{ name: 'signed-one.json', content }]),
    ...change,
  };
}

export function bundle(change: Partial<BundleBody> = {}, document?: object, key = KEY): Uint8Array {
  return signBundle(body(change, document), key);
}
