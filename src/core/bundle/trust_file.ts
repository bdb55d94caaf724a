import { toHex } from '../canonical/hex.ts';
import { type JsonValue, parseStrictJson } from '../canonical/jcs.ts';
import type { Sha256 } from '../canonical/sha256.ts';
import { timestampMs } from '../receipt/timestamp.ts';
import { fail, ok, type Result } from '../result.ts';
import { type KeyAlgorithm, rawOfSpki, spkiOfPem } from './public_key.ts';

export type KeyPurpose = (typeof PURPOSES)[number];

const PURPOSES = ['root', 'log', 'receipt', 'manifest', 'policy'] as const;

export interface TrustedKey {
  /** Lower-case hex SHA-256 of the SPKI DER. */
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly purpose: KeyPurpose;
  readonly spkiDer: Uint8Array;
  /** Ed25519: the 32-byte point. */
  readonly raw: Uint8Array;
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  readonly validUntilMs?: number;
  readonly revokedAtMs?: number;
}

export interface TrustFile {
  readonly keys: readonly TrustedKey[];
}

export interface TrustProblem {
  readonly code:
    | 'JSON_INVALID'
    | 'FIELD_UNKNOWN'
    | 'FIELD_INVALID'
    | 'KEY_INVALID'
    | 'KEY_ID_MISMATCH'
    | 'KEY_DOUBLE';
  /** JSON pointer. */
  readonly at: string;
}

export const TRUSTED_KEYS_MAX = 10_000;
const REQUIRED = ['keyid', 'algorithm', 'public_key_pem', 'purpose', 'valid_from'];
const OPTIONAL = ['valid_until', 'revoked_at'];

/** Reads `{"keys":[{keyid, algorithm, public_key_pem, purpose, valid_from, valid_until?, revoked_at?}]}`. */
export function parseTrustFile(sha256: Sha256, bytes: Uint8Array): Result<TrustFile, TrustProblem> {
  const json = parseStrictJson(bytes);
  if (!json.ok) return fail({ code: 'JSON_INVALID', at: '' });
  const list =
    isObject(json.value) && Object.keys(json.value).join() === 'keys' ? json.value['keys'] : undefined;
  if (!Array.isArray(list) || list.length > TRUSTED_KEYS_MAX)
    return fail({ code: 'FIELD_INVALID', at: '/keys' });
  const keys: TrustedKey[] = [];
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const key = parseKey(sha256, item);
    if (!key.ok) return fail({ ...key.problem, at: `/keys/${index}${key.problem.at}` });
    if (seen.has(key.value.keyId)) return fail({ code: 'KEY_DOUBLE', at: `/keys/${index}` });
    seen.add(key.value.keyId);
    keys.push(key.value);
  }
  return ok({ keys });
}

function parseKey(sha256: Sha256, item: JsonValue): Result<TrustedKey, TrustProblem> {
  if (!isObject(item)) return fail({ code: 'FIELD_INVALID', at: '' });
  const unknown = Object.keys(item).find((name) => !REQUIRED.includes(name) && !OPTIONAL.includes(name));
  if (unknown !== undefined) return fail({ code: 'FIELD_UNKNOWN', at: `/${unknown}` });
  const wrong = REQUIRED.find((name) => typeof item[name] !== 'string');
  if (wrong !== undefined) return fail({ code: 'FIELD_INVALID', at: `/${wrong}` });
  const { keyid, algorithm, public_key_pem, purpose } = item;
  if (algorithm !== 'ed25519' && algorithm !== 'ecdsa-p256')
    return fail({ code: 'FIELD_INVALID', at: '/algorithm' });
  if (!isPurpose(purpose)) return fail({ code: 'FIELD_INVALID', at: '/purpose' });
  const spki = spkiOfPem(String(public_key_pem));
  const raw = spki.ok ? rawOfSpki(spki.value, algorithm) : spki;
  if (!spki.ok || !raw.ok) return fail({ code: 'KEY_INVALID', at: '/public_key_pem' });
  if (toHex(sha256(spki.value)) !== keyid) return fail({ code: 'KEY_ID_MISMATCH', at: '/keyid' });
  const dates = parseDates(item);
  if (!dates.ok) return dates;
  return ok({ keyId: keyid, algorithm, purpose, spkiDer: spki.value, raw: raw.value, ...dates.value });
}

type Dates = Pick<TrustedKey, 'validFromMs' | 'validUntilMs' | 'revokedAtMs'>;

function parseDates(item: Readonly<Record<string, JsonValue>>): Result<Dates, TrustProblem> {
  const times: Record<string, number> = {};
  for (const name of ['valid_from', ...OPTIONAL]) {
    const text = item[name];
    if (text === undefined) continue;
    const ms = typeof text === 'string' ? timestampMs(text) : undefined;
    if (ms === undefined) return fail({ code: 'FIELD_INVALID', at: `/${name}` });
    times[name] = ms;
  }
  const { valid_from = 0, valid_until, revoked_at } = times;
  return ok({
    validFromMs: valid_from,
    ...(valid_until === undefined ? {} : { validUntilMs: valid_until }),
    ...(revoked_at === undefined ? {} : { revokedAtMs: revoked_at }),
  });
}

function isPurpose(value: JsonValue | undefined): value is KeyPurpose {
  return PURPOSES.some((purpose) => purpose === value);
}

function isObject(value: JsonValue | undefined): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
