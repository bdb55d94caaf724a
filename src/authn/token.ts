import { decodeBase64UrlStrict } from '../core/canonical/base64.ts';
import { parseStrictJson } from '../core/canonical/jcs.ts';
import { utf8DecodeStrict } from '../core/canonical/utf8.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { isAsymmetric } from './key_set.ts';

/** What an unverified token says about itself; only good for choosing whom to ask for a key. */
export interface TokenHead {
  readonly alg: string;
  readonly kid?: string;
  /** Unverified `iss`. */
  readonly issuer: string;
}

export type TokenHeadProblem = 'IDENTITY_MALFORMED' | 'IDENTITY_ALGORITHM' | 'IDENTITY_ISSUER';

// Members by which a token would bring its own key or change what is signed.
const REFUSED_MEMBERS = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c'];
const KID_LENGTH_MAX = 512;

/** Reads header and issuer of a compact JWS without believing either. Every part must be canonical base64url. */
export function readTokenHead(token: string): Result<TokenHead, TokenHeadProblem> {
  const [headPart = '', bodyPart = '', signaturePart = ''] = token.split('.');
  const head = readHeader(headPart);
  if (!head) return fail('IDENTITY_MALFORMED');
  if (REFUSED_MEMBERS.some((name) => Object.hasOwn(head, name))) return fail('IDENTITY_ALGORITHM');
  const { alg, kid } = head;
  if (typeof alg !== 'string' || !isAsymmetric(alg)) return fail('IDENTITY_ALGORITHM');
  if (!isKeyId(kid)) return fail('IDENTITY_MALFORMED');
  const claims = readTokenClaims(decodePart(bodyPart));
  // One token, one spelling: the last letter of a part may carry bits that lenient decoders drop.
  if (!claims || decodePart(signaturePart) === undefined) return fail('IDENTITY_MALFORMED');
  const issuer = claims['iss'];
  if (typeof issuer !== 'string') return fail('IDENTITY_ISSUER');
  return ok({ alg, ...(kid === undefined ? {} : { kid }), issuer });
}

/** Claims as a plain record. Floats are legal here, so this is not the strict reader. */
export function readTokenClaims(
  payload: Uint8Array | undefined,
): Readonly<Record<string, unknown>> | undefined {
  const text = payload ? utf8DecodeStrict(payload) : undefined;
  if (!text?.ok) return undefined;
  try {
    const claims: unknown = JSON.parse(text.value);
    return isRecord(claims) ? claims : undefined;
  } catch {
    return undefined;
  }
}

function readHeader(part: string): Readonly<Record<string, unknown>> | undefined {
  const bytes = decodePart(part);
  const header = bytes ? parseStrictJson(bytes) : undefined;
  return header?.ok && isRecord(header.value) ? header.value : undefined;
}

function isKeyId(kid: unknown): kid is string | undefined {
  return kid === undefined || (typeof kid === 'string' && kid.length <= KID_LENGTH_MAX);
}

function decodePart(part: string): Uint8Array | undefined {
  const bytes = decodeBase64UrlStrict(part);
  return bytes.ok ? bytes.value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
