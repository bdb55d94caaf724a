import { calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { fail, ok, type Result } from '../core/result.ts';

/** Asymmetric only: with a shared secret whoever verifies could also sign. */
const ALGORITHMS: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  RS384: { kty: 'RSA' },
  RS512: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  PS384: { kty: 'RSA' },
  PS512: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  ES384: { kty: 'EC', crv: 'P-384' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};

const KEYS_MAX = 64;
const RSA_MODULUS_LENGTH_MIN = 342; // base64url characters of 2,048 bits
const PLAIN_ID = /^[\x21-\x7e]{1,128}$/;

type CryptoKey = Exclude<Awaited<ReturnType<typeof importJWK>>, Uint8Array>;

export interface VerificationKey {
  readonly jwk_id: string;
  readonly key: CryptoKey;
}

/** One published set of public keys, parsed. Immutable. */
export interface KeySet {
  readonly size: number;
  /** `IDENTITY_SIGNATURE`: no such key, or several without a key id to choose by. */
  select(alg: string, kid: string | undefined): Promise<Result<VerificationKey, KeyProblem>>;
}

export type KeyProblem = 'IDENTITY_SIGNATURE' | 'IDENTITY_ALGORITHM';

export function isAsymmetric(alg: string): boolean {
  return Object.hasOwn(ALGORITHMS, alg);
}

/** Reads a JWKS document. Keys that cannot verify (symmetric, weak, for encryption) are left out, not an error. */
export function parseKeySet(text: string): Result<KeySet, string> {
  const document = parseJson(text);
  const listed = isRecord(document) ? document['keys'] : undefined;
  if (!Array.isArray(listed)) return fail('not a JWKS document: no list named keys');
  if (listed.length > KEYS_MAX) return fail(`more than ${KEYS_MAX} keys`);
  const keys = listed.filter(isRecord).filter(canVerify).map(publicPart);
  return keys.length === 0 ? fail('no key that could verify a token') : ok(keySetOf(keys));
}

function keySetOf(keys: readonly JWK[]): KeySet {
  const imported = new Map<string, Promise<VerificationKey>>();
  const importOnce = (alg: string, jwk: JWK) => {
    const name = `${alg} ${keys.indexOf(jwk)}`;
    const pending = imported.get(name) ?? importKey(alg, jwk);
    imported.set(name, pending);
    return pending;
  };
  return {
    size: keys.length,
    async select(alg, kid) {
      const named = kid === undefined ? keys : keys.filter((key) => key.kid === kid);
      const fitting = named.filter((key) => fits(key, alg));
      const [key] = fitting;
      if (named.length > 0 && !key) return fail('IDENTITY_ALGORITHM');
      if (!key || fitting.length > 1) return fail('IDENTITY_SIGNATURE');
      return importOnce(alg, key).then(ok, () => fail('IDENTITY_SIGNATURE'));
    },
  };
}

async function importKey(alg: string, jwk: JWK): Promise<VerificationKey> {
  const key = await importJWK(jwk, alg);
  if (key instanceof Uint8Array) throw new TypeError('a symmetric key passed the filter');
  const jwk_id = jwk.kid && PLAIN_ID.test(jwk.kid) ? jwk.kid : await calculateJwkThumbprint(jwk);
  return { jwk_id, key };
}

/** The key's own `alg`, type and curve all have to agree with the token's algorithm. */
function fits(key: JWK, alg: string): boolean {
  const wanted = ALGORITHMS[alg];
  if (!wanted || key.kty !== wanted.kty) return false;
  return (key.alg === undefined || key.alg === alg) && (wanted.crv === undefined || key.crv === wanted.crv);
}

function canVerify(key: Record<string, unknown>): boolean {
  const operations = key['key_ops'];
  if (Array.isArray(operations) && !operations.includes('verify')) return false;
  if (key['use'] !== undefined && key['use'] !== 'sig') return false;
  if (key['kty'] === 'RSA') return textOf(key, 'n').length >= RSA_MODULUS_LENGTH_MIN;
  return key['kty'] === 'EC' || key['kty'] === 'OKP';
}

/** Only the members that verification needs: a private key published by mistake is not imported as one. */
function publicPart(key: Record<string, unknown>): JWK {
  const jwk: Record<string, string> = {};
  for (const name of ['kty', 'kid', 'alg', 'n', 'e', 'crv', 'x', 'y']) {
    if (typeof key[name] === 'string') jwk[name] = textOf(key, name);
  }
  return jwk as JWK;
}

function textOf(key: Record<string, unknown>, name: string): string {
  const value = key[name];
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
