import { fail, ok, type Result } from '../result.ts';
import { base64Length, decodeBase64Bytes, writeBase64 } from './base64.ts';
import { utf8Encode } from './utf8.ts';

/** The payload type that is part of every receipt signature. */
export const RECEIPT_PAYLOAD_TYPE = 'application/vnd.clawgress.receipt.v0+json';
/** Largest record body. */
export const BODY_BYTES_MAX = 48_000;
/** Largest journal line without its newline. */
export const LINE_BYTES_MAX = 65_535;

export type LineProblem =
  | 'LINE_TOO_LONG'
  | 'LINE_TEMPLATE'
  | 'BODY_BASE64'
  | 'BODY_TOO_LARGE'
  | 'KEY_ID'
  | 'SIGNATURE_BASE64';

export interface SignedLine {
  /** The signed bytes. */
  readonly body: Uint8Array;
  /** Lower-case hex, 64 digits. */
  readonly keyId: string;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

const HEAD = utf8Encode(`{"payloadType":"${RECEIPT_PAYLOAD_TYPE}","payload":"`);
const BEFORE_KEY = utf8Encode('","signatures":[{"keyid":"');
const BEFORE_SIGNATURE = utf8Encode('","sig":"');
const TAIL = utf8Encode('"}]}');
const KEY_ID_LENGTH = 64;
const SIGNATURE_BYTES = 64;
const SIGNATURE_LENGTH = base64Length(SIGNATURE_BYTES);
/** Bytes behind the payload: constant, so the place of every part follows from the line's length. */
const AFTER_PAYLOAD =
  BEFORE_KEY.length + KEY_ID_LENGTH + BEFORE_SIGNATURE.length + SIGNATURE_LENGTH + TAIL.length;
const KEY_ID = /^[0-9a-f]{64}$/;

/** DSSE v1 pre-authentication encoding: what the signature covers. */
export function preAuthEncoding(payloadType: string, body: Uint8Array): Uint8Array {
  const type = utf8Encode(payloadType);
  const head = utf8Encode(`DSSEv1 ${type.length} ${payloadType} ${body.length} `);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/** The journal line of a signed body, without newline. Throws when a part has the wrong size. */
export function encodeLine(body: Uint8Array, keyId: string, signature: Uint8Array): Uint8Array {
  if (body.length > BODY_BYTES_MAX) throw new RangeError('line: body over BODY_BYTES_MAX');
  if (!KEY_ID.test(keyId)) throw new RangeError('line: key id is not 64 lower-case hex digits');
  if (signature.length !== SIGNATURE_BYTES) throw new RangeError('line: signature is not 64 bytes');
  const line = new Uint8Array(HEAD.length + base64Length(body.length) + AFTER_PAYLOAD);
  line.set(HEAD);
  let at = writeBase64(body, line, HEAD.length);
  line.set(BEFORE_KEY, at);
  at += BEFORE_KEY.length;
  for (let i = 0; i < KEY_ID_LENGTH; i += 1) line[at + i] = keyId.charCodeAt(i);
  at += KEY_ID_LENGTH;
  line.set(BEFORE_SIGNATURE, at);
  at = writeBase64(signature, line, at + BEFORE_SIGNATURE.length);
  line.set(TAIL, at);
  return line;
}

/** Reads exactly what encodeLine writes: one byte of difference (space, order, escape, base64 spelling) is refused. */
export function parseLine(line: Uint8Array): Result<SignedLine, LineProblem> {
  if (line.length > LINE_BYTES_MAX) return fail('LINE_TOO_LONG');
  const payloadEnd = line.length - AFTER_PAYLOAD;
  const keyStart = payloadEnd + BEFORE_KEY.length;
  const keyEnd = keyStart + KEY_ID_LENGTH;
  const signatureStart = keyEnd + BEFORE_SIGNATURE.length;
  const signatureEnd = signatureStart + SIGNATURE_LENGTH;
  const inTemplate =
    payloadEnd >= HEAD.length &&
    matches(line, HEAD, 0) &&
    matches(line, BEFORE_KEY, payloadEnd) &&
    matches(line, BEFORE_SIGNATURE, keyEnd) &&
    matches(line, TAIL, signatureEnd);
  if (!inTemplate) return fail('LINE_TEMPLATE');
  const keyId = String.fromCharCode(...line.subarray(keyStart, keyEnd));
  if (!KEY_ID.test(keyId)) return fail('KEY_ID');
  const signature = decodeBase64Bytes(line.subarray(signatureStart, signatureEnd));
  if (!signature.ok || signature.value.length !== SIGNATURE_BYTES) return fail('SIGNATURE_BASE64');
  const body = decodeBase64Bytes(line.subarray(HEAD.length, payloadEnd));
  if (!body.ok) return fail('BODY_BASE64');
  if (body.value.length > BODY_BYTES_MAX) return fail('BODY_TOO_LARGE');
  return ok({ body: body.value, keyId, signature: signature.value });
}

function matches(line: Uint8Array, part: Uint8Array, at: number): boolean {
  for (let i = 0; i < part.length; i += 1) if (line[at + i] !== part[i]) return false;
  return true;
}
