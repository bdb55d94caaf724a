import { base64Length, decodeBase64Bytes, encodeBase64 } from '../canonical/base64.ts';
import { sameBytes } from '../canonical/bytes.ts';
import type { SignedLine } from '../canonical/dsse.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { BUNDLE_BODY_BYTES_MAX, BUNDLE_FILE_BYTES_MAX } from './bounds.ts';

/** The payload type that is part of every bundle signature: no receipt can be passed off as a policy. */
export const POLICY_BUNDLE_PAYLOAD_TYPE = 'application/vnd.clawgress.policy-bundle.v0+json';

export type EnvelopeProblem = 'BUNDLE_TOO_LARGE' | 'ENVELOPE_INVALID';

const HEAD = `{"payloadType":"${POLICY_BUNDLE_PAYLOAD_TYPE}","payload":"`;
const BEFORE_KEY = '","signatures":[{"keyid":"';
const BEFORE_SIGNATURE = '","sig":"';
const TAIL = '"}]}\n';
const KEY_ID = /^[0-9a-f]{64}$/;
const KEY_ID_LENGTH = 64;
const SIGNATURE_BYTES = 64;
const SIGNATURE_LENGTH = base64Length(SIGNATURE_BYTES);

/** The one file of a signed body: the template of a journal line with another type, and one newline at its end. */
export function encodeEnvelope({ body, keyId, signature }: SignedLine): Uint8Array {
  const isSound =
    body.length <= BUNDLE_BODY_BYTES_MAX && KEY_ID.test(keyId) && signature.length === SIGNATURE_BYTES;
  if (!isSound) throw new RangeError('a part of the envelope has the wrong size');
  const text = `${HEAD}${encodeBase64(body)}${BEFORE_KEY}${keyId}${BEFORE_SIGNATURE}${encodeBase64(signature)}${TAIL}`;
  return utf8Encode(text);
}

/** Reads exactly what encodeEnvelope writes. The place of every part follows from the length; the rest is compared. */
export function parseEnvelope(file: Uint8Array): Result<SignedLine, EnvelopeProblem> {
  if (file.length > BUNDLE_FILE_BYTES_MAX) return fail('BUNDLE_TOO_LARGE');
  const signatureEnd = file.length - TAIL.length;
  const signatureStart = signatureEnd - SIGNATURE_LENGTH;
  const keyEnd = signatureStart - BEFORE_SIGNATURE.length;
  const keyStart = keyEnd - KEY_ID_LENGTH;
  const bodyEnd = keyStart - BEFORE_KEY.length;
  if (bodyEnd < HEAD.length) return fail('ENVELOPE_INVALID');
  const body = decodeBase64Bytes(file.subarray(HEAD.length, bodyEnd));
  const signature = decodeBase64Bytes(file.subarray(signatureStart, signatureEnd));
  const keyId = String.fromCharCode(...file.subarray(keyStart, keyEnd));
  if (!body.ok || !signature.ok || !KEY_ID.test(keyId)) return fail('ENVELOPE_INVALID');
  if (body.value.length > BUNDLE_BODY_BYTES_MAX) return fail('BUNDLE_TOO_LARGE');
  if (signature.value.length !== SIGNATURE_BYTES) return fail('ENVELOPE_INVALID');
  const parts = { body: body.value, keyId, signature: signature.value };
  return sameBytes(encodeEnvelope(parts), file) ? ok(parts) : fail('ENVELOPE_INVALID');
}
