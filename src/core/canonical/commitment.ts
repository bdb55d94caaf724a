import type { Sha256 } from './sha256.ts';
import { utf8Encode } from './utf8.ts';

export type HmacSha256 = (key: Uint8Array, message: Uint8Array) => Uint8Array;

const DOMAIN = utf8Encode('clawgress/commit/v1\0');
const SALT_BYTES = 32;

/** The 32-byte salt of one value. Destroying the epoch salt key makes every commitment of the epoch unopenable. */
export function commitmentSalt(
  hmacSha256: HmacSha256,
  epochSaltKey: Uint8Array,
  receiptId: string,
  pointer: string,
): Uint8Array {
  return hmacSha256(epochSaltKey, utf8Encode(receiptId + pointer));
}

/**
 * SHA-256("clawgress/commit/v1\0" || salt || u16 big-endian length of L || L || value), L = receipt_id "/" pointer.
 * Client data has little entropy: without the salt a bare hash could be guessed back.
 */
export function commit(
  sha256: Sha256,
  salt: Uint8Array,
  receiptId: string,
  pointer: string,
  value: Uint8Array,
): Uint8Array {
  const label = utf8Encode(`${receiptId}/${pointer}`);
  if (salt.length !== SALT_BYTES) throw new RangeError('commitment: salt is not 32 bytes');
  if (label.length > 0xffff) throw new RangeError('commitment: label over 65,535 bytes');
  const labelAt = DOMAIN.length + SALT_BYTES + 2;
  const message = new Uint8Array(labelAt + label.length + value.length);
  message.set(DOMAIN);
  message.set(salt, DOMAIN.length);
  message[labelAt - 2] = label.length >> 8;
  message[labelAt - 1] = label.length & 255;
  message.set(label, labelAt);
  message.set(value, labelAt + label.length);
  return sha256(message);
}
