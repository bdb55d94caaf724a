import { fromHexStrict } from '../canonical/hex.ts';

/**
 * The part of Ed25519 on which libraries differ (RFC 8032 section 5.1.7, and "Taming the many EdDSAs"), decided here
 * and identically in every verifier of this format. R needs no rule: it is compared by bytes.
 */

/** All numbers are little-endian, as on the wire. p = 2^255 - 19. */
const FIELD_PRIME = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
/** L = 2^252 + 27742317777372353535851937790883648493. */
const GROUP_ORDER = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
/** The y coordinates of the eight points whose order divides 8; each stands for both signs of x. */
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(bytesOf);

/** False for an encoding with y >= p and for points of small order, under which one signature fits many messages. */
export function isStrictPublicKey(publicKey32: Uint8Array): boolean {
  if (publicKey32.length !== 32) return false;
  // A copy that is one for every subclass: Buffer's `slice` shares memory, and the key must stay as it is.
  const y = new Uint8Array(publicKey32);
  y[31] = (y[31] ?? 0) & 0x7f;
  return compare(y, FIELD_PRIME) < 0 && SMALL_ORDER_Y.every((small) => compare(y, small) !== 0);
}

/** False when S >= L: the same signature would have a second spelling. */
export function isStrictSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && compare(signature.subarray(32), GROUP_ORDER) < 0;
}

/** Order of two little-endian numbers of 32 bytes. */
function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 31; i >= 0; i -= 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHexStrict(hex);
  if (!bytes.ok) throw new TypeError('constant is not hex');
  return bytes.value;
}
